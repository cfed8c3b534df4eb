"""The tables of docs/speed.md, written from what was measured."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.environments import ROOT
from benchmarks.figures import AIMS, FIGURES, OLD_FORMAT, OWN_FIGURES, Aim, Medians, Subject
from benchmarks.measure import Samples, medians
from benchmarks.measured import MeasuredPage, body, table

PAGE = MeasuredPage(ROOT / "docs" / "speed.md", "make bench-peers")
FORMATS = {
    "delivery": "JSON",
    "protobuf": "protobuf",
    "snappy": "snappy",
    "snappy_xor": "snappy, XOR",
}
SWEEPS = {
    "threads": "calling threads: CPU of a call, ns",
    "sending": "the same while a worker sends: CPU of an event, sending included, ns",
    "waiting": "events that wait already: a call, ns",
    "attributes": "attributes: a call, ns",
    "size": "characters in an attribute: a call, ns",
    "round_trip": "round trip, ms: delivered events/s",
    "workers": "round trip, ms, workers=32: delivered events/s",
}


def write_page(subjects: Sequence[Subject], samples: Samples) -> None:
    """Replace what stands between the page's marks."""
    PAGE.write(render(subjects, samples))


def render(subjects: Sequence[Subject], samples: Samples) -> str:
    """Return the conditions and every table as Markdown."""
    found = medians(samples)
    return body(
        "## Side by side",
        comparison(subjects, samples, found),
        "## Aims",
        table(["aim", "bound", "measured", ""], (aim_row(aim, found) for aim in AIMS)),
        "## The limit, and the disk",
        table(["", "this SDK"], own_rows(samples)),
        "## Formats",
        formats(found),
        "## Sweeps",
        "\n\n".join(sweep(name, title, found) for name, title in SWEEPS.items()),
        "## Where we miss",
        misses(found),
    )


def comparison(subjects: Sequence[Subject], samples: Samples, found: Medians) -> str:
    """Return one row an SDK: medians, and the spread of what was timed."""
    rows = [
        [
            f"{subject.title} {subject.version()}" if subject.key != "old" else subject.title,
            *(cell(samples.get((subject.key, figure.key), [])) for figure in FIGURES),
        ]
        for subject in subjects
        if subject is not OLD_FORMAT
    ]
    return table(["", *(figure.name for figure in FIGURES)], rows)


def cell(values: Sequence[float]) -> str:
    """Return the median, and by how much of it the samples differ."""
    if not values:
        return "–"
    median = medians({("", ""): list(values)})["", ""]
    spread = (max(values) - min(values)) / 2 / median if median else 0
    return number(median) + (f" ±{spread:.0%}" if spread >= 0.005 else "")


def own_rows(samples: Samples) -> list[list[str]]:
    """Return what is measured of this SDK only."""
    return [[figure.name, cell(samples.get(("this", figure.key), []))] for figure in OWN_FIGURES]


def aim_row(aim: Aim, found: Medians) -> list[str]:
    """Return what was aimed for, what was measured, and whether that is met or missed."""
    bound = (
        f"at least {aim.at_least:,g}" if aim.at_least is not None else f"at most {aim.at_most:,g}"
    )
    try:
        value = aim.value(found)
    except KeyError:
        return [aim.says, bound, "–", "not measured"]
    return [aim.says, bound, number(value), "met" if aim.met(value) else "**missed**"]


def misses(found: Medians) -> str:
    """Return the aims that were missed as a list, each with its reason."""
    rows = [(aim, aim_row(aim, found)) for aim in AIMS]
    missed = [miss(aim, row) for aim, row in rows if "missed" in row[3]]
    return "\n".join(missed) or "Nowhere in this run."


def miss(aim: Aim, row: list[str]) -> str:
    """Return what an aim was, what was measured instead, and why if that is known."""
    said = f"- {row[0]}: {row[2]}, and {row[1]} was the aim"
    return f"{said}. {aim.costs}" if aim.costs else said


def formats(found: Medians) -> str:
    """Return events per second and bytes on the wire, by format."""
    rows = [
        [title, *(number(found[key]) if key in found else "–" for key in
                  (("this", f"{run}.events_per_s"), ("this", f"{run}.bytes"),
                   ("old_protobuf" if run == "protobuf" else "old", f"{run}.events_per_s")))]
        for run, title in FORMATS.items()
    ]  # fmt: skip
    return table(["format", "events/s", "bytes an event", "1.0.5, events/s"], rows)


def sweep(name: str, title: str, found: Medians) -> str:
    """Return one sweep as a table of two rows."""
    prefix = f"sweeps.{name}."
    steps = {
        key.removeprefix(prefix): value
        for (who, key), value in found.items()
        if who == "this" and key.startswith(prefix)
    }
    head = [title, *(f"{int(step):,}" for step in steps)]
    return table(head, [["", *map(number, steps.values())]])


def number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"

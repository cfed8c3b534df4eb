"""The tables of docs/losses.md, written from what was measured."""

from __future__ import annotations

import datetime
import os
import platform
import re
from collections.abc import Callable, Mapping

from benchmarks.environments import ROOT
from benchmarks.losses.experiment import Outcome
from benchmarks.losses.scenarios import Scenario
from benchmarks.losses.subjects import Subject

PAGE = ROOT / "docs" / "losses.md"
BEGIN = "<!-- measured: begin, written by make losses -->\n"
END = "<!-- measured: end -->"

Outcomes = Mapping[tuple[Subject, Scenario], Outcome]


def write_page(outcomes: Outcomes) -> None:
    """Replace what stands between the page's marks."""
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(replace_measured(text, render(outcomes)), encoding="utf-8")
    print(f"the tables: {PAGE.relative_to(ROOT)}")


def replace_measured(text: str, measured: str) -> str:
    """Return a page with other measurements in it."""
    between = re.compile(f"(?<={re.escape(BEGIN)}).*(?={re.escape(END)})", re.DOTALL)
    return between.sub(lambda _: measured, text)


def render(outcomes: Outcomes) -> str:
    """Return the conditions and both tables as Markdown."""
    cores = os.cpu_count()
    conditions = (
        f"Measured on {datetime.date.today():%Y-%m-%d} with CPython {platform.python_version()} "
        f"on {platform.system()}, {cores} cores."
    )
    parts = (
        conditions,
        "### Lost",
        table(outcomes, lost),
        "### Duplicated",
        table(outcomes, lambda outcome: str(outcome.duplicated)),
    )
    return "\n" + "\n\n".join(parts) + "\n\n"


def table(outcomes: Outcomes, cell: Callable[[Outcome], str]) -> str:
    """Return one row a scenario and one column an SDK."""
    subjects = list(dict.fromkeys(subject for subject, _ in outcomes))
    scenarios = dict.fromkeys(scenario for _, scenario in outcomes)
    head = ["scenario", *(f"{subject.title} {subject.version()}" for subject in subjects)]
    rows = [
        [scenario.says, *(cell(outcomes[subject, scenario]) for subject in subjects)]
        for scenario in scenarios
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows))


def lost(outcome: Outcome) -> str:
    """Return how many of the accepted events were lost, and whether the SDK said something."""
    cut_off = ", cut off" if outcome.cut_off else ""
    if not outcome.lost:
        return f"0{cut_off}"
    said = "said" if outcome.said else "silent"
    return f"**{outcome.lost:,}** of {outcome.accepted:,}, {said}{cut_off}"

"""The tables of docs/losses.md, written from what was measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from benchmarks import measured
from benchmarks.environments import ROOT
from benchmarks.losses.experiment import Outcome
from benchmarks.losses.scenarios import Scenario
from benchmarks.losses.subjects import Subject
from benchmarks.measured import MeasuredPage

PAGE = MeasuredPage(ROOT / "docs" / "losses.md", "make losses")

Outcomes = Mapping[tuple[Subject, Scenario], Outcome]


def write_page(outcomes: Outcomes) -> None:
    """Replace what stands between the page's marks."""
    PAGE.write(render(outcomes))


def render(outcomes: Outcomes) -> str:
    """Return the conditions and both tables as Markdown."""
    return measured.body(
        "## Lost",
        table(outcomes, lost),
        "## Duplicated",
        table(outcomes, lambda outcome: str(outcome.duplicated)),
    )


def table(outcomes: Outcomes, cell: Callable[[Outcome], str]) -> str:
    """Return one row a scenario and one column an SDK."""
    subjects = list(dict.fromkeys(subject for subject, _ in outcomes))
    scenarios = dict.fromkeys(scenario for _, scenario in outcomes)
    head = ["scenario", *(f"{subject.title} {subject.version()}" for subject in subjects)]
    rows = [
        [scenario.says, *(cell(outcomes[subject, scenario]) for subject in subjects)]
        for scenario in scenarios
    ]
    return measured.table(head, rows)


def lost(outcome: Outcome) -> str:
    """Return how many of the accepted events were lost, and whether the SDK said something."""
    cut_off = ", killed" if outcome.cut_off else ""
    if not outcome.lost:
        return f"0{cut_off}"
    said = "reported" if outcome.said else "unreported"
    return f"**{outcome.lost:,}** of {outcome.accepted:,}, {said}{cut_off}"

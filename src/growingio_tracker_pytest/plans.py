"""What arrived, compared with a tracking plan."""

from __future__ import annotations

from pathlib import Path

from growingio_tracker.collector import Event
from growingio_tracker.collector.check import Finding
from growingio_tracker.collector.plan.load import load_plan
from growingio_tracker.collector.plan.report import report_on
from growingio_tracker.collector.plan.report_text import report_text


def violations(events: list[Event], plan: Path) -> str:
    """Return the plan's report when ``events`` violate it, and nothing when they do not.

    :raises GrowingParamException: the file cannot be used.
    """
    report = report_on(((event.id, _finding(event)) for event in events), load_plan(plan).plan)
    return report_text(report) if report.violated else ""


def _finding(event: Event) -> Finding:
    return Finding(event.kind, event.type, event.name, text=bytes(event.raw).decode())

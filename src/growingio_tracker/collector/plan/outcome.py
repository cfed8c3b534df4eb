"""How a run ended, for a build that is to fail on it."""

from pathlib import Path

import msgspec

from growingio_tracker.collector.plan.model import Plan
from growingio_tracker.collector.plan.report import Report, make_report
from growingio_tracker.collector.problems.text import BAD
from growingio_tracker.collector.schema import reading

_COUNT = "SELECT count(*) FROM event WHERE id > ? AND verdict = ?"


class Outcome(msgspec.Struct, frozen=True):
    """How many events were bad, and the plan's report; None when there is no plan."""

    bad: int
    report: Report | None


def make_outcome(path: Path, plan: Plan | None, after: int = 0) -> Outcome:
    """Return the outcome of the run in the store at ``path``.

    :param after: only events with a greater id; 0, the default, means all.
    """
    with reading(path) as connection:
        bad: int = connection.execute(_COUNT, (after, BAD)).fetchone()[0]
    return Outcome(bad, make_report(path, plan, after=after) if plan else None)


def bad_reasons(outcome: Outcome) -> list[str]:
    """Return why a build that allows no bad event fails; empty when it does not."""
    return [f"bad events: {outcome.bad}"] if outcome.bad else []


def plan_reasons(outcome: Outcome) -> list[str]:
    """Return why a build that follows the plan fails; empty when it does not."""
    if outcome.report is None:
        return []
    bad = sum(seen.bad for seen in outcome.report.seen)
    unplanned = len(outcome.report.not_planned)
    reasons = [f"events that violate the plan: {bad}"] if bad else []
    return [*reasons, f"names not planned: {unplanned}"] if unplanned else reasons


def coverage_reasons(outcome: Outcome) -> list[str]:
    """Return why a build fails that follows the plan and must have sent all of it."""
    never = outcome.report.missing if outcome.report else 0
    reasons = plan_reasons(outcome)
    return [*reasons, f"planned and never seen: {never}"] if never else reasons

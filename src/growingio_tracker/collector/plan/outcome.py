"""How a run ended, for a build that is to fail on it."""

from pathlib import Path
from typing import NamedTuple

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


class Reason(NamedTuple):
    """Why a build fails, in both languages."""

    en: str
    zh: str


def bad_reasons(outcome: Outcome) -> list[Reason]:
    """Return why a build that allows no bad event fails; empty when it does not."""
    bad = outcome.bad
    return [Reason(f"bad events: {bad}", f"错误事件 {bad} 个")] if bad else []


def plan_reasons(outcome: Outcome) -> list[Reason]:
    """Return why a build that follows the plan fails; empty when it does not."""
    if outcome.report is None:
        return []
    bad = sum(seen.bad for seen in outcome.report.seen)
    unplanned = len(outcome.report.not_planned)
    reasons: list[Reason] = []
    if bad:
        reasons.append(Reason(f"events that violate the plan: {bad}", f"不符合方案的事件 {bad} 个"))
    if unplanned:
        reasons.append(Reason(f"names not planned: {unplanned}", f"方案外的名称 {unplanned} 个"))
    return reasons


def coverage_reasons(outcome: Outcome) -> list[Reason]:
    """Return why a build fails that follows the plan and must have sent all of it."""
    never = outcome.report.missing if outcome.report else 0
    reasons = plan_reasons(outcome)
    if never:
        reasons.append(Reason(f"planned and never seen: {never}", f"已规划但从未收到 {never} 个"))
    return reasons

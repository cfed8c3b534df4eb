"""Reports that compare received events with the plan, and decide whether a build fails.

A report is computed from the store, so it is never stale.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from growingio_collector.rules.checked import CheckedMessage
from growingio_collector.rules.issue import BAD, Issue
from growingio_collector.rules.plans import judge, meant
from growingio_collector.store.schema import reading
from growingio_wire.near import Guesses
from growingio_wire.plan import Deprecation, Plan
from growingio_wire.said import Said
from growingio_wire.table import Kind

_MOST_COMPARED: Final = 50_000
"""Maximum number of names compared per report: about a second."""

_COUNT: Final = "SELECT count(*) FROM event WHERE id > ? AND verdict = ?"
_JUDGED: Final = (
    "SELECT id, kind, type, name, user_key, json FROM event WHERE id > ? AND kind IN (?, ?) "
    "ORDER BY id"
)


class IssueCount(msgspec.Struct):
    """One kind of deviation from the plan: how many events have it, and the newest of them."""

    issue: Issue
    events: int = 0
    event: int = 0


class Seen(msgspec.Struct):
    """A planned event or item that arrived.

    ``events`` is how many, ``bad`` how many of them violate the plan, ``last_event`` the id of
    the newest.
    """

    kind: str
    name: str
    events: int = 0
    bad: int = 0
    last_event: int = 0
    counts: dict[tuple[str, str], IssueCount] = {}

    def add(self, event: int, issues: tuple[Issue, ...]) -> None:
        """Count one more event, which has these issues."""
        self.events += 1
        self.bad += any(issue.level == BAD for issue in issues)
        self.last_event = event
        for issue in issues:
            count = self.counts.setdefault((issue.code, issue.path), IssueCount(issue))
            count.issue, count.event = issue, event
            count.events += 1


class NeverSeen(msgspec.Struct, frozen=True):
    """A planned event or item that did not arrive."""

    kind: str
    name: str
    description: str
    deprecated: Deprecation


class NotPlanned(msgspec.Struct):
    """A name that arrived and is not planned; ``nearest`` is the planned one it resembles."""

    kind: str
    name: str
    nearest: str | None
    events: int = 0
    event: int = 0


class Report(msgspec.Struct, frozen=True):
    """A plan's coverage: planned and seen, planned and never seen, seen and not planned."""

    seen: list[Seen]
    never_seen: list[NeverSeen]
    not_planned: list[NotPlanned]

    @property
    def violated(self) -> bool:
        """Whether anything arrived that the plan rejects or does not contain."""
        return bool(self.not_planned) or any(seen.bad for seen in self.seen)

    @property
    def missing(self) -> int:
        """Number of planned names, without deprecated ones, that never arrived."""
        return sum(not never.deprecated for never in self.never_seen)


def make_report(path: Path, plan: Plan, *, after: int = 0) -> Report:
    """Compare the stored events with ``plan``.

    :param path: the store.
    :param after: only events with a greater id; 0, the default, means all.
    """
    return report_on(_messages(path, after), plan)


def report_on(messages: Iterable[tuple[int, CheckedMessage]], plan: Plan) -> Report:
    """Compare events, given as pairs of id and event, with ``plan``."""
    report = _Making(plan)
    for event, message in messages:
        report.take(event, message)
    return report.done()


def _messages(path: Path, after: int) -> Iterator[tuple[int, CheckedMessage]]:
    with reading(path) as connection:
        kinds = (Kind.EVENT.value, Kind.ITEM.value)
        for row in connection.execute(_JUDGED, (after, *kinds)):
            about = (row["kind"], row["type"], row["name"], row["user_key"])
            yield row["id"], CheckedMessage(*about, text=row["json"])


class _Making:
    """A report under construction."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._guesses = Guesses(_MOST_COMPARED)
        self._seen: dict[tuple[str, str], Seen] = {}
        self._not_planned: dict[tuple[str, str], NotPlanned] = {}

    def take(self, event: int, message: CheckedMessage) -> None:
        found = self._plan.lookup(message.kind, message.type, message.name)
        if found is None:
            return
        key = (found.section, found.name)
        if found.name in found.known:
            seen = self._seen.setdefault(key, Seen(*key))
            seen.add(event, judge(self._plan, message, self._guesses))
            return
        if key not in self._not_planned:
            near = meant(found.known, found.name, self._guesses)
            self._not_planned[key] = NotPlanned(*key, near)
        self._not_planned[key].events += 1
        self._not_planned[key].event = event

    def done(self) -> Report:
        never = [
            NeverSeen(section, name, planned.description, planned.deprecated)
            for section, known in self._plan.sections.items()
            for name, planned in known.items()
            if (section, name) not in self._seen
        ]
        return Report(list(self._seen.values()), never, list(self._not_planned.values()))


class Outcome(msgspec.Struct, frozen=True):
    """Number of bad events, and the plan's report (None without a plan)."""

    bad: int
    report: Report | None


def make_outcome(path: Path, plan: Plan | None, after: int = 0) -> Outcome:
    """Return the outcome of the run in the store at ``path``.

    :param after: only events with a greater id; 0, the default, means all.
    """
    with reading(path) as connection:
        bad: int = connection.execute(_COUNT, (after, BAD)).fetchone()[0]
    return Outcome(bad, make_report(path, plan, after=after) if plan else None)


def bad_reasons(outcome: Outcome) -> list[Said]:
    """Return why a build fails that allows no bad events; empty if it passes."""
    bad = outcome.bad
    return [Said(f"bad events: {bad}", f"错误事件 {bad} 个")] if bad else []


def plan_reasons(outcome: Outcome) -> list[Said]:
    """Return why a build fails that must follow the plan; empty if it passes."""
    if outcome.report is None:
        return []
    bad = sum(seen.bad for seen in outcome.report.seen)
    unplanned = len(outcome.report.not_planned)
    reasons: list[Said] = []
    if bad:
        reasons.append(Said(f"events that violate the plan: {bad}", f"不符合方案的事件 {bad} 个"))
    if unplanned:
        reasons.append(Said(f"names not planned: {unplanned}", f"方案外的名称 {unplanned} 个"))
    return reasons


def coverage_reasons(outcome: Outcome) -> list[Said]:
    """Return why a build fails that must also send everything planned; empty if it passes."""
    never = outcome.report.missing if outcome.report else 0
    reasons = plan_reasons(outcome)
    if never:
        reasons.append(Said(f"planned and never seen: {never}", f"已规划但从未收到 {never} 个"))
    return reasons

"""What was seen, compared with the plan. It is computed from the store, so it is never stale."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from growingio_tracker.collector.check import Finding
from growingio_tracker.collector.plan.judge import judge, meant
from growingio_tracker.collector.plan.model import Deprecation, Plan
from growingio_tracker.collector.problems.problem import Explained, Problem, explain
from growingio_tracker.collector.problems.text import BAD
from growingio_tracker.collector.schema import reading
from growingio_tracker.wire import Kind

_JUDGED = "SELECT id, kind, type, name, json FROM event WHERE id > ? AND kind IN (?, ?) ORDER BY id"


class Count(msgspec.Struct):
    """One way in which events of one name differ: how many do, and the newest, as an example."""

    problem: Problem
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
    counts: dict[tuple[str, str], Count] = {}

    def add(self, event: int, problems: tuple[Problem, ...]) -> None:
        """Count one more event, which has these problems."""
        self.events += 1
        self.bad += any(problem.level == BAD for problem in problems)
        self.last_event = event
        for problem in problems:
            count = self.counts.setdefault((problem.code, problem.path), Count(problem))
            count.problem, count.event = problem, event
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
        """Whether something arrived that the plan refuses or does not know."""
        return bool(self.not_planned) or any(seen.bad for seen in self.seen)

    @property
    def missing(self) -> int:
        """How many names never arrived although they are planned and not deprecated."""
        return sum(not never.deprecated for never in self.never_seen)


def make_report(path: Path, plan: Plan, *, after: int = 0) -> Report:
    """Compare the stored events with ``plan``.

    :param path: the store.
    :param after: only events with a greater id; 0, the default, means all.
    """
    return report_on(_findings(path, after), plan)


def report_on(findings: Iterable[tuple[int, Finding]], plan: Plan) -> Report:
    """Compare these events, each behind its id, with ``plan``."""
    report = _Making(plan)
    for event, finding in findings:
        report.take(event, finding)
    return report.done()


def _findings(path: Path, after: int) -> Iterator[tuple[int, Finding]]:
    with reading(path) as connection:
        kinds = (Kind.EVENT.value, Kind.ITEM.value)
        for row in connection.execute(_JUDGED, (after, *kinds)):
            yield row["id"], Finding(row["kind"], row["type"], row["name"], text=row["json"])


class _Making:
    """A report that still grows."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._seen: dict[tuple[str, str], Seen] = {}
        self._not_planned: dict[tuple[str, str], NotPlanned] = {}

    def take(self, event: int, finding: Finding) -> None:
        kind, name = finding.kind, self._plan.subject(finding.kind, finding.type, finding.name)
        everything = self._plan.of(kind)
        if name is None or everything is None:
            return
        key = (kind, name)
        if name in everything:
            seen = self._seen.setdefault(key, Seen(kind, name))
            seen.add(event, judge(self._plan, finding))
            return
        if key not in self._not_planned:
            self._not_planned[key] = NotPlanned(kind, name, meant(everything, name))
        self._not_planned[key].events += 1
        self._not_planned[key].event = event

    def done(self) -> Report:
        never = [
            NeverSeen(kind.value, name, planned.description, planned.deprecated)
            for kind in (Kind.EVENT, Kind.ITEM)
            for name, planned in (self._plan.of(kind.value) or {}).items()
            if (kind.value, name) not in self._seen
        ]
        return Report(list(self._seen.values()), never, list(self._not_planned.values()))


def show_report(report: Report) -> dict[str, Any]:
    """Return the JSON object of a report."""
    return {
        "violated": report.violated,
        "missing": report.missing,
        "seen": [_show_seen(seen) for seen in report.seen],
        "never_seen": report.never_seen,
        "not_planned": report.not_planned,
        "wrong_types": list(_wrong_types(report)),
    }


def _show_seen(seen: Seen) -> dict[str, Any]:
    return {
        "kind": seen.kind,
        "name": seen.name,
        "events": seen.events,
        "bad": seen.bad,
        "last_event": seen.last_event,
        "problems": [
            {**_as_dict(explain(count.problem)), "events": count.events, "event": count.event}
            for count in seen.counts.values()
        ],
    }


def _as_dict(explained: Explained) -> dict[str, Any]:
    return {name: getattr(explained, name) for name in explained.__struct_fields__}


def _wrong_types(report: Report) -> Iterator[dict[str, Any]]:
    for seen in report.seen:
        for count in seen.counts.values():
            if count.problem.code == "property_wrong_type":
                yield {
                    "kind": seen.kind,
                    "name": seen.name,
                    "path": count.problem.path,
                    **count.problem.values,
                    "events": count.events,
                    "event": count.event,
                }

"""Formats of a report: text in two languages, JSON, and JUnit XML."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from xml.etree.ElementTree import Element, SubElement

import msgspec

from growingio_collector.plan.report import IssueCount, NeverSeen, NotPlanned, Report, Seen
from growingio_collector.rules.issue import BAD, Explained, explain
from growingio_collector.rules.plans import PROPERTY_WRONG_TYPE
from growingio_wire.junit import add_case, junit_file
from growingio_wire.said import Said, harmless

_SUITE: Final = "tracking plan"

_HEADING: Final = Said(
    "Tracking plan: {seen} seen ({bad} with violations), {never_seen} never seen, "
    "{not_planned} not planned.",
    "埋点方案：已收到 {seen}（其中 {bad} 个不符合方案），从未收到 {never_seen}，"
    "方案外 {not_planned}。",
)
_SEEN: Final = Said(
    "seen         {name} (events: {events})", "已收到    {name}（事件数：{events}）"
)
_NEVER_SEEN: Final = Said("never seen   {name}", "从未收到  {name}")
_NOT_PLANNED: Final = Said(
    "not planned  {name} (events: {events}, such as event {event}).{hint}",
    "方案外    {name}（事件数：{events}，例如事件 {event}）。{hint}",
)
_HINT: Final = Said(" Did you mean {nearest}?", "您要写的是 {nearest} 吗？")
_ISSUE: Final = Said(
    "{level} in {events} of {all}, such as event {event}: {found} {advice}",
    "{all} 个事件中有 {events} 个（{level}），例如事件 {event}：{found}{advice}",
)
_WORDS: Final[Mapping[str, Said]] = {
    "event": Said("event", "事件"),
    "item": Said("item", "维度表"),
    "user": Said("users", "用户"),
    "bad": Said("bad", "错误"),
    "warn": Said("warn", "警告"),
}
"""Kinds and levels."""


def report_text(report: Report, *, is_chinese: bool = False) -> str:
    """Return ``report`` as lines of text, safe to print, without a line end.

    :param is_chinese: False, the default, writes English.
    """
    return "\n".join(line.chosen(chinese=is_chinese) for line in _lines(report))


def _lines(report: Report) -> Iterator[Said]:
    yield _HEADING.with_values(
        seen=len(report.seen),
        bad=sum(1 for seen in report.seen if seen.bad),
        never_seen=len(report.never_seen),
        not_planned=len(report.not_planned),
    )
    for seen in report.seen:
        yield _SEEN.with_values(name=_named(seen), events=seen.events)
        for line in issue_lines(seen):
            yield Said(f"    {line.en}", f"    {line.zh}")
    for never in report.never_seen:
        yield _NEVER_SEEN.with_values(name=_named(never))
    for one in report.not_planned:
        hint = _HINT.with_values(nearest=harmless(one.nearest)) if one.nearest else ""
        yield _NOT_PLANNED.with_values(
            name=_named(one), events=one.events, event=one.event, hint=hint
        )


def issue_lines(seen: Seen) -> list[Said]:
    """Return what is wrong with events of one name, a line an issue, safe to print."""
    return [_issue_line(seen, count) for count in seen.counts.values()]


def _issue_line(seen: Seen, count: IssueCount) -> Said:
    issue = count.issue
    line = _ISSUE.with_values(
        level=_WORDS[issue.level],
        events=count.events,
        all=seen.events,
        event=count.event,
        found=issue.found,
        advice=issue.advice,
    )
    return Said(harmless(line.en), harmless(line.zh))


def _named(one: Seen | NeverSeen | NotPlanned) -> Said:
    word, name = _WORDS[one.kind], harmless(one.name)
    return Said(f"{word.en} {name}", f"{word.zh} {name}")


def _show_report(report: Report) -> dict[str, Any]:
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
            {**_as_dict(explain(count.issue)), "events": count.events, "event": count.event}
            for count in seen.counts.values()
        ],
    }


def _as_dict(explained: Explained) -> dict[str, Any]:
    return {name: getattr(explained, name) for name in explained.__struct_fields__}


def _wrong_types(report: Report) -> Iterator[dict[str, Any]]:
    for seen in report.seen:
        for count in seen.counts.values():
            if count.issue.code == PROPERTY_WRONG_TYPE.code:
                yield {
                    "kind": seen.kind,
                    "name": seen.name,
                    "path": count.issue.path,
                    **count.issue.values,
                    "events": count.events,
                    "event": count.event,
                }


def junit(report: Report, *, never_seen_fails: bool = False) -> bytes:
    """Return ``report`` as a JUnit file in UTF-8.

    A planned name passes when no event of it is bad, and is skipped when it was never seen. A
    name that is not planned fails.

    :param never_seen_fails: never seen is a failure, unless the name is deprecated.
    """
    suite = Element("testsuite", name=_SUITE)
    _add_seen(suite, report)
    _add_never_seen(suite, report, never_seen_fails)
    _add_not_planned(suite, report)
    return junit_file(suite)


def _case(suite: Element, kind: str, name: str) -> Element:
    return add_case(suite, f"plan.{kind}", name)


def _add_seen(suite: Element, report: Report) -> None:
    for seen in report.seen:
        case, lines = _case(suite, seen.kind, seen.name), [line.en for line in issue_lines(seen)]
        if seen.bad:
            message = f"{seen.bad} of {seen.events} violate the plan"
            SubElement(case, "failure", message=message, type=BAD).text = "\n".join(lines)
        elif lines:
            SubElement(case, "system-out").text = "\n".join(lines)


def _add_never_seen(suite: Element, report: Report, fails: bool) -> None:
    for never in report.never_seen:
        case = _case(suite, never.kind, never.name)
        if fails and not never.deprecated:
            SubElement(case, "failure", message="planned and never seen", type="never_seen")
        else:
            SubElement(case, "skipped", message="planned and never seen")


def _add_not_planned(suite: Element, report: Report) -> None:
    for one in report.not_planned:
        case = _case(suite, one.kind, one.name)
        hint = f" Did you mean {harmless(one.nearest)}?" if one.nearest else ""
        failure = SubElement(case, "failure", message="not planned", type="not_planned")
        failure.text = f"{one.events} arrived, such as event {one.event}.{hint}"


def _json(report: Report) -> bytes:
    return msgspec.json.encode(_show_report(report)) + b"\n"


def _text(report: Report) -> bytes:
    return report_text(report).encode() + b"\n"


REPORTS: Final[Mapping[str, Callable[[Report], bytes]]] = {
    "json": _json,
    "junit": junit,
    "text": _text,
}
"""Each writes a report in UTF-8."""

MEDIA_TYPES: Final[Mapping[str, str]] = {
    "json": "application/json",
    "junit": "application/xml",
    "text": "text/plain; charset=utf-8",
}
"""The content type of each."""

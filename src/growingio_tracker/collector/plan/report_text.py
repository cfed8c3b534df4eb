"""A report for the terminal, in both languages."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from growingio_tracker.collector.plan.report import NeverSeen, NotPlanned, Report, Seen
from growingio_tracker.collector.terminal import harmless


class _Texts(NamedTuple):
    """The words in one language."""

    heading: str
    seen: str
    never_seen: str
    not_planned: str
    events: str
    problem: str
    unplanned: str
    hint: str
    words: Mapping[str, str]
    """Kinds and levels."""


_ENGLISH: Final = _Texts(
    heading="Tracking plan: {seen} seen ({bad} with violations), {never_seen} never seen, "
    "{not_planned} not planned.",
    seen="seen         ",
    never_seen="never seen   ",
    not_planned="not planned  ",
    events=" (events: {events})",
    problem="{level} in {events} of {all}, such as event {event}: ",
    unplanned=" (events: {events}, such as event {event}).",
    hint=" Did you mean {nearest}?",
    words={word: word for word in ("event", "item", "bad", "warn")},
)
_CHINESE: Final = _Texts(
    heading="埋点方案：已收到 {seen}（其中 {bad} 个不符合方案），从未收到 {never_seen}，"
    "方案外 {not_planned}。",
    seen="已收到    ",
    never_seen="从未收到  ",
    not_planned="方案外    ",
    events="（事件数：{events}）",
    problem="{all} 个事件中有 {events} 个（{level}），例如事件 {event}：",
    unplanned="（事件数：{events}，例如事件 {event}）。",
    hint="您要写的是 {nearest} 吗？",
    words={"event": "事件", "item": "维度表", "bad": "错误", "warn": "警告"},
)


def report_text(report: Report, *, is_chinese: bool = False) -> str:
    """Return ``report`` as lines of text, safe to print, without a line end.

    :param is_chinese: False, the default, writes English.
    """
    texts = _CHINESE if is_chinese else _ENGLISH
    heading = texts.heading.format(
        seen=len(report.seen),
        bad=sum(1 for seen in report.seen if seen.bad),
        never_seen=len(report.never_seen),
        not_planned=len(report.not_planned),
    )
    lines = [heading]
    for seen in report.seen:
        lines.append(_named(texts.seen, seen, texts) + texts.events.format(events=seen.events))
        lines += (f"    {line}" for line in _problem_lines(seen, texts))
    lines += (_named(texts.never_seen, one, texts) for one in report.never_seen)
    lines += (_unplanned(one, texts) for one in report.not_planned)
    return "\n".join(lines)


def problem_lines(seen: Seen) -> list[str]:
    """Return what is wrong with events of one name in English, a line a problem, safe to print."""
    return list(_problem_lines(seen, _ENGLISH))


def _problem_lines(seen: Seen, texts: _Texts) -> Iterator[str]:
    for count in seen.counts.values():
        problem = count.problem
        place = texts.problem.format(
            level=texts.words[problem.level],
            events=count.events,
            all=seen.events,
            event=count.event,
        )
        if texts is _CHINESE:
            yield place + harmless(f"{problem.sentence_zh}{problem.fix_zh}")
        else:
            yield place + harmless(f"{problem.sentence} {problem.fix}")


def _named(label: str, one: Seen | NeverSeen | NotPlanned, texts: _Texts) -> str:
    return label + harmless(f"{texts.words[one.kind]} {one.name}")


def _unplanned(one: NotPlanned, texts: _Texts) -> str:
    place = texts.unplanned.format(events=one.events, event=one.event)
    hint = harmless(texts.hint.format(nearest=one.nearest)) if one.nearest else ""
    return _named(texts.not_planned, one, texts) + place + hint

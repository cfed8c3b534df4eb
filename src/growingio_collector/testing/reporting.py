"""Descriptions of received events, for failed assertions and test reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from growingio_collector import Event, Filters, Miss
from growingio_collector.plan.report import report_on
from growingio_collector.plan.report_formats import report_text
from growingio_collector.rules.checked import CheckedMessage
from growingio_collector.store.diagnosis import Cause
from growingio_collector.terminal import line
from growingio_wire.plan.reading import load_plan
from growingio_wire.said import Said, harmless, prefers_chinese

MISSING: Final = Said(
    "{found} of {count} events arrived within {timeout:g} s. Wanted: {wanted}.",
    "{timeout:g} 秒内收到 {found} 条，需要 {count} 条。条件：{wanted}。",
)

EVERYTHING: Final = Said(
    "any event",
    "任意事件",
)

NEAREST: Final = Said(
    "Nearest:",
    "最接近的：",
)

WHY: Final = Said(
    "but {reasons}",
    "但是 {reasons}",
)

JOINT: Final = Said(
    " and ",
    "，并且 ",
)

ARRIVED: Final = Said(
    "Arrived: {list}.",
    "已收到：{list}。",
)

NOTHING: Final = Said(
    "Nothing arrived. Does the client send to {url}? A buffered client sends only when it "
    "is flushed or closed.",
    "没有收到任何数据。客户端的地址是 {url} 吗？带缓冲的客户端只有在 flush 或 close 时才会发送。",
)

BAD: Final = Said(
    "{found} of {count} events are bad:",
    "{count} 条中有 {found} 条不合格：",
)

DIFFERS: Final = Said(
    "What arrived differs from {file}. If this is intended, run it again with --growingio-update.",
    "收到的内容与 {file} 不同。如果这是预期的改动，请加 --growingio-update 再运行一次。",
)

NEWEST: Final = Said(
    "The newest {shown} of {count}:",
    "共 {count} 条，最新的 {shown} 条：",
)

UNREADABLE: Final = Said(
    "What arrived cannot be shown: {error}",
    "无法显示收到的数据：{error}",
)

_LINES: Final = 20
_NAMES: Final = 10


def say(sentence: Said, **values: object) -> str:
    """Return a sentence in the language of the developer's machine."""
    return sentence.with_values(**values).chosen(chinese=prefers_chinese())


def newest(events: list[Event]) -> str:
    """Return one line for each of the newest of ``events``, oldest first, problems with fixes."""
    told = events[-_LINES:]
    lines = [_line(event) for event in told]
    if len(told) < len(events):
        lines.insert(0, say(NEWEST, shown=len(told), count=len(events)))
    return "\n".join(lines)


def _line(event: Event) -> str:
    return line(event, is_chinese=prefers_chinese())


def missing(filters: Filters, found: int, count: int, timeout: float) -> str:
    """Return the sentence about the events that did not arrive."""
    conditions = ", ".join(_conditions(filters)) or say(EVERYTHING)
    return say(MISSING, found=found, count=count, timeout=timeout, wanted=conditions)


def _conditions(filters: Filters) -> list[str]:
    return [
        *(
            f"{name}={_shown(value)}"
            for name, value in filters.items()
            if name != "attributes" and value is not None
        ),
        *(
            f"attributes[{_shown(key)}]={_shown(value)}"
            for key, value in (filters.get("attributes") or {}).items()
        ),
    ]


def _shown(value: object) -> str:
    return harmless(msgspec.json.encode(value).decode())


def almost(misses: Sequence[Miss]) -> list[str]:
    """Return the lines about the events that almost match, and why they do not."""
    return [say(NEAREST), *map(_miss, misses)] if misses else []


def _miss(miss: Miss) -> str:
    reasons = (reason.chosen(chinese=prefers_chinese()) for reason in miss.reasons)
    why = say(WHY, reasons=say(JOINT).join(reasons))
    return f"  {_line(miss.event)}\n    {harmless(why)}"


def reasons(causes: Sequence[Cause]) -> list[str]:
    """Return the lines about why no more arrived, and what to do next."""
    chinese = prefers_chinese()
    return [
        harmless(f"{cause.found.chosen(chinese=chinese)} {cause.next.chosen(chinese=chinese)}")
        for cause in causes
    ]


def harmless_lines(text: str) -> str:
    """Return several lines that are safe to print."""
    return "\n".join(map(harmless, text.splitlines()))


def names(events: list[Event]) -> str:
    """Return the sentence that counts what arrived by kind and name, the most frequent first."""
    counts = Counter(f"{event.kind} {event.name or event.type or ''}".rstrip() for event in events)
    parts = [f"{count} × {name}" for name, count in counts.most_common(_NAMES)]
    more = ["…"] if len(counts) > _NAMES else []
    return harmless(say(ARRIVED, list=", ".join(parts + more)))


def violations(events: list[Event], plan: Path) -> str:
    """Return the plan's report when ``events`` violate it, and an empty string when they do not.

    :raises GrowingParamException: if the file cannot be used.
    """
    report = report_on(((event.id, _message(event)) for event in events), load_plan(plan).plan)
    return report_text(report) if report.violated else ""


def _message(event: Event) -> CheckedMessage:
    return CheckedMessage(event.kind, event.type, event.name, text=bytes(event.raw).decode())

"""What arrived, in words: for failing checks and for reports."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import msgspec

from growingio_tracker.collector import Event, Miss
from growingio_tracker.collector.terminal import harmless, line
from growingio_tracker_pytest.texts import is_chinese, texts

if TYPE_CHECKING:
    from growingio_tracker.collector import Filters

_LINES: Final = 20
_NAMES: Final = 10


def newest(events: list[Event]) -> str:
    """Return one line for each of the newest of ``events``, oldest first, problems with fixes."""
    told = events[-_LINES:]
    lines = [_line(event) for event in told]
    if len(told) < len(events):
        lines.insert(0, texts().newest.format(shown=len(told), count=len(events)))
    return "\n".join(lines)


def _line(event: Event) -> str:
    return line(event, is_chinese=is_chinese())


def missing(filters: Filters, found: int, count: int, timeout: float) -> str:
    """Return the sentence that says what was waited for in vain."""
    conditions = ", ".join(_conditions(filters)) or texts().everything
    return texts().missing.format(found=found, count=count, timeout=timeout, wanted=conditions)


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


def almost(misses: list[Miss]) -> list[str]:
    """Return the lines about the events that almost match, and why they do not."""
    return [texts().nearest, *map(_miss, misses)] if misses else []


def _miss(miss: Miss) -> str:
    reasons = (reason.zh if is_chinese() else reason.en for reason in miss.reasons)
    why = texts().why.format(reasons=texts().joint.join(reasons))
    return f"  {_line(miss.event)}\n    {harmless(why)}"


def names(events: list[Event]) -> str:
    """Return the sentence that counts what arrived by kind and name, the most frequent first."""
    counts = Counter(f"{event.kind} {event.name or event.type or ''}".rstrip() for event in events)
    parts = [f"{count} × {name}" for name, count in counts.most_common(_NAMES)]
    more = ["…"] if len(counts) > _NAMES else []
    return harmless(texts().arrived.format(list=", ".join(parts + more)))

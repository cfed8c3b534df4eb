"""Events that almost match a filter, and what they lack: for those who wait in vain."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from growingio_tracker.collector.filters import COLUMNS, Filter
from growingio_tracker.collector.query import find_events
from growingio_tracker.collector.rows import Event
from growingio_tracker.collector.text_functions import as_text, attributes_of, mentions

_LOOKED_AT: Final = 1000
"""Only so many of the newest events are compared."""

_NAMED: Final = 3
_SHOWN_CHARACTERS: Final = 100


class Reason(NamedTuple):
    """Why an event does not match, in both languages."""

    en: str
    zh: str


class Miss(NamedTuple):
    """An event that does not match, and every reason."""

    event: Event
    reasons: tuple[Reason, ...]


def nearest(path: Path, wanted: Filter) -> list[Miss]:
    """Return up to three events with the fewest reasons not to match, newer ones first.

    A run keeps tests apart, so events of others are never near.
    """
    newest = find_events(path, Filter(run=wanted.run), limit=_LOOKED_AT, newest=True)
    misses = [Miss(event, tuple(_reasons(event, wanted))) for event in newest]
    return sorted((miss for miss in misses if miss.reasons), key=_distance)[:_NAMED]


def _distance(miss: Miss) -> int:
    return len(miss.reasons)


def _reasons(event: Event, wanted: Filter) -> Iterator[Reason]:
    yield from _of_values(event, wanted)
    yield from _of_time(event, wanted)
    yield from _of_attributes(event, wanted)
    if wanted.code is not None and wanted.code not in {one.code for one in event.problems}:
        yield Reason(f"it has no problem {wanted.code}", f"没有问题 {wanted.code}")
    if wanted.q and not _mentions(event, wanted.q):
        yield Reason(f"{_short(wanted.q)} is not in it", f"其中没有 {_short(wanted.q)}")


def _of_values(event: Event, wanted: Filter) -> Iterator[Reason]:
    for name, column in COLUMNS.items():
        asked, found = getattr(wanted, name), getattr(event, column)
        if asked is not None and found != asked:
            yield _different(name, found, asked)


def _of_time(event: Event, wanted: Filter) -> Iterator[Reason]:
    if wanted.since is not None and event.received_ms < wanted.since:
        early = wanted.since - event.received_ms
        yield Reason(f"it came {early} ms before since", f"比 since 早 {early} 毫秒")
    if wanted.until is not None and event.received_ms > wanted.until:
        late = event.received_ms - wanted.until
        yield Reason(f"it came {late} ms after until", f"比 until 晚 {late} 毫秒")


def _of_attributes(event: Event, wanted: Filter) -> Iterator[Reason]:
    attributes = attributes_of(bytes(event.raw).decode()) if wanted.attributes else {}
    for key, asked in wanted.attributes:
        if key not in attributes:
            yield Reason(f"it has no attribute {_short(key)}", f"没有属性 {_short(key)}")
        elif as_text(attributes[key]) != asked:
            yield _different(f"attr.{key}", as_text(attributes[key]), asked)


def _different(name: str, found: object, asked: object) -> Reason:
    name, asked = _short(name), _short(asked)
    if found is None:
        return Reason(f"{name} is absent, not {asked}", f"缺少 {name}，应为 {asked}")
    found = _short(found)
    return Reason(f"{name} is {found}, not {asked}", f"{name} 是 {found}，不是 {asked}")


def _mentions(event: Event, text: str) -> bool:
    places = (event.name, event.user_id, event.device_id)
    if any(text.casefold() in (place or "").casefold() for place in places):
        return True
    return mentions(bytes(event.raw).decode(), text)


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"

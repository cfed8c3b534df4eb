"""The quick way for events that have nothing to explain.

One decoding by a type so strict that what it takes can be wrong in a few ways only, which are
looked at here. Whatever else arrives is left to the slow way, which names the reasons.
"""

from collections.abc import Iterable
from typing import Annotated, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType

from growingio_tracker.collector.check.arrival import Arrival
from growingio_tracker.collector.check.finding import Finding
from growingio_tracker.collector.check.memory import Memory, Shape, ShapeKey
from growingio_tracker.collector.check.message import shape_problems
from growingio_tracker.collector.check.repeats import repeat_key
from growingio_tracker.collector.check.times import MAX_AGE_MS, MAX_AHEAD_MS
from growingio_tracker.collector.check.values import (
    MAX_EXACT,
    MAX_KEY,
    MAX_PARTS,
    MAX_VALUE,
    PRINTED_STARTS,
    PRINTED_WORDS,
    types_of,
)
from growingio_tracker.collector.decode.message import Message
from growingio_tracker.wire import LIST_SEPARATOR, Kind, camel

_EVENT: Final = Kind.EVENT.value

_Filled = Annotated[str, Meta(min_length=1)]
_Key = Annotated[str, Meta(max_length=MAX_KEY)]
_Value = (
    Annotated[str, Meta(max_length=MAX_VALUE)]
    | Annotated[int, Meta(ge=-MAX_EXACT, le=MAX_EXACT)]
    | float
    | bool
)


class OrdinaryEvent(msgspec.Struct, rename=camel, gc=False):
    """An event whose fields have the right types and lengths."""

    event_type: _Filled
    timestamp: int
    data_source_id: _Filled
    event_name: str | None = None
    user_id: str | None = None
    user_key: str | None = None
    device_id: str | None = None
    project_key: str | None = None
    platform: str | None = None
    sdk_version: str | None = None
    event_sequence_id: int | None = None
    global_sequence_id: int | None = None
    attributes: dict[_Key, _Value] | UnsetType = UNSET


_decode = msgspec.json.Decoder(OrdinaryEvent).decode
_MAX_LEARNED: Final = 16_384
"""Bytes of an event whose form is remembered, so that strangers cannot fill the memory."""

_NOTHING: Final[dict[str, str | int | float | bool]] = {}
_SEPARATOR: Final = LIST_SEPARATOR.encode()
_MARKS: Final = (b"[", b"<", b"|", b"\\")
"""One of these is in every text that ``_looks_printed_closely`` finds, if not a brace is."""

_BRACES: Final = 2
"""An event has its own and its attributes'."""

_BRACE: Final = b'"{'
_ESCAPED: Final = b"\\u00"
"""Some encoders write ``<`` and its like so."""

_not_among_printed = PRINTED_WORDS.isdisjoint


def shape_key(event: OrdinaryEvent, client: str | None) -> ShapeKey:
    """Return what decides an event's types, and the problems of all events of its form."""
    attributes = event.attributes or _NOTHING
    return (
        event.event_name,
        event.event_type,
        client,
        event.platform,
        event.sdk_version,
        *attributes,
        *map(type, attributes.values()),
    )


def learn(text: bytes, client: str | None, memory: Memory) -> None:
    """Let later events of the same form as this one, which was explained, go the quick way."""
    if len(text) > _MAX_LEARNED:
        return
    try:
        event = _decode(text)
    except msgspec.DecodeError:
        return
    problems = tuple(shape_problems(event.event_type, event.event_name))
    shape = Shape(types_of(event.attributes or _NOTHING), problems)
    memory.learn(shape_key(event, client), shape)


def has_marks(messages: Iterable[Message]) -> bool:
    """Tell whether a text among them may hold a printed value or a list, by single bytes of it.

    One look at all texts takes a tenth of the time that a look at each takes.
    """
    texts = b"".join(message.text or b"" for message in messages)
    return any(mark in texts for mark in _MARKS)


class Ordinary:
    """The quick way for the events of one request.

    :param arrival: has a time of receipt.
    :param marked: whether one of its texts has a mark, see ``has_marks``.
    """

    def __init__(self, arrival: Arrival, memory: Memory, marked: bool) -> None:
        now_ms = (arrival.received_us or 0) // 1000
        self._oldest, self._newest = now_ms - MAX_AGE_MS, now_ms + MAX_AHEAD_MS
        self._project = arrival.project
        self._client = arrival.client
        self._marked = marked
        self._shape_of = memory.shape_of
        self._note = memory.repeats.note

    def find(self, text: bytes) -> Finding | None:
        """Return the row of an event with nothing unusual in it, None for any other."""
        try:
            event = _decode(text)
        except msgspec.DecodeError:
            return None
        if not self._fields_are_right(event) or self._looks_printed(text, event):
            return None
        shape = self._shape_of(shape_key(event, self._client))
        if shape is None:
            return None
        types, problems = shape
        repeat = self._note(repeat_key(text, self._project, event))
        if repeat:
            problems = (*problems, repeat)
        return Finding(
            _EVENT,
            event.event_type,
            event.event_name,
            event.user_key,
            event.user_id,
            event.device_id,
            event.timestamp,
            text.decode(),
            problems,
            types,
        )

    def _fields_are_right(self, event: OrdinaryEvent) -> bool:
        return (
            self._oldest <= event.timestamp <= self._newest
            and bool(event.user_id or event.device_id)
            and (event.project_key is None or event.project_key == self._project)
        )

    def _looks_printed(self, text: bytes, event: OrdinaryEvent) -> bool:
        """Tell whether a value may look printed, or be a list of very many parts."""
        attributes = event.attributes
        if not attributes:
            return False
        if self._marked and _looks_printed_closely(text):
            return True
        # Looking for one byte is many times quicker than for two.
        if text.count(b"{") > _BRACES and _BRACE in text:
            return True
        return not _not_among_printed(attributes.values())


def _looks_printed_closely(text: bytes) -> bool:
    if not any(mark in text for mark in _MARKS):
        return False
    if any(start in text for start in PRINTED_STARTS) or _ESCAPED in text:
        return True
    return text.count(_SEPARATOR) >= MAX_PARTS

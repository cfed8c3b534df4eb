"""Fast path for events without any problem.

An event is decoded once, into a type so strict that only few problems remain possible; those are
checked here. All other events take the slow path, which finds and explains the problems.
"""

from collections.abc import Iterable
from typing import Annotated, Final, cast

import msgspec
from msgspec import UNSET, Meta, UnsetType

from growingio_collector.rules.checked import (
    MAX_KEY,
    Arrival,
    CheckedMessage,
    DecodedMessage,
    types_of,
)
from growingio_collector.rules.history import History, Shape, ShapeKey
from growingio_collector.rules.identities import UNREAL_IDS, USER_ATTRIBUTES
from growingio_collector.rules.messages import shape_issues
from growingio_collector.rules.presets import ATTRIBUTE_TYPES, MARK
from growingio_collector.rules.repeats import Sending, repeat_key
from growingio_collector.rules.times import MAX_AGE_MS, MAX_AHEAD_MS
from growingio_collector.rules.values import (
    MAX_EXACT,
    MAX_PARTS,
    MAX_VALUE,
    PRINTED_STARTS,
    PRINTED_WORDS,
)
from growingio_wire.table import LIST_SEPARATOR, SCHEMAS, Kind, camel

_EVENT: Final = Kind.EVENT.value

_Filled = Annotated[str, Meta(min_length=1)]
_Key = Annotated[str, Meta(max_length=MAX_KEY)]
_Value = (
    Annotated[str, Meta(max_length=MAX_VALUE)]
    | Annotated[int, Meta(ge=-MAX_EXACT, le=MAX_EXACT)]
    | Annotated[float, Meta(ge=-MAX_EXACT, le=MAX_EXACT)]
    | bool
)
_Scalar = str | int | float | bool | None
_Map = dict[str, str | int | float | bool] | None


class PlainEvent(msgspec.Struct, rename=camel, gc=False):
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
    send_time: int | None = None
    resource_item: None = None
    attributes: dict[_Key, _Value] | UnsetType = UNSET


# An unknown field may be a misspelled one.
_WholeEvent: Final = cast(
    "type[PlainEvent]",
    msgspec.defstruct(
        "PlainWholeEvent",
        [
            (field.name, _Map if field.type == "map<string, string>" else _Scalar, None)
            for field in SCHEMAS[Kind.EVENT].fields
            if field.name not in PlainEvent.__struct_fields__
        ],
        bases=(PlainEvent,),
        rename=camel,
        gc=False,
        forbid_unknown_fields=True,
        omit_defaults=True,
    ),
)
_decode: Final = msgspec.json.Decoder(_WholeEvent).decode
_encode_into: Final = msgspec.json.Encoder().encode_into
_MAX_LEARNED: Final = 16_384
"""Maximum size of an event whose form is remembered, so that memory stays bounded."""

_NOTHING: Final[dict[str, str | int | float | bool]] = {}
_SEPARATOR: Final = LIST_SEPARATOR.encode()
_MARKS: Final = (b"[", b"<", b"|", b"\\")
"""Every text that ``_looks_printed_closely`` finds contains one of these, or a brace."""

_SPACE: Final = " "
_BRACES: Final = 2
"""Objects in a plain event: itself and its attributes."""

_COLON: Final = b":"
_BRACE: Final = b'"{'
_ESCAPED: Final = b"\\u00"
"""How some encoders write ``<`` and similar characters."""

_not_among_printed = PRINTED_WORDS.isdisjoint


def shape_key(event: PlainEvent, client: str | None) -> ShapeKey:
    """Return what determines an event's types, and the issues of all events of its form."""
    attributes = event.attributes or _NOTHING
    return (
        event.event_name,
        event.event_type,
        client,
        event.platform,
        event.sdk_version,
        event.user_key,
        event.data_source_id,
        *attributes,
        *map(type, attributes.values()),
    )


def learn(text: bytes, client: str | None, history: History) -> None:
    """Let later events of the form of this checked one take the fast path."""
    if len(text) > _MAX_LEARNED:
        return
    try:
        event = _decode(text)
    except msgspec.DecodeError:
        return
    if not _is_plain(event):
        return
    issues = tuple(shape_issues(event.event_type, event.event_name))
    shape = Shape(types_of(event.attributes or _NOTHING), issues)
    history.learn(shape_key(event, client), shape)


def has_marks(messages: Iterable[DecodedMessage]) -> bool:
    """Tell whether any of the texts may contain a printed value or a list, by single bytes."""
    # Searching all texts at once takes a tenth of the time of searching each.
    texts = b"".join(message.text or b"" for message in messages)
    return any(mark in texts for mark in _MARKS)


class FastPath:
    """The fast path of the events of one request.

    :param arrival: has a time of receipt.
    :param sending: the request, as ``history.repeats`` has it.
    :param marked: the result of ``has_marks`` for its texts.
    """

    def __init__(self, arrival: Arrival, history: History, sending: Sending, marked: bool) -> None:
        now_ms = (arrival.received_us or 0) // 1000
        self._oldest, self._newest = now_ms - MAX_AGE_MS, now_ms + MAX_AHEAD_MS
        self._project = arrival.project
        self._client = arrival.client
        self._marked = marked
        self._shape_of = history.shape_of
        self._note = history.repeats.note
        self._sending = sending
        self._written = bytearray()

    def check(self, text: bytes) -> CheckedMessage | None:
        """Return the row of an event without anything unusual; None for all others."""
        try:
            event = _decode(text)
        except msgspec.DecodeError:
            return None
        if not self._fields_are_right(event) or self._looks_printed(text, event):
            return None
        if self._has_more_than(event, text):
            return None
        shape = self._shape_of(shape_key(event, self._client))
        if shape is None:
            return None
        types, issues = shape
        repeat = self._note(repeat_key(text, self._project, event), self._sending)
        if repeat:
            issues = (*issues, repeat)
        return CheckedMessage(
            _EVENT,
            event.event_type,
            event.event_name,
            event.user_key,
            event.user_id,
            event.device_id,
            event.timestamp,
            text.decode(),
            issues,
            types,
        )

    def _fields_are_right(self, event: PlainEvent) -> bool:
        return (
            self._oldest <= event.timestamp <= self._newest
            and bool(event.user_id or (event.device_id and self._may_lack_user(event)))
            and (event.project_key is None or event.project_key == self._project)
            and _is_real(event.user_id)
            and _is_real(event.device_id)
        )

    def _has_more_than(self, event: PlainEvent, text: bytes) -> bool:
        """Tell whether decoding dropped something from the text: a null, or a repeated name."""
        _encode_into(event, self._written)
        return text.count(_COLON) != self._written.count(_COLON)

    def _may_lack_user(self, event: PlainEvent) -> bool:
        return not event.user_key and event.event_type != USER_ATTRIBUTES

    def _looks_printed(self, text: bytes, event: PlainEvent) -> bool:
        """Tell whether a value may look printed, or be a very long list."""
        attributes = event.attributes
        if not attributes:
            return False
        if self._marked and _looks_printed_closely(text):
            return True
        # Searching for one byte is many times faster than for two.
        if text.count(b"{") > _BRACES and _BRACE in text:
            return True
        return not _not_among_printed(attributes.values())


def _is_real(id_: str | None) -> bool:
    if not id_:
        return True
    return id_ not in UNREAL_IDS and id_.isprintable() and _SPACE not in (id_[0], id_[-1])


def _is_plain(event: PlainEvent) -> bool:
    """Tell whether events of this form can have no problems but those checked here."""
    keys = event.attributes or _NOTHING
    has_presets = event.event_type == USER_ATTRIBUTES and any(key[:1] == MARK for key in keys)
    sets_nothing = event.event_type in ATTRIBUTE_TYPES and not keys
    return (
        not has_presets
        and not sets_nothing
        and all(key.strip() for key in keys)
        and _is_real(event.user_key)
        and _is_real(event.data_source_id)
    )


def _looks_printed_closely(text: bytes) -> bool:
    if not any(mark in text for mark in _MARKS):
        return False
    if any(start in text for start in PRINTED_STARTS) or _ESCAPED in text:
        return True
    return text.count(_SEPARATOR) >= MAX_PARTS

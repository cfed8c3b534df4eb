"""One tracked event, as a test looks at it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias, cast

from msgspec import Struct

from growingio_tracker.message import (
    CustomEventMessage,
    ItemMessage,
    Message,
    UserLoginMessage,
    UserMappingMessage,
)
from growingio_tracker.record import decode
from growingio_tracker.values import EventTime
from growingio_tracker.wire import Kind

RecordedKind: TypeAlias = Literal["event", "user", "item", "mapping"]
"""What was called: ``track_custom_event``, ``track_user``, ``submit_item`` or
``track_user_mapping``."""


class RecordedEvent(Struct, frozen=True):
    """One event that was checked, encoded and taken, as it would have been sent.

    :param kind: ``"event"``, ``"user"``, ``"item"`` or ``"mapping"``.
    :param name: the event's name; an item's key; ``""`` for the others.
    :param record: its JSON, as the wire has it.
    :param attributes: in the form in which they are sent: lists are joined by ``||``. Those of a
        mapping are its identities. Read-only.
    :param user_id: the login user's id; ``None`` when there is none.
    :param user_key: the kind of the user's id; ``None`` when there is none.
    :param anonymous_id: the visitor's id; ``None`` when there is none.
    :param item_id: an item's id; ``None`` for the others.
    :param time_ms: Unix milliseconds; ``None`` for items, and for mappings without a time.
    """

    kind: RecordedKind
    name: str
    record: bytes
    attributes: Mapping[str, Any]
    user_id: str | None = None
    user_key: str | None = None
    anonymous_id: str | None = None
    item_id: str | None = None
    time_ms: int | None = None

    @property
    def message(self) -> Message:
        """The whole message, also with what this value has no field for; each time a new one."""
        return decode(_WIRE_KINDS[self.kind], self.record)

    def __repr__(self) -> str:
        shown = {name: getattr(self, name) for name in FIELDS if name != "time_ms"}
        parts = [f"{name}={value!r}" for name, value in shown.items() if value not in (None, "")]
        if self.attributes:
            parts.append(f"attributes={dict(self.attributes)!r}")
        return f"{self.name or '(no name)'} {' '.join(parts)}"


FIELDS: Final = ("kind", "user_id", "user_key", "anonymous_id", "item_id", "time_ms")
"""What tells one event from another, besides its name and its attributes."""

_WIRE_KINDS: Final[Mapping[RecordedKind, Kind]] = {
    "event": Kind.EVENT,
    "user": Kind.EVENT,
    "item": Kind.ITEM,
    "mapping": Kind.MAPPING,
}


def recorded_event(kind: Kind, record: bytes) -> RecordedEvent:
    """Return the event that a tracker handed over as ``record``."""
    message = decode(kind, record)
    if isinstance(message, CustomEventMessage):
        return _of_subject("event", message.event_name or "", message, record)
    if isinstance(message, UserLoginMessage):
        return _of_subject("user", "", message, record)
    if isinstance(message, ItemMessage):
        name, attributes = message.item_key or "", _read_only(message.attrs)
        return RecordedEvent("item", name, record, attributes, item_id=message.item_id)
    mapping = cast("UserMappingMessage", message)  # there is no other kind
    identities = _read_only(mapping.identities)
    return RecordedEvent("mapping", "", record, identities, time_ms=_ms(mapping.send_time))


def _of_subject(
    kind: RecordedKind, name: str, message: CustomEventMessage | UserLoginMessage, record: bytes
) -> RecordedEvent:
    return RecordedEvent(
        kind,
        name,
        record,
        _read_only(message.attributes),
        user_id=message.login_user_id,
        user_key=message.login_user_key,
        anonymous_id=message.anonymous_id,
        time_ms=_ms(message.event_time),
    )


def _read_only(attributes: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return MappingProxyType(dict(attributes or {}))


def _ms(time: EventTime | None) -> int | None:
    return time if isinstance(time, int) else None  # a record has no other form

"""Recorded events, and assertions about them: their conditions, and why they failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias, cast

from msgspec import Struct

from growingio_tracker.model import ItemMessage, Message, UserMappingMessage
from growingio_tracker.model.events import CustomEventMessage, UserLoginMessage
from growingio_tracker.model.record import decode
from growingio_tracker.model.values import EventTime, normalise
from growingio_wire.errors import GrowingParamException
from growingio_wire.near import likeness
from growingio_wire.table import Kind

RecordedKind: TypeAlias = Literal["event", "user", "item", "mapping"]
"""Kind of a recorded event: from ``track_custom_event``, ``track_user``, ``submit_item`` or
``track_user_mapping``."""


class RecordedEvent(Struct, frozen=True):
    """One recorded event, as it would have been sent.

    :param kind: ``"event"``, ``"user"``, ``"item"`` or ``"mapping"``.
    :param name: the event's name, or an item's key; ``""`` for the others.
    :param record: the JSON that is sent.
    :param attributes: the attributes as they are sent: lists are joined with ``||``. For a mapping,
        its identities. Read-only.
    :param user_id: the login user's id; ``None`` if there is none.
    :param user_key: the kind of user id; ``None`` if there is none.
    :param anonymous_id: the visitor's id; ``None`` if there is none.
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
        """The whole message, including fields that this class does not have; a new copy each
        time."""
        return decode(_WIRE_KINDS[self.kind], self.record)

    def __repr__(self) -> str:
        shown = {name: getattr(self, name) for name in FIELDS if name != "time_ms"}
        parts = [f"{name}={value!r}" for name, value in shown.items() if value not in (None, "")]
        if self.attributes:
            parts.append(f"attributes={dict(self.attributes)!r}")
        return f"{self.name or '(no name)'} {' '.join(parts)}"


FIELDS: Final = ("kind", "user_id", "user_key", "anonymous_id", "item_id", "time_ms")
"""Fields that distinguish events, besides name and attributes."""

_WIRE_KINDS: Final[Mapping[RecordedKind, Kind]] = {
    "event": Kind.EVENT,
    "user": Kind.EVENT,
    "item": Kind.ITEM,
    "mapping": Kind.MAPPING,
}


def as_recorded(kind: Kind, record: bytes) -> RecordedEvent:
    """Return the event that a tracker passed as ``record``."""
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


_NEAREST: Final = 3
_LISTED: Final = 20
_SENT_AS_THEY_ARE: Final = (str, bool, int, float, type(None))


class Wanted:
    """Conditions that an event must meet.

    :param name: the event's name; ``None`` matches any.
    :param match: fields of :class:`RecordedEvent`, a mapping ``attributes``, and attributes.
    :raises GrowingParamException: if ``attributes`` is not a mapping.
    """

    def __init__(self, name: str | None, match: Mapping[str, object]) -> None:
        self._name = name
        self._fields = {key: value for key, value in match.items() if key in FIELDS}
        attributes = match.get("attributes", {})
        if not isinstance(attributes, Mapping):
            raise GrowingParamException(
                f"attributes must be a mapping of names to values, got {type(attributes).__name__}"
            )
        single = {k: v for k, v in match.items() if k not in (*FIELDS, "attributes")}
        every = {**cast("Mapping[str, object]", attributes), **single}
        self._attributes = {key: _as_sent(value) for key, value in every.items()}

    def __str__(self) -> str:
        conditions = [f"{key}={value!r}" for key, value in self._fields.items()]
        conditions += [f"attributes[{key!r}]={value!r}" for key, value in self._attributes.items()]
        subject = "an event" if self._name is None else self._name
        return f"{subject} with {', '.join(conditions)}" if conditions else subject

    def differences(self, event: RecordedEvent) -> list[str]:
        """Return how ``event`` differs; empty if it matches."""
        found = [
            f"{key} is {getattr(event, key)!r}, not {value!r}"
            for key, value in self._fields.items()
            if getattr(event, key) != value
        ]
        found += [
            f"attributes[{key!r}] is {event.attributes.get(key)!r}, not {value!r}"
            for key, value in self._attributes.items()
            if event.attributes.get(key) != value
        ]
        if self._name is not None and event.name != self._name:
            found.insert(0, f"its name is {event.name!r}")
        return found

    def nearest(self, events: tuple[RecordedEvent, ...]) -> list[RecordedEvent]:
        """Return the few events that come closest to matching, the nearest first."""
        missing = [event for event in events if self.differences(event)]
        return sorted(missing, key=self._distance)[:_NEAREST]

    def _distance(self, event: RecordedEvent) -> tuple[float, int]:
        name = event.name if self._name is None else self._name
        unlike = 1 - likeness(name, event.name)
        return round(unlike, 1), len(self.differences(event))


def _as_sent(value: object) -> object:
    """Return ``value`` as it is sent, or unchanged if it cannot be sent.

    The latter are objects that do their own comparison, such as ``pytest.approx`` and ``mock.ANY``.
    """
    if isinstance(value, _SENT_AS_THEY_ARE):
        return value
    sent, _ = normalise({"value": value}, "value")
    return sent.get("value", value)


def why(wanted: Wanted, found: int, count: int | None, events: tuple[RecordedEvent, ...]) -> str:
    """Return why an assertion failed: it expected ``count`` matches, and got ``found``."""
    expected = "at least once" if count is None else _times(count)
    lines = [f"{wanted}: tracked {_times(found)}, expected {expected}."]
    nearest = wanted.nearest(events)
    if nearest and found < (1 if count is None else count):
        lines.append("Nearest:")
        lines += [f"  {one}\n    but {', '.join(wanted.differences(one))}" for one in nearest]
    return "\n".join([*lines, listed(events)])


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def listed(events: tuple[RecordedEvent, ...]) -> str:
    """Return a description of what was tracked: how many of each, and the newest in full."""
    if not events:
        return "Nothing was tracked."
    counts = Counter(event.name or f"({event.kind})" for event in events)
    names = ", ".join(f"{count} × {name}" for name, count in counts.most_common())
    newest = [f"  {event}" for event in events[-_LISTED:]]
    heading = "Tracked" if len(events) <= _LISTED else f"Tracked, the newest {_LISTED}"
    return "\n".join([f"{heading} ({names}):", *newest])

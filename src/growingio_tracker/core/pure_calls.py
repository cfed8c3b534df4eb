"""Plain events of the pure core, from the arguments of a call to its receipt."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, Generic, TypeVar

import msgspec

from growingio_tracker.core.contract import (
    EVENT_ARGUMENTS,
    NOT_PLAIN,
    Constants,
    EventNames,
    NotPlain,
    is_plain,
)
from growingio_tracker.core.pure_entrance import ShortWay

_encode: Final = msgspec.json.Encoder().encode
_T = TypeVar("_T")


class PlainEvents:
    """Makes records of plain events, with the fields that all events of a tracker have.

    :param tag: JSON key and name of the event's type.
    :param names: JSON keys of the call's arguments.
    :param constants: what follows them in every record.
    :param max_bytes: a longer record is not plain.
    """

    __slots__ = ("event_type", "max_bytes", "tail")

    def __init__(
        self, tag: tuple[str, str], names: EventNames, constants: Constants, max_bytes: int
    ) -> None:
        self.event_type = _event_type(tag, names)
        self.tail = _encode(dict(constants)).replace(b"{", b",", 1)
        self.max_bytes = max_bytes

    def encode(
        self,
        event_name: object,
        login_user_key: object,
        login_user_id: object,
        anonymous_id: object,
        attributes: object,
        time_ms: int | None = None,
    ) -> bytes | NotPlain:
        """Return the record of a custom event, or NOT_PLAIN. The time is now unless given."""
        # Written out instead of in small functions, because it runs on every call.
        if type(event_name) is not str or not event_name:
            return NOT_PLAIN
        if type(login_user_id) is not str or not login_user_id:
            if login_user_id is not None or login_user_key is not None or anonymous_id is None:
                return NOT_PLAIN
        elif login_user_key is not None and (type(login_user_key) is not str or not login_user_key):
            return NOT_PLAIN
        if anonymous_id is not None and (type(anonymous_id) is not str or not anonymous_id):
            return NOT_PLAIN
        if time_ms is None:
            time_ms = time.time_ns() // 1_000_000
        try:
            if attributes is not None and not is_plain(attributes):
                return NOT_PLAIN
            event = self.event_type(
                time_ms, event_name, login_user_key, login_user_id, anonymous_id, attributes or None
            )
            record: bytes = _encode(event)[:-1] + self.tail
        except (TypeError, ValueError):  # rare; the slow path finds out why
            return NOT_PLAIN
        if len(record) <= self.max_bytes:
            return record
        return NOT_PLAIN


@lru_cache(maxsize=16)
def _event_type(tag: tuple[str, str], names: EventNames) -> Callable[..., msgspec.Struct]:
    """Return the class whose instances are encoded, without the fields that are ``None``."""
    return msgspec.defstruct(
        "PlainEvent",
        [*EVENT_ARGUMENTS[:2], *((name, Any, None) for name in EVENT_ARGUMENTS[2:])],
        omit_defaults=True,
        tag_field=tag[0],
        tag=tag[1],
        rename=dict(zip(EVENT_ARGUMENTS, names, strict=True)),
        gc=False,
    )


class PlainCalls(Generic[_T]):
    """Whole calls that track plain events, from their arguments to a receipt.

    :param events: makes records.
    :param way: the shortcut that they take.
    :param accept: called with kind and record if a record cannot take the shortcut.
    :param kind: the kind to pass to ``accept``.
    :param bindings: returns ``None`` if nothing is bound.
    :ivar track_checked: :meth:`track` for arguments that are known to be plain.
    """

    __slots__ = (
        "_accept",
        "_bindings",
        "_encode",
        "_kind",
        "_way",
        "track_checked",
    )

    def __init__(
        self,
        events: PlainEvents,
        way: ShortWay,
        accept: Callable[[Any, bytes], _T],
        kind: object,
        bindings: Callable[[], object],
    ) -> None:
        self._encode = events.encode
        self._way = way
        self._accept = accept
        self._kind = kind
        self._bindings = bindings
        self.track_checked = _checked_tracking(events, way, accept, kind, bindings)

    def track(
        self,
        event_name: object,
        login_user_key: object,
        login_user_id: object,
        anonymous_id: object,
        attributes: object,
    ) -> _T | NotPlain:
        """Track an event that happens now; return its receipt, or NOT_PLAIN if it is not plain.

        It also returns NOT_PLAIN if something is bound here and now.
        """
        if self._bindings() is not None:
            return NOT_PLAIN
        record = self._encode(event_name, login_user_key, login_user_id, anonymous_id, attributes)
        if record is NOT_PLAIN:
            return NOT_PLAIN
        receipt = self._way.offer(record)
        return self._accept(self._kind, record) if receipt is None else receipt

    def take(
        self,
        event_name: object,
        login_user_key: object,
        login_user_id: object,
        anonymous_id: object,
        attributes: object,
    ) -> _T | NotPlain:
        """Do the same, regardless of bindings."""
        record = self._encode(event_name, login_user_key, login_user_id, anonymous_id, attributes)
        if record is NOT_PLAIN:
            return NOT_PLAIN
        receipt = self._way.offer(record)
        return self._accept(self._kind, record) if receipt is None else receipt


def _checked_tracking(
    events: PlainEvents,
    way: ShortWay,
    accept: Callable[[Any, bytes], _T],
    kind: object,
    bindings: Callable[[], object],
) -> Callable[..., _T | NotPlain]:
    """Return the ``track_checked`` of :class:`PlainCalls`."""
    event_type, tail, max_bytes = events.event_type, events.tail, events.max_bytes

    # With what it needs in local variables, because it runs on every call.
    def track(
        event_name: str,
        login_user_key: str | None,
        login_user_id: str | None,
        anonymous_id: str | None,
        attributes: msgspec.Struct | None,
    ) -> _T | NotPlain:
        if bindings() is not None:
            return NOT_PLAIN
        try:
            event = event_type(
                time.time_ns() // 1_000_000,
                event_name,
                login_user_key,
                login_user_id,
                anonymous_id,
                attributes,
            )
            record: bytes = _encode(event)[:-1] + tail
        except (TypeError, ValueError):  # as in PlainEvents
            return NOT_PLAIN
        if len(record) > max_bytes:
            return NOT_PLAIN
        receipt: _T | None = way.offer(record)
        return accept(kind, record) if receipt is None else receipt

    return track

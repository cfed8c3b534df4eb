"""Plain events of the pure core, from the arguments of a call to its receipt.

What runs on every call has all that it needs in local variables, and small functions written out.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, Generic, TypeAlias, TypeVar

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

_T = TypeVar("_T")
_Encode: TypeAlias = Callable[..., bytes | NotPlain]
_json: Final = msgspec.json.Encoder().encode
# What a record of an unusual event is refused for; the slow path finds out why.
_UNUSUAL: Final = (TypeError, ValueError)


class PlainEvents:
    """Makes records of plain events, with the fields that all events of a tracker have.

    :param tag: JSON key and name of the event's type.
    :param names: JSON keys of the call's arguments.
    :param constants: what follows them in every record.
    :param max_bytes: a longer record is not plain.
    :ivar encode: returns the record of a call's arguments, or NOT_PLAIN. The event happens now,
        unless its time follows them.
    :ivar encode_checked: the same for arguments that are known to be plain.
    """

    __slots__ = ("encode", "encode_checked")

    def __init__(
        self, tag: tuple[str, str], names: EventNames, constants: Constants, max_bytes: int
    ) -> None:
        event_type = _event_type(tag, (*names, constants[0][0] if constants else "none"))
        tail = _tail(constants)
        self.encode = _encoding(event_type, tail, max_bytes)
        self.encode_checked = _encoding_checked(event_type, tail, max_bytes)


def _encoding(
    event_type: Callable[..., msgspec.Struct], tail: msgspec.Raw | None, max_bytes: int
) -> _Encode:
    def encode(
        event_name: object,
        login_user_key: object,
        login_user_id: object,
        anonymous_id: object,
        attributes: object,
        time_ms: int | None = None,
    ) -> bytes | NotPlain:
        if type(event_name) is not str or not event_name:
            return NOT_PLAIN
        if type(login_user_id) is not str or not login_user_id:
            if login_user_id is not None or login_user_key is not None or anonymous_id is None:
                return NOT_PLAIN
        elif login_user_key is not None and (type(login_user_key) is not str or not login_user_key):
            return NOT_PLAIN
        if anonymous_id is not None and (type(anonymous_id) is not str or not anonymous_id):
            return NOT_PLAIN
        if attributes is not None and not is_plain(attributes):
            return NOT_PLAIN
        if time_ms is None:
            time_ms = time.time_ns() // 1_000_000
        try:
            event = event_type(
                time_ms,
                event_name,
                login_user_key,
                login_user_id,
                anonymous_id,
                attributes or None,
                tail,
            )
            record: bytes = _json(event)
        except _UNUSUAL:
            return NOT_PLAIN
        return record if len(record) <= max_bytes else NOT_PLAIN

    return encode


def _encoding_checked(
    event_type: Callable[..., msgspec.Struct], tail: msgspec.Raw | None, max_bytes: int
) -> _Encode:
    def encode_checked(
        event_name: str,
        login_user_key: str | None,
        login_user_id: str | None,
        anonymous_id: str | None,
        attributes: msgspec.Struct | None,
    ) -> bytes | NotPlain:
        now = time.time_ns() // 1_000_000
        try:
            event = event_type(
                now, event_name, login_user_key, login_user_id, anonymous_id, attributes, tail
            )
            record: bytes = _json(event)
        except _UNUSUAL:
            return NOT_PLAIN
        return record if len(record) <= max_bytes else NOT_PLAIN

    return encode_checked


@lru_cache(maxsize=16)
def _event_type(tag: tuple[str, str], names: EventNames) -> Callable[..., msgspec.Struct]:
    """Return the class whose instances are encoded, without the fields that are ``None``."""
    fields = [*EVENT_ARGUMENTS, "tail"]
    return msgspec.defstruct(
        "PlainEvent",
        [*fields[:2], *((name, Any, None) for name in fields[2:])],
        omit_defaults=True,
        tag_field=tag[0],
        tag=tag[1],
        rename=dict(zip(fields, names, strict=True)),
        gc=False,
    )


def _tail(constants: Constants) -> msgspec.Raw | None:
    """Return the constants as JSON, from the value of the first, which stands for all of them."""
    if not constants:
        return None
    before = b"{%b:" % _json(constants[0][0])
    return msgspec.Raw(_json(dict(constants)).removeprefix(before)[:-1])


class PlainCalls(Generic[_T]):
    """Whole calls that track plain events, from their arguments to a receipt.

    :param events: makes records.
    :param way: the shortcut that they take.
    :param accept: called with kind and record if a record cannot take the shortcut.
    :param kind: the kind to pass to ``accept``.
    :param bindings: returns ``None`` if nothing is bound.
    :ivar track: tracks an event that happens now; returns its receipt, or NOT_PLAIN if it is not
        plain, or if something is bound here and now.
    :ivar track_checked: the same for arguments that are known to be plain.
    :ivar take: the same as ``track``, regardless of bindings.
    """

    __slots__ = ("take", "track", "track_checked")

    def __init__(
        self,
        events: PlainEvents,
        way: ShortWay,
        accept: Callable[[Any, bytes], _T],
        kind: object,
        bindings: Callable[[], object],
    ) -> None:
        def tracking(
            encode: _Encode, bindings: Callable[[], object]
        ) -> Callable[..., _T | NotPlain]:
            def track(
                event_name: object,
                login_user_key: object,
                login_user_id: object,
                anonymous_id: object,
                attributes: object,
            ) -> _T | NotPlain:
                if bindings() is not None:
                    return NOT_PLAIN
                record = encode(event_name, login_user_key, login_user_id, anonymous_id, attributes)
                if record is NOT_PLAIN:
                    return NOT_PLAIN
                receipt: _T | None = way.offer(record)
                return accept(kind, record) if receipt is None else receipt

            return track

        self.track = tracking(events.encode, bindings)
        self.track_checked = tracking(events.encode_checked, bindings)
        self.take = tracking(events.encode, _nothing_bound)


def _nothing_bound() -> None:
    """Answer as if nothing were bound."""

"""Plain events of the pure core, from the arguments of a call to its receipt.

What runs on every call has all that it needs in local variables, and small functions written out.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import lru_cache
from threading import get_ident
from typing import Any, Final, Generic, NamedTuple, TypeAlias, TypeVar

import msgspec

from growingio_tracker.core.contract import (
    EVENT_ARGUMENTS,
    NOT_PLAIN,
    Constants,
    EventNames,
    NotPlain,
)
from growingio_tracker.core.plain import is_plain
from growingio_tracker.core.pure_entrance import ShortWay

_T = TypeVar("_T")
_Track: TypeAlias = Callable[..., _T | NotPlain]
_Accept: TypeAlias = Callable[[Any, bytes], _T]
_json: Final = msgspec.json.Encoder().encode
# What a record of an unusual event is refused for; the slow path finds out why. It is nothing else,
# because signal handlers raise, too.
_UNUSUAL: Final = (TypeError, ValueError)


class CheckedAttributes(msgspec.Struct, gc=False):
    """Base class of attributes that were checked before the call."""


class _Form(NamedTuple):
    """What the records of a tracker's events have in common."""

    event_type: Callable[..., msgspec.Struct]
    tail: msgspec.Raw | None
    max_bytes: int


class PlainEvents:
    """Makes records of plain events, with the fields that all events of a tracker have.

    :param tag: JSON key and name of the event's type.
    :param names: JSON keys of the call's arguments.
    :param constants: what follows them in every record.
    :param max_bytes: a longer record is not plain.
    :ivar encode: returns the record of a call's arguments, or NOT_PLAIN. The event happens now,
        unless its time follows them.
    """

    __slots__ = ("encode", "form")

    def __init__(
        self, tag: tuple[str, str], names: EventNames, constants: Constants, max_bytes: int
    ) -> None:
        event_type = _event_type(tag, (*names, constants[0][0] if constants else "none"))
        self.form = _Form(event_type, _tail(constants), max_bytes)
        self.encode: _Track[bytes] = _tracking(
            self.form, ShortWay(), _the_record, None, _nothing_bound
        )


class PlainCalls(Generic[_T]):
    """Whole calls that track plain events, from their arguments to a receipt.

    :param events: makes records.
    :param way: the shortcut that they take.
    :param accept: called with kind and record if a record cannot take the shortcut.
    :param kind: the kind to pass to ``accept``.
    :param bindings: returns ``None`` if nothing is bound.
    :ivar track: tracks an event that happens now; returns its receipt, or NOT_PLAIN if it is not
        plain, or if something is bound here and now.
    :ivar take: the same as ``track``, regardless of bindings.
    """

    __slots__ = ("take", "track")

    def __init__(
        self,
        events: PlainEvents,
        way: ShortWay,
        accept: _Accept[_T],
        kind: object,
        bindings: Callable[[], object],
    ) -> None:
        self.track = _tracking(events.form, way, accept, kind, bindings)
        self.take = _tracking(events.form, way, accept, kind, _nothing_bound)


def _tracking(
    form: _Form,
    way: ShortWay,
    accept: _Accept[_T],
    kind: object,
    bindings: Callable[[], object],
) -> _Track[_T]:
    event_type, tail, max_bytes = form

    def track(  # noqa: PLR0912 - ten branches cost as much as one call of a function
        event_name: object,
        login_user_key: object,
        login_user_id: object,
        anonymous_id: object,
        attributes: object,
        time_ms: int | None = None,
    ) -> _T | NotPlain:
        if bindings() is not None or type(event_name) is not str or not event_name:
            return NOT_PLAIN
        if type(login_user_id) is not str or not login_user_id:
            if login_user_id is not None or login_user_key is not None or anonymous_id is None:
                return NOT_PLAIN
        elif login_user_key is not None and (type(login_user_key) is not str or not login_user_key):
            return NOT_PLAIN
        if anonymous_id is not None and (type(anonymous_id) is not str or not anonymous_id):
            return NOT_PLAIN
        try:
            if (
                attributes is not None
                and not is_plain(attributes)
                and not isinstance(attributes, CheckedAttributes)
            ):
                return NOT_PLAIN
            event = event_type(
                time.time_ns() // 1_000_000 if time_ms is None else time_ms,
                event_name,
                login_user_key,
                login_user_id,
                anonymous_id,
                attributes or None,
                tail,
            )
            record = _json(event)
        except _UNUSUAL:
            return NOT_PLAIN
        size = len(record)
        if size > max_bytes:
            return NOT_PLAIN
        entrance = way.entrance
        if entrance is None or not entrance.mark[0]:
            return accept(kind, record)
        senders, doorway, admission, ring, receipt_type, outcomes, lane = entrance.inside
        if senders and get_ident() in senders:
            return accept(kind, record)
        if doorway.busy:
            doorway.let_leave()
        # Ring.enter, without the call, and without `with`, which takes as long as all of this. The
        # lock is asked for inside, so that no exception of a signal handler can leave it locked.
        lock, receipt = doorway.lock, None
        try:
            lock.acquire()
            doorway.busy = True
            pending_bytes = admission.pending_bytes + size
            seq, total = ring.next_seq, ring.size + size
            if (
                seq < ring.news_seq
                and total < ring.news_size
                and admission.pending < admission.max_events
                and pending_bytes <= admission.max_bytes
            ):
                admission.pending += 1
                admission.pending_bytes = pending_bytes
                ring.next_seq = seq + 1
                ring.size = total
                ring.waiting.append(record)
                receipt = receipt_type(outcomes, lane, seq)
        except BaseException:
            doorway.give_up()
            raise
        doorway.busy = False
        lock.release()
        if receipt is None:  # it is news, or there is no room
            receipt = entrance.offer(record)
        return accept(kind, record) if receipt is None else receipt

    return track


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


def _the_record(kind: None, record: bytes) -> bytes:
    """Accept a record by returning it."""
    return record


def _nothing_bound() -> None:
    """Answer as if nothing were bound."""

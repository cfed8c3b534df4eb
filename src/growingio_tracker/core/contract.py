"""Constants and types shared by both cores and their users."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from enum import Enum
from threading import RLock
from typing import Any, Final, Literal, NamedTuple, Protocol, TypeAlias

_YIELDS: Final = 20

NOT_LET_IN: Final = -1
"""Result of a ring's ``enter`` if there is no room."""

NEWS: Final = -2
"""A ring's ``enter`` returns this minus the seq if the record begins a wait or fills a batch."""


HEAD_BYTES: Final = 28
"""Size of the header of a record on disk."""


class NotPlain(Enum):
    """The type of :data:`NOT_PLAIN`."""

    NOT_PLAIN = "not plain"


NOT_PLAIN: Final = NotPlain.NOT_PLAIN
"""The answer to an event that is not plain, and has to become a message."""


def is_plain(attributes: object) -> bool:
    """Return whether ``attributes`` can be encoded as it stands.

    True only for a dict of non-empty keys whose values are exactly str, int, bool or a finite
    float. This runs on every call, so it looks at types and touches nothing; lone surrogates
    show when the text is encoded.
    """
    if type(attributes) is not dict:
        return False
    try:
        for key, value in attributes.items():  # pyright: ignore[reportUnknownVariableType]
            if type(key) is not str or not key:  # pyright: ignore[reportUnknownArgumentType]
                return False
            kind = type(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
            if kind is str or kind is int or kind is bool:
                continue
            # NaN and the infinities are the only floats for which x - x is not 0.
            if kind is float and value - value == 0:
                continue
            return False
    except RuntimeError:  # another thread is changing it; the caller then works on a copy
        return False
    return True


class EventNames(NamedTuple):
    """The JSON keys of an event's arguments, in the order of a record."""

    time: str
    event_name: str
    login_user_key: str
    login_user_id: str
    anonymous_id: str
    attributes: str


Constants: TypeAlias = "tuple[tuple[str, str], ...]"
"""JSON keys and their values in all events of a tracker."""


class UsualValues(NamedTuple):
    """The usual values of an attribute: those of one type that need no further check.

    :param type: ``"string"``, ``"integer"``, ``"number"`` or ``"boolean"``; ``""`` for none.
    :param allowed: the allowed values; ``None`` allows all.
    :param is_bounded: whether a number must be from ``low`` to ``high``.
    """

    name: str
    is_required: bool
    type: str
    allowed: frozenset[object] | None
    is_bounded: bool = False
    low: float = -math.inf
    high: float = math.inf


USUAL_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,),
    "integer": (int,),
    "number": (float, int),
    "boolean": (bool,),
}
"""The types of the values that are usual for a ``type`` of :class:`UsualValues`."""


class Doorway:
    """Entry to a room, one record at a time: its lock, and whether an entry is in progress.

    :param lock: the room's.
    """

    __slots__ = ("busy", "lock")

    def __init__(self, lock: RLock) -> None:
        self.lock = lock
        # Only a hint, which needs no lock.
        self.busy = False

    def let_leave(self) -> None:
        """Give the thread that is offering a record time to finish, before asking for the lock.

        A thread that sleeps for the lock owns it before it runs. From then on, all threads that
        track would wait for each other at every event, at five times the cost of a call. This
        gives up soon, because it may be a signal handler that interrupted its own thread's offer.
        """
        for _ in range(_YIELDS):
            time.sleep(0)
            if not self.busy:
                return


class BoundTracker(Protocol):
    """What both cores read of a tracker at every call."""

    @property
    def plain_calls(self) -> Any:
        """Its :class:`~growingio_tracker.core.PlainCalls`; ``None`` if filters see each message."""
        ...

    @property
    def own_binding(self) -> object:
        """What is bound to the tracker itself, everywhere; ``None`` if nothing is."""
        ...


class TakenRecords(Protocol):
    """Records taken from a ring: a batch, or the last part of one."""

    @property
    def records(self) -> tuple[bytes, ...]:
        """The records."""
        ...

    @property
    def first_seq(self) -> int:
        """The seq of the first."""
        ...


FieldForm: TypeAlias = Literal["text", "integer", "code", "texts", "message"]


class FieldOf(NamedTuple):
    """One field of a protobuf message.

    :param key: its key in JSON.
    :param form: how its value is written: a ``str`` as text, an ``int`` as integer, a name as its
        code, an object as a map of texts, an object as a message of its own.
    :param more: the codes by name, or the fields of that message; ``None`` for other forms.
    """

    key: str
    number: int
    form: FieldForm
    more: Any = None


EncodeRecord: TypeAlias = Callable[[bytes], bytes]
"""Returns the protobuf message of one record."""

Announce: TypeAlias = Callable[[int], object]
"""Called with the seq of a record that begins a wait or fills a batch."""

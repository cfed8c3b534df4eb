"""Types of what the core is given: planned values, protobuf fields, and others' objects.

Most programs need none of them at run time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, NamedTuple, Protocol, TypeAlias


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

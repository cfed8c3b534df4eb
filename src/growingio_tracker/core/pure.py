"""Pure core: the compiled core's functions in Python and msgspec.

It is used if there is no compiled core, and is the reference for the compiled one. Its steps take
several bytecodes, so callers of a :class:`Ring` or an :class:`Admission` hold the room's lock;
:class:`Entrance` takes it itself. Each subject has a file, as in the compiled core.
"""

from __future__ import annotations

from collections.abc import Sequence

from growingio_tracker.core.inputs import BoundTracker, EncodeRecord, FieldOf
from growingio_tracker.core.pure_calls import PlainCalls, PlainEvents
from growingio_tracker.core.pure_entrance import (
    Entrance,
    ReceiptBase,
    ShortWay,
    process_number,
)
from growingio_tracker.core.pure_journal import Entries, JournalEnd, SegmentBase, packed
from growingio_tracker.core.pure_planned import PlannedEvent
from growingio_tracker.core.pure_ring import Admission, Ring
from growingio_wire.protobuf_fields import LENGTH, delimited, tag

__all__ = [
    "Admission",
    "Entrance",
    "Entries",
    "JournalEnd",
    "PlainCalls",
    "PlainEvents",
    "PlannedEvent",
    "ProtobufList",
    "ReceiptBase",
    "Ring",
    "SegmentBase",
    "ShortWay",
    "join_array",
    "packed",
    "process_number",
    "speed_up",
]


def speed_up(tracker_class: type[BoundTracker]) -> None:
    """Do nothing: the method that trackers have is what there is."""


def join_array(records: Sequence[bytes]) -> bytes:
    """Return the JSON array of records."""
    return b"[%b]" % b",".join(records)


class ProtobufList:
    """Writes records as the protobuf message that lists them.

    :param number: the field number of the list.
    :param fields: what a record may hold.
    :param otherwise: writes a record that is unusual in any way; here, every one.
    """

    __slots__ = ("_otherwise", "_tag")

    def __init__(self, number: int, fields: tuple[FieldOf, ...], otherwise: EncodeRecord) -> None:
        self._tag = tag(number, LENGTH)
        self._otherwise = otherwise

    def encode(self, records: Sequence[bytes]) -> bytes:
        """Return the message that lists records."""
        return b"".join([delimited(self._tag, one) for one in map(self._otherwise, records)])

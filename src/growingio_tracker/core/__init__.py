"""Hot path of every event: the compiled core if available, otherwise pure Python.

This is the one place that chooses. Both cores have the same names and do the same:

==================  ================================================================================
``PlainEvents``     checks, escapes and encodes a plain event in one pass; anything unusual is
                    ``NOT_PLAIN``, and becomes a message, whose check words the error
``Admission``       counts of pending records, and their limits
``Ring``            the records of one lane; letting one in, bounds and counts included, is one step
                    that neither thread nor signal handler can split
``JournalEnd``      the same for a lane on disk, where the record is written in that step
``Entries``         the records read from a segment; ``SegmentBase``, its counts
``packed``          a record as it is on disk
``Entrance``        a pipeline's shortcut into its waiting room, in this process only
``ShortWay``        a tracker's reference to a consumer, which leads to the current entrance
``PlainCalls``      a whole call, from its arguments to its receipt
``PlannedEvent``    the calls of one event whose attributes are known beforehand
``ReceiptBase``     where the event of a call is queued
``speed_up``        has trackers read the arguments of a call in the core, too
``join_array``      the JSON body of records
``ProtobufList``    the protobuf body of records
``process_number``  tells a forked child from its parent
==================  ================================================================================

``GROWINGIO_PURE=1`` in the environment chooses the pure core even if there is a compiled one.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from growingio_tracker.core.contract import (
    EVENT_ARGUMENTS,
    HEAD_BYTES,
    NEWS,
    NOT_LET_IN,
    NOT_PLAIN,
    Announce,
    Doorway,
    EventNames,
    NotPlain,
)
from growingio_tracker.core.plain import is_plain

# The types are those of the compiled core, whose stub both keep.
if TYPE_CHECKING:
    from growingio_tracker.core import compiled as _core
elif os.environ.get("GROWINGIO_PURE") == "1":
    from growingio_tracker.core import pure as _core
else:
    try:
        from growingio_tracker.core import compiled as _core
    except ImportError:  # it was built without a compiler
        from growingio_tracker.core import pure as _core

IS_COMPILED: Final = _core.__name__ == f"{__name__}.compiled"
"""Whether the compiled core was chosen."""

Admission = _core.Admission
PlainCalls = _core.PlainCalls
PlannedEvent = _core.PlannedEvent
ShortWay = _core.ShortWay
Entrance = _core.Entrance
Entries = _core.Entries
JournalEnd = _core.JournalEnd
PlainEvents = _core.PlainEvents
ProtobufList = _core.ProtobufList
ReceiptBase = _core.ReceiptBase
Ring = _core.Ring
SegmentBase = _core.SegmentBase
join_array = _core.join_array
packed = _core.packed
process_number = _core.process_number
speed_up = _core.speed_up

__all__ = [
    "EVENT_ARGUMENTS",
    "HEAD_BYTES",
    "IS_COMPILED",
    "NEWS",
    "NOT_LET_IN",
    "NOT_PLAIN",
    "Admission",
    "Announce",
    "Doorway",
    "Entrance",
    "Entries",
    "EventNames",
    "JournalEnd",
    "NotPlain",
    "PlainCalls",
    "PlainEvents",
    "PlannedEvent",
    "ProtobufList",
    "ReceiptBase",
    "Ring",
    "SegmentBase",
    "ShortWay",
    "is_plain",
    "join_array",
    "packed",
    "process_number",
    "speed_up",
]

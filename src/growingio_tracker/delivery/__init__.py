"""Delivery engine: queue, workers and sender. Here are the types that all of it shares.

These are batches, outcomes and limits, and the interface of storage: :class:`Records` hold the
queued records of one lane, in the core's ring in memory or in a spool.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, NamedTuple, Protocol, TypeAlias

from msgspec import Struct

from growingio_tracker.core import Admission
from growingio_tracker.model.option_types import SECONDS, choice, whole
from growingio_tracker.model.options import Options, OptionTypes
from growingio_wire.errors import GrowingIOException
from growingio_wire.table import Kind

Overflow: TypeAlias = Literal["drop_new", "drop_oldest", "block", "raise"]


class Destination(NamedTuple):
    """Destination of records. ``server_host`` has no trailing slash."""

    product_id: str
    data_source_id: str
    server_host: str


class Batch(Struct, frozen=True):
    """Records of one kind that are sent together.

    :param size: the total size of the records in bytes.
    :param first_seq: the seq of the first record: the number of records that entered its lane
        before it.
    :param lane: the number of its lane; 0 outside of a waiting room.
    """

    kind: Kind
    records: tuple[bytes, ...]
    size: int
    first_seq: int = 0
    lane: int = 0

    @staticmethod
    def of(kind: Kind, records: tuple[bytes, ...]) -> Batch:
        """Return a batch that does not come from a lane."""
        return Batch(kind, records, sum(map(len, records)))

    def __len__(self) -> int:
        return len(self.records)

    @property
    def end_seq(self) -> int:
        """The seq after that of the last record."""
        return self.first_seq + len(self.records)

    def halves(self) -> tuple[Batch, Batch]:
        """Return the two halves of a batch of at least two records, in order."""
        middle = len(self.records) // 2
        return self.before(middle), self.after(middle)

    def before(self, events: int) -> Batch:
        """Return the first ``events`` records."""
        records = self.records[:events]
        return Batch(self.kind, records, sum(map(len, records)), self.first_seq, self.lane)

    def after(self, events: int) -> Batch:
        """Return what follows the first ``events`` records."""
        records = self.records[events:]
        seq = self.first_seq + events
        return Batch(self.kind, records, sum(map(len, records)), seq, self.lane)

    def followed_by(self, parts: list[Batch]) -> Batch:
        """Return this batch joined with the ``parts`` that directly follow it."""
        records = self.records + tuple(record for part in parts for record in part.records)
        size = self.size + sum(part.size for part in parts)
        return Batch(self.kind, records, size, self.first_seq, self.lane)


class Delivered(Struct, frozen=True):
    """The server, or the broker, accepted the batch."""


class Rejected(Struct, frozen=True):
    """The batch can never be delivered: it would be rejected again."""

    reason: str
    error: GrowingIOException


class Postponed(Struct, frozen=True):
    """The batch was not delivered, and is back at the head of its lane.

    :param pause_s: seconds to wait before the next attempt.
    :param everywhere: whether to pause for the whole server, or only for this kind's address.
    """

    error: GrowingIOException
    pause_s: float
    everywhere: bool = True


Outcome: TypeAlias = Delivered | Rejected | Postponed


class QueueLimits(Options, frozen=True):
    """Limits of a queue, and what to do when it is full.

    :param max_events: maximum number of queued events; at least 1.
    :param max_bytes: maximum size of the queued records; at least 1.
    :param overflow: what to do with a new event when the queue is full. ``"drop_new"`` drops it,
        ``"drop_oldest"`` drops the oldest one, ``"block"`` waits up to ``block_s`` and then
        drops it, ``"raise"`` raises :class:`~growingio_wire.errors.QueueFullError`. Every
        loss is counted and reported.
    :param block_s: maximum seconds that ``"block"`` waits; 0 does not wait.
    """

    types: ClassVar[OptionTypes] = {
        "max_events": whole(1),
        "max_bytes": whole(1),
        "overflow": choice("drop_new", "drop_oldest", "block", "raise"),
        "block_s": SECONDS,
    }
    shown_as: ClassVar[str] = "QueueLimits: "

    max_events: int = 100_000
    max_bytes: int = 64 * 1024 * 1024
    overflow: Overflow = "drop_new"
    block_s: float = 1.0


class BatchLimits(Struct, frozen=True):
    """Limits at which a batch is sent, as soon as one of them is reached.

    :param max_events: number of queued records; also the maximum of a batch.
    :param max_bytes: bytes of queued records; a batch exceeds it only if a single record does.
    :param linger_s: seconds since the oldest record was queued; ``None`` has no time limit.
    """

    max_events: int = 500
    max_bytes: int = 5 * 1024 * 1024
    linger_s: float | None = 10.0

    def are_reached(self, events: int, size: int) -> bool:
        """Return whether this number of queued records, or their size, fills a batch."""
        return events >= self.max_events or size >= self.max_bytes


class Sends(Protocol):
    """Interface of a driver, which gets batches out of a waiting room."""

    flush_sends: bool
    """Whether the thread that flushes also sends."""
    queues: bool
    """Whether events are queued in the room."""

    def drive(self) -> None:
        """Send what is due, or wake the thread that sends."""
        ...

    def is_callback(self) -> bool:
        """Return whether this thread sends, or runs a callback of one that does."""
        ...


Mark: TypeAlias = Mapping[int, int]
"""A point in time of a waiting room: the seq of the next record of each lane."""


class Records(Protocol):
    """Queued records of one lane, oldest first. The room's lock is held around every call.

    Only the core's entrance adds records to a ring without it.

    A record's seq is the number of records that entered before it. A dropped record leaves a gap;
    a batch never spans one.
    """

    @property
    def size(self) -> int:
        """Size of the queued records in bytes."""
        ...

    @property
    def next_seq(self) -> int:
        """The seq of the next record to enter."""
        ...

    def __len__(self) -> int:
        """Return the number of queued records."""
        ...

    def enter(self, admission: Admission, record: bytes, /) -> int:
        """Let one record in behind all others and count it, in one step, if there is room for it.

        Returns its seq; ``NEWS - seq`` when it begins a wait, because it is the only one, or fills
        a batch; ``NOT_LET_IN`` when there is no room.

        :raises SpoolError: if the disk cannot take it; then nothing has changed.
        """
        ...

    def first_seq(self) -> int:
        """Return the seq of the oldest queued record; ``next_seq`` if there is none."""
        ...

    def came_back(self) -> bool:
        """Return whether the oldest queued record was taken and put back."""
        ...

    def take(self) -> tuple[int, tuple[bytes, ...], int]:
        """Take out the next batch: the seq of its first record, the records, and their size.

        :raises SpoolError: if they cannot be read.
        """
        ...

    def put_back(self, batch: Batch, /) -> None:
        """Put the records of a batch back at the head."""
        ...

    def drop_oldest(self) -> int:
        """Drop the oldest queued record, and return its size.

        :raises IndexError: if none does.
        """
        ...

    def drop_all(self) -> tuple[int, int]:
        """Give up the queued records at the end of closing; return the number and bytes lost.

        On disk, nothing is lost: records stay there for the next process.
        """
        ...

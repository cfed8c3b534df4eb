"""Lanes of a waiting room: records of one kind, in order, and the time when a batch is due.

A :class:`Lane` keeps the schedule and the batches in flight; its records are queued in a ring in
memory or in a spool. :class:`Lanes` are all lanes of a room, and choose which one
a record enters: by its kind, and with several shards by its owner.
"""

from __future__ import annotations

import itertools
import math
import zlib
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeAlias

import msgspec

from growingio_tracker.core import JournalEnd, Ring
from growingio_tracker.delivery import (
    Batch,
    BatchLimits,
    Outcome,
    Records,
    Rejected,
)
from growingio_tracker.delivery.receipt import Fate
from growingio_wire.table import Kind, camel


class Lane:
    """Records of one kind, and their schedule. It has no lock; the room's lock is held.

    :param number: unique in the room, and never reused.
    :param records: the queued records.
    """

    __slots__ = (
        "enter",
        "flight_seq",
        "flush_to",
        "in_flight",
        "kind",
        "limits",
        "number",
        "paused_until",
        "records",
        "since",
    )

    def __init__(self, number: int, kind: Kind, limits: BatchLimits, records: Records) -> None:
        self.number = number
        self.kind = kind
        self.limits = limits
        self.records = records
        self.enter = records.enter  # an attribute, because every call needs it
        self.since = 0.0  # when the queued records began to linger
        self.flush_to = 0  # everything before this seq is due now
        self.paused_until = 0.0  # nothing is due before
        self.in_flight = 0  # records of the batch taken that have no outcome yet
        self.flight_seq = 0  # the seq of the first of them

    def oldest_unsettled(self) -> int:
        """Return the seq of the oldest record without an outcome."""
        first = self.records.first_seq()
        # Some records of the batch may be queued again already.
        return min(first, self.flight_seq) if self.in_flight else first

    def due_at(self) -> float:
        """Return when a batch is due; infinity if none can be sent, or none is due."""
        linger_s = self.limits.linger_s
        if self.in_flight or not len(self.records):
            return math.inf
        if self.is_ripe():
            return max(self.since, self.paused_until)
        if linger_s is None:
            return math.inf
        lingers = 0.0 if self.records.came_back() else linger_s
        return max(self.since + lingers, self.paused_until)

    def is_ripe(self) -> bool:
        """Return whether a batch does not linger, because it is full or is being flushed."""
        records = self.records
        is_full = self.limits.are_reached(len(records), records.size)
        return is_full or records.first_seq() < self.flush_to

    def take(self, now: float) -> Batch:
        """Take the next batch, which is in flight from now on; lingering starts again.

        :raises SpoolError: if its records cannot be read.
        """
        self.flight_seq, records, size = self.records.take()
        self.in_flight = len(records)
        self.since = now
        return Batch(self.kind, records, size, self.flight_seq, self.number)

    def land(self, batch: Batch) -> None:
        """Remove the oldest part of what is in flight."""
        self.flight_seq += len(batch)
        self.in_flight -= len(batch)


class Room(Protocol):
    """Callbacks of lanes to their waiting room, called with its lock held."""

    def note_due(self) -> None:
        """Wake the threads that take batches: something may have become due."""
        ...

    def note_fate(self, lane: int, first_seq: int, end_seq: int, fate: Fate) -> None:
        """Remember the fate of records that left the queue without being delivered."""
        ...

    def wake_ready(self) -> None:
        """Wake the threads whose condition has become true."""
        ...


Lead: TypeAlias = "Callable[[JournalEnd[Any] | None, Lane | None], None]"
"""Called with the journal's end, and its lane, that events enter from now on; ``None``: none."""


class Lanes:
    """The lanes of one waiting room, with hooks for what else their storage needs.

    The hooks of this base class do nothing, which is all that lanes in memory need.

    :ivar numbers: the numbers of further lanes. None is used twice.
    :ivar by_number: the existing lanes, guarded by the room's lock.
    :ivar by_kind: the lane of each kind, if the kind alone decides which one a record enters;
        ``None`` if :meth:`choose` does.
    :ivar confirm: called without the lock after a record has entered, before the tracking call
        returns; it may wait. ``None`` does nothing.
    :ivar keep: whether records left at the end are kept for the next process.
    :ivar look_every_s: seconds between two calls of :meth:`look_around`; infinity never calls it.
    """

    keep = False
    look_every_s = math.inf

    def __init__(self) -> None:
        self.numbers = itertools.count(1)
        self.by_number: dict[int, Lane] = {}
        self.by_kind: Mapping[Kind, Lane] | None = None
        self.confirm: Callable[[], None] | None = None

    def attach(self, room: Room) -> None:
        """Work for ``room`` from now on; called once, before anything else."""

    def choose(self, kind: Kind, record: bytes) -> Lane | None:
        """Return the lane that ``record`` enters; ``None`` if closed. Called without the lock.

        :raises SpoolError: if the disk cannot be used.
        """
        return None

    def source_of(self, batch: Batch) -> str | None:
        """Return a name that identifies the lane of a batch across processes, forever.

        ``None`` if its records are in this process only. Called without the lock.
        """
        return None

    def tell_of_journals(self, lead: Lead) -> bool:
        """Call ``lead`` whenever events enter another journal; return False if they enter none."""
        return False

    def look_around(self) -> None:
        """Do periodic work. Called without the lock."""

    def may_send(self) -> bool:
        """Return False if another process sends the queued records. Called without the lock."""
        return True

    def hand_over(self) -> None:
        """Leave the queued records to that process."""

    def repair(self, error: Exception) -> None:
        """Handle an error of taking records. Called without the lock."""

    def keep_rejected(self, batch: Batch, outcome: Rejected) -> Outcome:
        """Keep rejected records elsewhere; return the outcome. Called without the lock."""
        return outcome

    def settled(self, batch: Batch) -> None:
        """Remove records that have an outcome. Called with the lock held."""

    def given_up(self, kind: Kind | None) -> None:
        """Remove records that were given up; ``None`` is every kind. Called with the lock held."""


class MemoryLanes(Lanes):
    """Lanes in memory, ``shards`` of them for each kind.

    Each lane sends one batch at a time. All events of a user go through one lane, and so do all
    states of an item, so they keep their order; with several shards, events of different users may
    overtake each other. Users are told apart by login user id, or by anonymous id without one.

    :param batches: the limits of a batch of each kind.
    """

    def __init__(self, batches: Mapping[Kind, BatchLimits], shards: int = 1) -> None:
        super().__init__()
        self._shards = [
            {kind: self._add(kind, batches[kind]) for kind in Kind} for _ in range(shards)
        ]
        if shards == 1:
            self.by_kind = self._shards[0]

    def choose(self, kind: Kind, record: bytes) -> Lane | None:
        """Return the lane of the record's owner."""
        owner = _read_owner(record)
        name = owner.user_id or owner.device_id or owner.id or ""
        return self._shards[zlib.crc32(name.encode()) % len(self._shards)][kind]

    def _add(self, kind: Kind, limits: BatchLimits) -> Lane:
        lane = Lane(next(self.numbers), kind, limits, Ring(limits.max_events, limits.max_bytes))
        self.by_number[lane.number] = lane
        return lane


class _Owner(msgspec.Struct, rename=camel):
    """Fields of a record that decide which other records it must not overtake."""

    user_id: str | None = None
    device_id: str | None = None
    id: str | None = None


_read_owner = msgspec.json.Decoder(_Owner).decode

"""Stores opened by this process, their lanes, and the space left in the directory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from growingio_tracker.core import Admission, JournalEnd
from growingio_tracker.delivery import Batch, BatchLimits
from growingio_tracker.delivery.lanes import Lane, Lead
from growingio_tracker.delivery.spool.disk_records import DiskRecords, EntryTime
from growingio_tracker.delivery.spool.segment import Count
from growingio_tracker.delivery.spool.store import Store
from growingio_wire.table import Kind

_UNCOUNTED_BYTES: Final = 64 * 1024
_NO_ROOM: Final = -1  # 0 would mean that it is closed


class OpenStore:
    """A store as a part of a waiting room. Called with the room's lock held.

    :param numbers: for its lanes.
    :param time: the time at which a record enters.
    :param on_lost: called with records that were counted and are missing.
    :ivar missing: how many records that an earlier process accepted are missing.
    """

    def __init__(
        self,
        store: Store,
        batches: Mapping[Kind, BatchLimits],
        numbers: Iterator[int],
        time: EntryTime,
        on_lost: Callable[[Count], None],
    ) -> None:
        self.store = store
        self.lanes: dict[Kind, Lane] = {}
        self._records: dict[int, DiskRecords] = {}
        for kind, journal in store.journals.items():
            records = DiskRecords(journal, batches[kind], time, on_lost)
            lane = Lane(next(numbers), kind, batches[kind], records)
            lane.flush_to = records.next_seq
            self.lanes[kind] = lane
            self._records[lane.number] = records
        self.missing = sum(records.missing.events for records in self._records.values())

    def end_of(self, kind: Kind) -> tuple[JournalEnd[Any], Lane]:
        """Return where records of a kind enter, and their lane."""
        lane = self.lanes[kind]
        return self._records[lane.number].end, lane

    @property
    def in_flight(self) -> bool:
        """Whether something was taken that has no outcome."""
        return any(lane.in_flight for lane in self.lanes.values())

    def waiting(self) -> Count:
        """Return how many records and bytes are queued."""
        records = self._records.values()
        return Count(sum(map(len, records)), sum(one.size for one in records))

    def expire(self, now_ms: int, max_age_s: float) -> Count:
        """Drop what is older; return how many records and bytes are lost."""
        max_age_ms = int(max_age_s * 1000)
        return _total(
            Count(*records.expire(now_ms, max_age_ms)) for records in self._records.values()
        )

    def has(self, lane: int) -> bool:
        """Return whether the lane with this number is one of its lanes."""
        return lane in self._records

    def remove(self, batch: Batch) -> None:
        """Remove records that have an outcome; see :meth:`DiskRecords.remove`."""
        self._records[batch.lane].remove(batch)

    def read_ahead(self, batch: Batch) -> None:
        """Read what follows a batch; see :meth:`DiskRecords.read_ahead`."""
        self._records[batch.lane].read_ahead(batch)

    def remove_settled(self) -> None:
        """Remove files that have become empty; see :meth:`DiskRecords.remove`."""
        for records in self._records.values():
            records.remove_settled()

    def is_done(self) -> bool:
        """Return whether there is nothing left to do."""
        return all(records.is_done() for records in self._records.values())

    def let_go(self) -> None:
        """Queue nothing here any more."""
        for records in self._records.values():
            records.let_go()


class OpenStores:
    """All stores that this process uses. Called with the room's lock held.

    :param by_number: the lanes of the room, which include those of the stores.
    :param numbers: for further lanes.
    :param time: the time at which a record enters.
    :param on_lost: called with records that were counted and are missing.
    :ivar lead: called whenever :attr:`own` changes.
    """

    def __init__(
        self,
        batches: Mapping[Kind, BatchLimits],
        by_number: dict[int, Lane],
        numbers: Iterator[int],
        time: EntryTime,
        on_lost: Callable[[Count], None],
    ) -> None:
        self.lead: Lead = _nowhere
        self._own: OpenStore | None = None
        self._batches = batches
        self._by_number = by_number
        self._numbers = numbers
        self._time = time
        self._on_lost = on_lost
        self._all: list[OpenStore] = []

    @property
    def own(self) -> OpenStore | None:
        """The store that records enter; ``None`` until one does."""
        return self._own

    @own.setter
    def own(self, one: OpenStore | None) -> None:
        self._own = one
        self.lead(*((None, None) if one is None else one.end_of(Kind.EVENT)))

    def __iter__(self) -> Iterator[OpenStore]:
        return iter(self._all.copy())

    def add(self, store: Store) -> OpenStore:
        """Add a store."""
        one = OpenStore(store, self._batches, self._numbers, self._time, self._on_lost)
        lanes = {lane.number: lane for lane in one.lanes.values()}
        # No call from here on, because a signal handler could run during it and leave a half.
        self._by_number |= lanes
        self._all += (one,)
        return one

    def forget(self, one: OpenStore) -> None:
        """Forget a store, without closing it."""
        self._all.remove(one)
        for lane in one.lanes.values():
            self._by_number.pop(lane.number, None)  # a signal handler may have forgotten it

    def store_of(self, batch: Batch) -> OpenStore | None:
        """Return the store that a batch is from, unless it has been forgotten."""
        return next((one for one in self if one.has(batch.lane)), None)

    def remove_settled(self) -> None:
        """Remove files that have become empty; see :meth:`DiskRecords.remove`."""
        for one in self._all:
            one.remove_settled()

    def release_finished(self) -> None:
        """Release the stores with nothing left to do, except the own one."""
        for one in [one for one in self._all if one is not self.own and one.is_done()]:
            one.let_go()
            try:
                self.forget(one)
            finally:
                one.store.release()

    def bytes_on_disk(self) -> int:
        """Return the size of all their files."""
        return sum(one.store.bytes_on_disk() for one in self._all)


class DirectoryBounds:
    """The bounds of a room, applied to its whole directory, including the stores of others.

    :param admission: the room's. Its bounds are set to what the directory still has room for.
    """

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._max_events = admission.max_events
        self._max_bytes = admission.max_bytes
        self.others: tuple[int, int] = (0, 0)
        """The records and the bytes of other processes' stores."""

    def apply(self, on_disk: int) -> None:
        """Admit only what there is still room for, with the lock held.

        A segment takes space until the last of its records has an outcome, and records have
        headers. A little of that is not counted, so that a small bound is one of records.

        :param on_disk: the bytes of this process's stores.
        """
        admission = self._admission
        if admission.closed:
            return
        events, size = self.others
        done = max(0, on_disk - admission.pending_bytes - _UNCOUNTED_BYTES)
        admission.max_events = self._max_events - events or _NO_ROOM
        admission.max_bytes = self._max_bytes - size - done


def _nowhere(end: JournalEnd[Any] | None, lane: Lane | None) -> None:
    """Tell nobody."""


def _total(counts: Iterator[Count]) -> Count:
    columns = list(zip(*counts, strict=True))
    return Count(sum(columns[0]), sum(columns[1]))

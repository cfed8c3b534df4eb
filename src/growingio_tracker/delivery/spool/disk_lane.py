"""The records of one kind that wait in a store."""

from __future__ import annotations

import sqlite3

from growingio_tracker.delivery.contract import Batch, BatchLimits
from growingio_tracker.delivery.lane import Lane
from growingio_tracker.delivery.spool.store import Store
from growingio_tracker.wire import Kind


class DiskLane(Lane):
    """Records in a table. What is in flight stays there until it has an outcome.

    What an earlier process left in the table waits from the beginning, and has lingered enough.

    :param grows: whether records are added. A table that only shrinks goes as a whole in the end,
        so that what has an outcome is not removed one by one, which doubles the pace.
    """

    __slots__ = ("_grows", "_store", "_unremoved", "first", "lingered_to", "waiting")

    def __init__(self, kind: Kind, limits: BatchLimits, store: Store, *, grows: bool) -> None:
        super().__init__(kind, limits)
        self._store = store
        self._grows = grows
        contents = store.found[kind]
        self.waiting = contents.events
        self.size = contents.size
        self.entered = contents.last + 1
        self.first = contents.first  # the oldest that waits, if one does
        self.flush_to = self.lingered_to = self.entered
        self._unremoved: list[Batch] = []  # settled, but the disk would not have it

    def __len__(self) -> int:
        return self.waiting

    def head(self) -> int:
        """Return the place of the oldest record that waits; of the next one if none does."""
        return self.first if self.waiting else self.entered

    def is_done(self) -> bool:
        """Return whether nothing waits, is in flight, or has to be removed."""
        return not (self.waiting or self.in_flight or self._unremoved)

    def came_back(self) -> bool:
        """Return whether the oldest record that waits has lingered before."""
        return self.head() < self.lingered_to

    def write(self, record: bytes, at_ms: int) -> int:
        """Put one record behind all others, where it does not wait yet; return its place.

        :raises sqlite3.Error: when the disk cannot take it; then nothing has changed.
        """
        # The place is taken first: a signal handler that tracks may come back in here.
        place, self.entered = self.entered, self.entered + 1
        self._store.append(self.kind, place, at_ms, record)
        return place

    def recount(self) -> None:
        """Count again what waits, after a call that a signal handler ended nobody knows where."""
        there = self._store.measure(self.kind, 0, self.entered)
        gone = [self._store.measure(self.kind, *places) for places in self._taken()]
        self.waiting = there[0] - sum(events for events, _ in gone)
        self.size = there[1] - sum(size for _, size in gone)
        self._find_first()

    def pending(self) -> tuple[int, int]:
        """Return how many records and bytes wait or are in flight."""
        end = self.flight_first + self.in_flight
        size = self._store.measure(self.kind, self.flight_first, end)[1] if self.in_flight else 0
        return self.waiting + self.in_flight, self.size + size

    def drop_oldest(self) -> int:
        """Drop the oldest record that waits; return its size."""
        return self._drop_to(self.first + 1)[1]

    def drop_all(self) -> tuple[int, int]:
        """Leave what is in the table to the next process; that costs nothing."""
        self.waiting = self.size = 0
        self._unremoved.clear()
        return 0, 0

    def expire(self, before_ms: int) -> tuple[int, int]:
        """Drop what entered before then; return how many records and bytes that cost."""
        oldest_ms = self._store.oldest_ms(self.kind, self.first) if self.waiting else None
        if oldest_ms is None or oldest_ms >= before_ms:
            return 0, 0
        kept = self._store.first_from(self.kind, self.first, before_ms)
        return self._drop_to(self.entered if kept is None else kept)

    def put_back(self, batch: Batch, size: int) -> None:
        """Let the records of a batch, which never left the table, wait at the head again."""
        # Of a batch with several rejected parts that cannot be buried, each comes back by itself.
        self.first = min(self.first, batch.first) if self.waiting else batch.first
        self.waiting += len(batch)
        self.size += size
        self.lingered_to = max(self.lingered_to, batch.first + len(batch))

    def remove(self, batch: Batch) -> None:
        """Remove records that have an outcome.

        When the disk does not let them go, the next call tries again; a process that ends before
        leaves them to be sent once more.

        :raises sqlite3.Error: in that case.
        """
        self._unremoved.append(batch)
        self.remove_settled()

    def remove_settled(self) -> None:
        """Remove what has an outcome and is still there; see :meth:`remove`."""
        while self._unremoved:
            oldest = self._unremoved[0]
            end = oldest.first + len(oldest)
            if self._grows or self._oldest_without_outcome() < end:
                self._store.remove(self.kind, oldest.first, end)
            else:
                self._store.settle_to(self.kind, end)
            del self._unremoved[0]

    def _oldest_without_outcome(self) -> int:
        # A part that could not become a dead letter waits while what stood behind it is in flight.
        return min(self.head(), self.flight_first) if self.in_flight else self.head()

    def _pop_records(self) -> tuple[int, tuple[bytes, ...]]:
        # Not what is there but what has been counted: a call may have been interrupted in between.
        most = min(self.max_events, self.waiting)
        behind = self.entered
        with self._store.reading(self.kind, self.first) as rows:
            waiting = filter(self._has_no_outcome, rows) if self._unremoved else rows
            oldest = next(waiting, None)
            if oldest is None:  # a signal handler sent all the others amid a call that adds one
                self._find_first()
                if self.first == self.entered:
                    raise sqlite3.DatabaseError("events that waited here are not there any more")
                return self._pop_records()
            first, record = oldest
            records, room = [record], self.max_bytes - len(record)
            fitting = first + 1
            for place, record in waiting:
                room -= len(record)
                if place != fitting or place == first + most or room < 0:
                    behind = place
                    break
                records.append(record)
                fitting += 1
        self.first = behind
        self.waiting -= len(records)
        self.size -= sum(map(len, records))
        return first, tuple(records)

    def _find_first(self) -> None:
        """Look for the oldest record that waits."""
        first = self._store.first_from(self.kind, 0)
        for begin, end in self._taken():
            if first is not None and begin <= first < end:
                first = self._store.first_from(self.kind, end)
        self.first = self.entered if first is None else first

    def _taken(self) -> list[tuple[int, int]]:
        """Return the places of what is in the table and does not wait, in their order."""
        flying = (self.flight_first, self.flight_first + self.in_flight)
        return sorted([flying, *((one.first, one.first + len(one)) for one in self._unremoved)])

    def _has_no_outcome(self, row: tuple[int, bytes]) -> bool:
        """Return False for a record that is only there because the disk did not let it go.

        On a full disk such records stand behind those that could not become dead letters.
        """
        return not any(one.first <= row[0] < one.first + len(one) for one in self._unremoved)

    def _drop_to(self, end: int) -> tuple[int, int]:
        dropped = self._store.measure(self.kind, self.first, end)
        self._store.remove(self.kind, self.first, end)
        self.first = self._store.first_from(self.kind, end) or self.entered
        self.waiting -= dropped[0]
        self.size -= dropped[1]
        return dropped

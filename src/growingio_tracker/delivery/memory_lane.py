"""The records of one kind that wait in memory."""

from __future__ import annotations

from collections import deque

from growingio_tracker.delivery.contract import Batch, BatchLimits
from growingio_tracker.delivery.lane import Lane
from growingio_tracker.wire import Kind


class MemoryLane(Lane):
    """Records in a deque."""

    __slots__ = ("returned", "waiting")

    def __init__(self, kind: Kind, limits: BatchLimits) -> None:
        super().__init__(kind, limits)
        self.waiting: deque[bytes] = deque()
        self.returned: deque[int] = deque()  # the places of those at the head that came back

    def __len__(self) -> int:
        return len(self.waiting)

    def head(self) -> int:
        """Return the place of the oldest record that waits.

        It is counted back from the newest, unless the oldest came back: some behind it may have
        been dropped meanwhile, so its place is remembered.
        """
        return self.returned[0] if self.returned else self.entered - len(self.waiting)

    def came_back(self) -> bool:
        """Return whether the oldest record that waits has lingered before."""
        return bool(self.returned)

    def append(self, record: bytes) -> int:
        """Add one record behind all others; return its place."""
        place, self.entered = self.entered, self.entered + 1
        self.size += len(record)
        self.waiting.append(record)
        return place

    def drop_oldest(self) -> int:
        """Drop the oldest record that waits; return its size."""
        return len(self._pop())

    def drop_all(self) -> tuple[int, int]:
        """Drop what waits; return how many records and bytes that cost."""
        dropped = len(self.waiting), self.size
        self.waiting.clear()
        self.returned.clear()
        self.size = 0
        return dropped

    def put_back(self, batch: Batch, size: int) -> None:
        """Put the records of a batch at the head again."""
        self.waiting.extendleft(reversed(batch.records))
        self.size += size
        self.returned.extendleft(reversed(range(batch.first, batch.first + len(batch))))

    def _pop_records(self) -> tuple[int, tuple[bytes, ...]]:
        first = self.head()
        return first, tuple(self._pop_returned(first) if self.returned else self._pop_fitting())

    def _pop_fitting(self) -> list[bytes]:
        """Take out as many as fit; as if that were all there are, since it nearly always is."""
        pop = self.waiting.popleft
        records = [pop() for _ in range(min(len(self.waiting), self.max_events))]
        size = sum(map(len, records))
        while size > self.max_bytes and len(records) > 1:
            size -= len(records[-1])
            self.waiting.appendleft(records.pop())
        self.size -= size
        return records

    def _pop_returned(self, first: int) -> list[bytes]:
        """Take out as many of those that came back as fit, and none behind a gap."""
        records = [self._pop()]
        room = self.max_bytes - len(records[0])
        while self.waiting and len(records) < self.max_events:
            room -= len(self.waiting[0])
            if room < 0 or self.head() != first + len(records):
                break
            records.append(self._pop())
        return records

    def _pop(self) -> bytes:
        record = self.waiting.popleft()
        self.size -= len(record)
        if self.returned:
            self.returned.popleft()
        return record

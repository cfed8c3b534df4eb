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
        came_back, first, records = bool(self.returned), self.head(), [self._pop()]
        room = self.limits.max_bytes - len(records[0])
        while self.waiting and len(records) < self.limits.max_events:
            room -= len(self.waiting[0])
            if room < 0 or (came_back and self.head() != first + len(records)):
                break
            records.append(self._pop())
        return first, tuple(records)

    def _pop(self) -> bytes:
        record = self.waiting.popleft()
        self.size -= len(record)
        if self.returned:
            self.returned.popleft()
        return record

"""The records of one kind that wait in memory."""

from __future__ import annotations

import math
from collections import deque

from growingio_tracker.delivery.contract import Batch, BatchLimits
from growingio_tracker.wire import Kind


class Lane:
    """Records of one kind, oldest first, and where each stands among all that ever entered.

    It has no lock: the queue that owns it holds its own around every call.
    """

    __slots__ = (
        "entered",
        "flight_first",
        "flush_to",
        "in_flight",
        "kind",
        "limits",
        "rest_until",
        "returned",
        "since",
        "size",
        "waiting",
    )

    def __init__(self, kind: Kind, limits: BatchLimits) -> None:
        self.kind = kind
        self.limits = limits
        self.waiting: deque[bytes] = deque()
        self.size = 0
        self.since = 0.0  # when lingering began for what waits
        self.entered = 0  # the place of the next record
        self.flush_to = 0  # everything before this place is due now
        self.rest_until = 0.0  # nothing is due before
        self.in_flight = 0  # how many of the batch that was taken have no outcome
        self.flight_first = 0  # the place of the first of them
        self.returned: deque[int] = deque()  # the places of those at the head that came back

    def head(self) -> int:
        """Return the place of the oldest record that waits.

        It is counted back from the newest, unless the oldest came back: some behind it may have
        been dropped meanwhile, so its place is remembered.
        """
        return self.returned[0] if self.returned else self.entered - len(self.waiting)

    def oldest_unsettled(self) -> int:
        """Return the place of the oldest record that has no outcome."""
        return self.flight_first if self.in_flight else self.head()

    def is_full(self) -> bool:
        """Return whether there is enough for a whole batch."""
        return len(self.waiting) >= self.limits.max_events or self.size >= self.limits.max_bytes

    def due_at(self) -> float:
        """Return when a batch should leave; infinity when none can, or nothing asks for one."""
        linger_s = self.limits.linger_s
        if not self.waiting or self.in_flight:
            return math.inf
        if self.is_full() or self.head() < self.flush_to:
            return max(self.since, self.rest_until)
        if linger_s is None:
            return math.inf
        # What came back has lingered before.
        return max(self.since if self.returned else self.since + linger_s, self.rest_until)

    def pop(self) -> bytes:
        """Take the oldest record out."""
        record = self.waiting.popleft()
        self.size -= len(record)
        if self.returned:
            self.returned.popleft()
        return record

    def pop_batch(self, now: float) -> Batch:
        """Take the next batch out; it is in flight from now on, and lingering begins anew."""
        came_back, first, records = bool(self.returned), self.head(), [self.pop()]
        room = self.limits.max_bytes - len(records[0])
        while self.waiting and len(records) < self.limits.max_events:
            room -= len(self.waiting[0])
            if room < 0 or (came_back and self.head() != first + len(records)):
                break  # there are no gaps between the places in a batch
            records.append(self.pop())
        self.flight_first, self.in_flight = first, len(records)
        self.since = now
        return Batch(self.kind, tuple(records), first)

    def land(self, batch: Batch) -> None:
        """Take a part of what is in flight, its oldest, out of the flight."""
        self.flight_first += len(batch)
        self.in_flight -= len(batch)

    def put_back(self, batch: Batch, size: int) -> None:
        """Put the records of a batch at the head again."""
        self.waiting.extendleft(reversed(batch.records))
        self.size += size
        self.returned.extendleft(reversed(range(batch.first, batch.first + len(batch))))

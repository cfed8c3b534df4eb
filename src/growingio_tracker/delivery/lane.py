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
        "flush_to",
        "in_flight",
        "kind",
        "limits",
        "returned",
        "returned_first",
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
        self.in_flight: list[list[int]] = []  # [place of the first, how many] without an outcome
        self.returned = 0  # how many at the head were in flight before, and kept
        self.returned_first = 0  # the place of the first of them

    def head(self) -> int:
        """Return the place of the oldest record that waits.

        It is counted back from the newest, unless the oldest came back: some behind it may have
        been dropped meanwhile, so it remembers its place.
        """
        return self.returned_first if self.returned else self.entered - len(self.waiting)

    def oldest_unsettled(self) -> int:
        """Return the place of the oldest record that has no outcome."""
        return self.in_flight[0][0] if self.in_flight else self.head()

    def is_full(self) -> bool:
        """Return whether there is enough for a whole batch."""
        return len(self.waiting) >= self.limits.max_events or self.size >= self.limits.max_bytes

    def was_filled_by(self, size: int) -> bool:
        """Return whether the newest record, of ``size`` bytes, made enough for a whole batch."""
        max_bytes = self.limits.max_bytes
        return (
            len(self.waiting) == self.limits.max_events or self.size >= max_bytes > self.size - size
        )

    def due_at(self) -> float:
        """Return when a batch should leave; infinity when nothing here asks for one."""
        if not self.waiting:
            return math.inf
        if self.is_full() or self.head() < self.flush_to:
            return self.since
        return math.inf if self.limits.linger_s is None else self.since + self.limits.linger_s

    def pop(self) -> bytes:
        """Take the oldest record out."""
        record = self.waiting.popleft()
        self.size -= len(record)
        if self.returned:
            self.returned -= 1
            self.returned_first += 1
        return record

    def pop_batch(self, now: float) -> Batch:
        """Take the next batch out; it is in flight from now on, and lingering begins anew."""
        first, records = self.head(), [self.pop()]
        room = self.limits.max_bytes - len(records[0])
        while self.waiting and len(records) < self.limits.max_events:
            room -= len(self.waiting[0])
            if room < 0:
                break
            records.append(self.pop())
        self.in_flight.append([first, len(records)])
        self.since = now
        return Batch(self.kind, tuple(records), first)

    def land(self, batch: Batch) -> None:
        """Take a part of what is in flight, its oldest, out of the flight."""
        flight = next(flight for flight in self.in_flight if flight[0] == batch.first)
        flight[0] += len(batch)
        flight[1] -= len(batch)
        if not flight[1]:
            self.in_flight.remove(flight)

    def put_back(self, batch: Batch, size: int) -> None:
        """Put the records of a batch at the head again."""
        self.waiting.extendleft(reversed(batch.records))
        self.size += size
        self.returned += len(batch)
        self.returned_first = batch.first

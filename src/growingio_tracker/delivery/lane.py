"""The records of one kind that wait: when they are due, and what is on its way."""

from __future__ import annotations

import math

from growingio_tracker.delivery.contract import Batch, BatchLimits
from growingio_tracker.wire import Kind


class Lane:
    """Records of one kind, oldest first, and where each stands among all that ever entered.

    It has no lock: the queue that owns it holds its own around every call. Where the records are
    kept is a subclass's matter.
    """

    __slots__ = (
        "entered",
        "flight_first",
        "flush_to",
        "in_flight",
        "kind",
        "linger_s",
        "max_bytes",
        "max_events",
        "rest_until",
        "since",
        "size",
    )

    def __init__(self, kind: Kind, limits: BatchLimits) -> None:
        self.kind = kind
        self.max_events = limits.max_events
        self.max_bytes = limits.max_bytes
        self.linger_s = limits.linger_s
        self.size = 0  # of what waits, in bytes
        self.since = 0.0  # when lingering began for what waits
        self.entered: int = 0  # the place of the next record
        self.flush_to = 0  # everything before this place is due now
        self.rest_until = 0.0  # nothing is due before
        self.in_flight = 0  # how many of the batch that was taken have no outcome
        self.flight_first = 0  # the place of the first of them

    def __len__(self) -> int:
        """Return how many records wait."""
        raise NotImplementedError

    def head(self) -> int:
        """Return the place of the oldest record that waits; of the next one if none does."""
        raise NotImplementedError

    def came_back(self) -> bool:
        """Return whether the oldest record that waits has lingered before."""
        raise NotImplementedError

    def drop_oldest(self) -> int:
        """Drop the oldest record that waits; return its size."""
        raise NotImplementedError

    def drop_all(self) -> tuple[int, int]:
        """Drop what waits because closing ends; return how many records and bytes that cost."""
        raise NotImplementedError

    def put_back(self, batch: Batch, size: int) -> None:
        """Let the records of a batch wait at the head again."""
        raise NotImplementedError

    def _pop_records(self) -> tuple[int, tuple[bytes, ...]]:
        """Take out the next batch's records, without gaps; return the place of the first, too."""
        raise NotImplementedError

    def oldest_unsettled(self) -> int:
        """Return the place of the oldest record that has no outcome."""
        return self.flight_first if self.in_flight else self.head()

    def is_full(self) -> bool:
        """Return whether there is enough for a whole batch."""
        return len(self) >= self.max_events or self.size >= self.max_bytes

    def has_news(self, size: int) -> bool:
        """Return whether a record of ``size`` bytes that has just come begins or ends a wait."""
        return len(self) in (1, self.max_events) or (self.size >= self.max_bytes > self.size - size)

    def due_at(self) -> float:
        """Return when a batch should leave; infinity when none can, or nothing asks for one."""
        linger_s = self.linger_s
        if self.in_flight or not len(self):
            return math.inf
        if self.is_full() or self.head() < self.flush_to:
            return max(self.since, self.rest_until)
        if linger_s is None:
            return math.inf
        return max(self.since if self.came_back() else self.since + linger_s, self.rest_until)

    def pop_batch(self, now: float, store: int = 0) -> Batch:
        """Take the next batch out; it is in flight from now on, and lingering begins anew."""
        self.flight_first, records = self._pop_records()
        self.in_flight = len(records)
        self.since = now
        return Batch(self.kind, records, self.flight_first, store)

    def land(self, batch: Batch) -> None:
        """Take a part of what is in flight, its oldest, out of the flight."""
        self.flight_first += len(batch)
        self.in_flight -= len(batch)

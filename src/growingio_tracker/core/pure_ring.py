"""Queued records, and their counts, in the pure core."""

from __future__ import annotations

from collections import deque
from typing import Final

from growingio_tracker.core.contract import NEWS, NOT_LET_IN
from growingio_tracker.core.inputs import TakenRecords

_WITHOUT_BOUND: Final = 2**62


class Admission:
    """Counts of pending records, and their limits.

    Pending records are queued or being sent.

    :ivar max_events: bound of ``pending``; 0 when closed.
    :ivar max_bytes: bound of ``pending_bytes``.
    """

    __slots__ = ("max_bytes", "max_events", "pending", "pending_bytes")

    def __init__(self) -> None:
        self.pending = 0
        self.pending_bytes = 0
        self.max_events: int = _WITHOUT_BOUND
        self.max_bytes: int = _WITHOUT_BOUND

    @property
    def closed(self) -> bool:
        """Whether nothing is admitted any more."""
        return self.max_events == 0

    def close(self) -> None:
        """Admit nothing any more."""
        self.max_events = 0

    def has_room(self, size: int) -> bool:
        """Return whether a record of ``size`` bytes is admitted."""
        return self.pending < self.max_events and self.pending_bytes + size <= self.max_bytes

    def came(self, events: int, size: int) -> None:
        """Count events as pending, regardless of the limits."""
        self.pending += events
        self.pending_bytes += size

    def gone(self, events: int, size: int) -> None:
        """Count events as pending no more."""
        self.pending -= events
        self.pending_bytes -= size

    def snapshot(self) -> tuple[int, int]:
        """Return ``pending`` and ``pending_bytes`` at one instant."""
        return self.pending, self.pending_bytes


class Ring:
    """The records of one lane that are queued in memory, oldest first.

    A record's seq is the number of records that entered before it. A dropped record leaves a gap,
    but no batch has one.

    :param max_events: number of records that make a batch; its maximum.
    :param max_bytes: number of bytes that make a batch; it holds more only if a single record does.
    """

    __slots__ = (
        "_max_bytes",
        "_max_events",
        "_returned",
        "news_seq",
        "news_size",
        "next_seq",
        "size",
        "waiting",
    )

    def __init__(self, max_events: int, max_bytes: int) -> None:
        self.size = 0  # of the queued records, in bytes
        self.next_seq = 0
        self._max_events = max_events
        self._max_bytes = max_bytes
        self.waiting: deque[bytes] = deque()
        self._returned: deque[int] = deque()  # seqs of the records at the head that came back
        self.news_seq = 0  # a record of this seq is news,
        self.news_size = 0  # and one with which this many bytes are queued
        self.expect_news()

    def __len__(self) -> int:
        return len(self.waiting)

    def enter(self, admission: Admission, record: bytes) -> int:
        """Add one record after all others and count it, if there is room for it.

        Returns its seq; ``NEWS - seq`` if it begins a wait, because it is the only one, or fills a
        batch; ``NOT_LET_IN`` if there is no room.
        """
        size = len(record)
        pending_bytes = admission.pending_bytes + size
        if admission.pending >= admission.max_events or pending_bytes > admission.max_bytes:
            return NOT_LET_IN
        # No call and no jump back up to the append, because a signal handler could run there: it
        # must find exactly the records that are counted.
        admission.pending += 1
        admission.pending_bytes = pending_bytes
        seq = self.next_seq
        self.next_seq = seq + 1
        total = self.size + size
        self.size = total
        self.waiting.append(record)
        if seq >= self.news_seq or total >= self.news_size:
            self.expect_news()
            return NEWS - seq
        return seq

    def would_be_news(self, size: int) -> bool:
        """Return whether a record of ``size`` bytes would begin a wait or fill a batch."""
        return self.next_seq >= self.news_seq or self.size + size >= self.news_size

    def first_seq(self) -> int:
        """Return the seq of the oldest record; ``next_seq`` if there is none.

        It is counted back from the newest. If the oldest came back, its seq was remembered, since
        records after it may have been dropped in the meantime.
        """
        return self._returned[0] if self._returned else self.next_seq - len(self.waiting)

    def came_back(self) -> bool:
        """Return whether the oldest record was taken and put back."""
        return bool(self._returned)

    def take(self) -> tuple[int, tuple[bytes, ...], int]:
        """Take out the next batch: the seq of its first record, the records, and their size."""
        first, before = self.first_seq(), self.size
        records = self._take_returned(first) if self._returned else self._take_fitting()
        self.expect_news()
        return first, tuple(records), before - self.size

    def put_back(self, batch: TakenRecords) -> None:
        """Queue records that were taken at the head again."""
        first, records = batch.first_seq, batch.records
        self.waiting.extendleft(reversed(records))
        self.size += sum(map(len, records))
        self._returned.extendleft(reversed(range(first, first + len(records))))
        self.expect_news()

    def drop_oldest(self) -> int:
        """Drop the oldest; return its size.

        :raises IndexError: if there is none.
        """
        size = len(self._pop())
        self.expect_news()
        return size

    def drop_all(self) -> tuple[int, int]:
        """Drop all records; return how many, and their size."""
        dropped = len(self.waiting), self.size
        self.waiting.clear()
        self._returned.clear()
        self.size = 0
        self.expect_news()
        return dropped

    def expect_news(self) -> None:
        """Note which record will be news: the first one, and the one that fills a batch."""
        waiting = len(self.waiting)
        missing = self._max_events - waiting if waiting else 1
        self.news_seq = self.next_seq + missing - 1 if missing > 0 else _WITHOUT_BOUND
        self.news_size = self._max_bytes if self.size < self._max_bytes else _WITHOUT_BOUND

    def _take_fitting(self) -> list[bytes]:
        """Take out as many as fit; usually all."""
        pop = self.waiting.popleft
        records = [pop() for _ in range(min(len(self.waiting), self._max_events))]
        size = sum(map(len, records))
        while size > self._max_bytes and len(records) > 1:
            size -= len(records[-1])
            self.waiting.appendleft(records.pop())
        self.size -= size
        return records

    def _take_returned(self, first: int) -> list[bytes]:
        """Take out as many as fit, beginning with those that came back, up to a gap."""
        records = [self._pop()]
        room = self._max_bytes - len(records[0])
        while self.waiting and len(records) < self._max_events:
            room -= len(self.waiting[0])
            if room < 0 or self.first_seq() != first + len(records):
                break
            records.append(self._pop())
        return records

    def _pop(self) -> bytes:
        record = self.waiting.popleft()
        self.size -= len(record)
        if self._returned:
            self._returned.popleft()
        return record

"""Windows: the messages of a partition in flight, and those queued behind them."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable

from growingio_tracker.delivery import Batch, BatchLimits
from growingio_tracker.kafka.incoming import ConsumedRecord
from growingio_tracker.kafka.topic import Origin


class Group:
    """The records of a window that share a request.

    :ivar batch: those without an outcome; a record's seq is its index in ``entries``.
    """

    __slots__ = ("batch", "entries", "origin")

    def __init__(self, origin: Origin, entries: list[ConsumedRecord]) -> None:
        self.origin = origin
        self.entries = entries
        self.batch = Batch.of(origin.kind, tuple(one.record for one in entries))


class Letter:
    """A record that can never be delivered, and becomes a dead letter.

    :ivar status: the HTTP status of the refusal; 0 when it was not sent.
    """

    __slots__ = ("detail", "entry", "reason", "status")

    def __init__(self, entry: ConsumedRecord, reason: str, detail: str, status: int = 0) -> None:
        self.entry = entry
        self.reason = reason
        self.detail = detail
        self.status = status


class Window:
    """Messages of a partition in flight, and what remains to be done for them.

    :ivar end_offset: the offset after the last one.
    :ivar groups: records to send.
    :ivar letters: records to write as dead letters.
    :ivar events: the number of records without an outcome; ``size`` is their size together.
    :ivar is_finished: whether only the commit is missing.
    """

    __slots__ = ("end_offset", "events", "groups", "is_finished", "letters", "partition", "size")

    def __init__(self, partition: Partition, entries: list[ConsumedRecord]) -> None:
        self.partition = partition
        self.end_offset = entries[-1].offset + 1
        self.events = len(entries)
        self.size = _size(entries)
        self.is_finished = False
        self.letters: list[Letter] = []
        by_origin: dict[Origin, list[ConsumedRecord]] = {}
        for one in entries:
            if one.origin is None:
                self.letters.append(Letter(one, one.fault, one.detail))
            else:
                by_origin.setdefault(one.origin, []).append(one)
        self.groups = [Group(origin, those) for origin, those in by_origin.items()]

    def note(self, events: int, size: int) -> None:
        """Count records that now have an outcome."""
        self.events -= events
        self.size -= size


class Partition:
    """One partition, while it is assigned to this relay.

    :ivar waiting: consumed messages of no window yet, oldest first.
    :ivar window: the messages in flight, or postponed.
    :ivar is_busy: whether a thread works on the window.
    :ivar is_stuck: whether the last attempt failed.
    :ivar is_owned: False once revoked, though a thread may still work on the window.
    :ivar is_leaving: whether it is being handed over.
    :ivar next_offset: the offset after the last consumed message.
    :ivar reread_from: the offset to continue at, because what follows was dropped.
    """

    __slots__ = (
        "is_busy",
        "is_leaving",
        "is_owned",
        "is_stuck",
        "next_offset",
        "number",
        "reread_from",
        "resume_at",
        "since",
        "size",
        "waiting",
        "window",
    )

    def __init__(self, number: int) -> None:
        self.number = number
        self.waiting: deque[ConsumedRecord] = deque()
        self.size = 0
        self.since = 0.0
        self.window: Window | None = None
        self.resume_at = 0.0
        self.is_busy = False
        self.is_stuck = False
        self.is_owned = True
        self.is_leaving = False
        self.next_offset = 0
        self.reread_from: int | None = None

    def come(self, entries: Iterable[ConsumedRecord]) -> tuple[int, int]:
        """Queue entries, except those that will be read again; return how many, and their size."""
        end = math.inf if self.reread_from is None else self.reread_from
        new = [one for one in entries if one.offset < end]
        if not new:
            return 0, 0
        self.next_offset = new[-1].offset + 1
        self.waiting.extend(new)
        size = _size(new)
        self.size += size
        return len(new), size

    def go_back(self) -> tuple[int, int]:
        """Empty the queue, because Kafka rewinds to before it; return what was queued."""
        given = self.give_back()
        self.reread_from = None
        return given

    def take(self, limits: BatchLimits) -> Window:
        """Begin the next window. A message of several records is in one window."""
        taken: list[ConsumedRecord] = []
        size, offset, waiting = 0, -1, self.waiting
        while waiting and (
            waiting[0].offset == offset
            or (
                len(taken) < limits.max_events
                and (not taken or size + len(waiting[0].record) <= limits.max_bytes)
            )
        ):
            one = waiting.popleft()
            offset = one.offset
            size += len(one.record)
            taken.append(one)
        self.size -= size
        self.window = Window(self, taken)
        return self.window

    def give_back(self) -> tuple[int, int]:
        """Empty the queue; return the number of its records, and their size."""
        given = len(self.waiting), self.size
        if self.waiting:
            self.reread_from = self.waiting[0].offset
            self.waiting.clear()
            self.size = 0
        return given


def _size(entries: Iterable[ConsumedRecord]) -> int:
    return sum(len(one.record) for one in entries)

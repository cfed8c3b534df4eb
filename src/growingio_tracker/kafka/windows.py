"""Windows: messages of a partition that are on their way, and those that wait behind them."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable

from growingio_tracker.delivery.contract import Batch, BatchLimits
from growingio_tracker.kafka.incoming import ConsumedRecord
from growingio_tracker.kafka.topic import Origin


class Group:
    """The records of a window that share a request.

    :ivar batch: those of them without outcome; a record's seq is its place in ``entries``.
    """

    __slots__ = ("batch", "entries", "origin")

    def __init__(self, origin: Origin, entries: list[ConsumedRecord]) -> None:
        self.origin = origin
        self.entries = entries
        self.batch = Batch.of(origin.kind, tuple(one.record for one in entries))


class Letter:
    """A record that can never be delivered, and has to become a dead letter.

    :ivar status: the HTTP status of the refusal; 0 when it was not sent.
    """

    __slots__ = ("detail", "entry", "reason", "status")

    def __init__(self, entry: ConsumedRecord, reason: str, detail: str, status: int = 0) -> None:
        self.entry = entry
        self.reason = reason
        self.detail = detail
        self.status = status


class Window:
    """Messages of a partition that are on their way, and what is left to do for them.

    :ivar end_offset: the offset behind the last of them.
    :ivar groups: what has to be sent.
    :ivar letters: what has to become dead letters.
    :ivar events: how many records have no outcome; ``size`` is that of those together.
    :ivar is_finished: whether only its offset has to be committed.
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
        """Note that so many have their outcome."""
        self.events -= events
        self.size -= size


class Partition:
    """One partition of the topic, as long as this relay has it.

    :ivar waiting: what was consumed and not begun, oldest first.
    :ivar window: what is on its way, or has to wait before the next try.
    :ivar is_busy: whether a thread has the window.
    :ivar is_stuck: whether its last try came to nothing.
    :ivar is_owned: False when it was taken away, though a thread may still have its window.
    :ivar is_leaving: whether it is about to be handed over.
    :ivar next_offset: messages before it have come.
    :ivar reread_from: where to go on reading, because what follows was given back to the broker.
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
        """Let entries wait that do not come again later; return how many, and their size."""
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
        """Let nothing wait, because Kafka begins again before it; return what waited."""
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
        """Let nothing wait here; return how many records that was, and their size."""
        given = len(self.waiting), self.size
        if self.waiting:
            self.reread_from = self.waiting[0].offset
            self.waiting.clear()
            self.size = 0
        return given


def _size(entries: Iterable[ConsumedRecord]) -> int:
    return sum(len(one.record) for one in entries)

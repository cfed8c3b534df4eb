"""Partitions that a relay has, what waits of each, and which may be sent next.

A partition has one window on its way at a time: so many of its messages as one request may hold.
The next one begins when the offset behind the last has been committed. That is why a relay that
dies repeats at most one window of each partition, whatever kinds and projects are mixed there, and
why the messages of a partition keep their order.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from growingio_tracker.delivery.contract import BatchLimits, Postponed
from growingio_tracker.delivery.ledger import Ledger
from growingio_tracker.kafka.incoming import ConsumedRecord
from growingio_tracker.kafka.windows import Partition, Window
from growingio_wire.clock import SYSTEM_CLOCK, Clock

_ROOM_SHARE: Final = 4


class Assignment:
    """The partitions that a relay has. Every method may be called from any thread.

    The ledger's lock guards everything. Requests, commits and dead letters happen without it.

    :param limits: what makes a window.
    :param max_events: so many records may be here, on their way or waiting; more only while there
        are many partitions, so that each can have two windows.
    :param max_bytes: the size that they may have together.
    """

    def __init__(
        self,
        limits: BatchLimits,
        ledger: Ledger,
        *,
        max_events: int,
        max_bytes: int,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._limits = limits
        self._ledger = ledger
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._clock = clock
        self._changed = threading.Condition(ledger.lock)
        self._partitions: dict[int, Partition] = {}
        self._quiet_until = 0.0  # the server is left alone
        self._is_failing = False  # then one try at a time is enough
        self._busy = 0
        self._closed = False

    def assign(self, numbers: Iterable[int]) -> None:
        """Have further partitions."""
        with self._changed:
            for number in numbers:
                self._partitions[number] = Partition(number)

    def retire(self, numbers: Collection[int], within_s: float) -> bool:
        """Begin nothing more of partitions; return whether what was on its way ended in time."""
        with self._changed:
            leaving = self._those(numbers)
            for one in leaving:
                one.is_leaving = True
            return self._changed.wait_for(lambda: not any(one.is_busy for one in leaving), within_s)

    def forget(self, numbers: Collection[int]) -> None:
        """Have partitions no more. What has no outcome is given back, others may have it."""
        with self._changed:
            for one in self._those(numbers):
                one.is_owned = False
                del self._partitions[one.number]
                self._ledger.count_handed_over(*one.give_back())
                if one.window is not None and not one.is_busy:
                    self._hand_over(one.window)
            self._changed.notify_all()

    def add(self, entries: Mapping[int, list[ConsumedRecord]]) -> None:
        """Let what was consumed wait, by partition."""
        with self._changed:
            now = self._clock.monotonic()
            for number, those in entries.items():
                partition = self._partitions.get(number)
                if partition is None:
                    continue  # it was revoked a moment ago
                if not partition.waiting:
                    partition.since = now
                if those[0].offset < partition.next_offset:
                    self._ledger.count_handed_over(*partition.go_back())
                self._ledger.count_adopted(*partition.come(those))
            self._changed.notify_all()

    def room(self) -> int:
        """Return how many more records may come; 0 while there is little room."""
        with self._changed:
            room = self._room()
            return 0 if self._is_crowded() else room

    def wait(self, timeout_s: float) -> None:
        """Wait for a window that is finished, or for room where there is little."""
        with self._changed:
            was_crowded = self._is_crowded()
            self._changed.wait_for(
                lambda: self._finished() or (was_crowded and not self._is_crowded()), timeout_s
            )

    def finished(self) -> list[Window]:
        """Return the windows whose offset has to be committed."""
        with self._changed:
            return self._finished()

    def next(self, *, wait: bool = True) -> Window | None:
        """Return the next window, as soon as one is due; ``None`` when closed.

        :param wait: False returns ``None`` also when none is due now.
        """
        with self._changed:
            while not self._closed:
                now = self._clock.monotonic()
                partition = min(self._partitions.values(), key=self._due_at, default=None)
                due_at = math.inf if partition is None else self._due_at(partition)
                if self._is_failing and self._busy:
                    due_at = math.inf
                if partition is not None and due_at <= now:
                    return self._begin(partition, now)
                if not wait:
                    return None
                self._changed.wait(None if due_at == math.inf else due_at - now)
        return None

    def finish(self, window: Window) -> None:
        """Take a window back whose records have outcomes."""
        with self._changed:
            window.is_finished = True
            window.partition.is_stuck = False
            self._end(window)

    def done(self, window: Window) -> None:
        """Let go of a window whose offset was committed."""
        with self._changed:
            window.partition.window = None
            self._changed.notify_all()

    def rest(self, window: Window, outcome: Postponed) -> None:
        """Let a window wait before its next try, or give it back when its partition is gone."""
        with self._changed:
            partition = window.partition
            partition.resume_at = self._clock.monotonic() + outcome.pause_s
            partition.is_stuck = True
            if outcome.everywhere:
                self._quiet_until = partition.resume_at
                self._is_failing = True
            self._end(window)

    def note_accepted(self) -> None:
        """Note that the server has accepted something."""
        with self._changed:
            if self._is_failing:
                self._is_failing = False
                self._changed.notify_all()

    def stuck(self) -> set[int]:
        """Return the partitions that need no more messages for now."""
        with self._changed:
            return {one.number for one in self._partitions.values() if one.is_stuck}

    def numbers(self) -> set[int]:
        """Return all partitions."""
        with self._changed:
            return set(self._partitions)

    def give_back(self, numbers: Collection[int]) -> None:
        """Keep of partitions that were paused only what is on its way."""
        with self._changed:
            for one in self._those(numbers):
                self._ledger.count_handed_over(*one.give_back())

    def to_reread(self, number: int) -> int | None:
        """Return where to go on reading a partition; ``None``: where it stands."""
        with self._changed:
            partition = self._partitions.get(number)
            return None if partition is None else partition.reread_from

    def reread(self, number: int, offset: int) -> None:
        """Expect what was given back, from ``offset`` on, to come again."""
        with self._changed:
            for partition in self._those([number]):
                partition.next_offset, partition.reread_from = offset, None

    def close(self) -> None:
        """Begin no further window."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _bound(self) -> int:
        return max(self._max_events, 2 * self._limits.max_events * len(self._partitions))

    def _room(self) -> int:
        pending, size = self._ledger.admission.snapshot()
        return 0 if size >= self._max_bytes else max(0, self._bound() - pending)

    def _is_crowded(self) -> bool:
        return self._room() < self._bound() // _ROOM_SHARE

    def _finished(self) -> list[Window]:
        windows = (one.window for one in self._partitions.values() if not one.is_busy)
        return [one for one in windows if one is not None and one.is_finished]

    def _due_at(self, partition: Partition) -> float:
        window = partition.window
        if partition.is_busy or partition.is_leaving:
            return math.inf
        if window is not None:
            return math.inf if window.is_finished else max(partition.resume_at, self._quiet_until)
        if not partition.waiting:
            return math.inf
        return max(partition.since + self._lingers_s(partition), self._quiet_until)

    def _lingers_s(self, partition: Partition) -> float:
        limits = self._limits
        is_full = limits.are_reached(len(partition.waiting), partition.size)
        return 0.0 if is_full or self._is_crowded() else limits.linger_s or 0.0

    def _begin(self, partition: Partition, now: float) -> Window:
        window = partition.window or partition.take(self._limits)
        partition.since = now
        partition.is_busy = True
        self._busy += 1
        return window

    def _end(self, window: Window) -> None:
        partition = window.partition
        partition.is_busy = False
        self._busy -= 1
        if not partition.is_owned:
            self._hand_over(window)
        self._changed.notify_all()

    def _those(self, numbers: Iterable[int]) -> list[Partition]:
        return [self._partitions[one] for one in numbers if one in self._partitions]

    def _hand_over(self, window: Window) -> None:
        self._ledger.count_handed_over(window.events, window.size)
        window.note(window.events, window.size)

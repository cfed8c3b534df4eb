"""Partitions of a relay: what is queued for each, and which may be sent next.

A partition has at most one window in flight: as many messages as fit one request. The next window
begins once the offset after the last one is committed. Therefore a relay that dies repeats at most
one window of each partition, whatever kinds and projects it mixes, and each partition keeps its
order.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from growingio_tracker.delivery import BatchLimits, Postponed
from growingio_tracker.delivery.ledger import Ledger
from growingio_tracker.kafka.incoming import ConsumedRecord
from growingio_tracker.kafka.windows import Partition, Window
from growingio_wire.clock import SYSTEM_CLOCK, Clock

_ROOM_SHARE: Final = 4


class Assignment:
    """The partitions assigned to a relay. Every method may be called from any thread.

    The ledger's lock guards everything. Requests, commits and dead letters happen without it.

    :param limits: the size of a window.
    :param max_events: maximum number of records in flight or queued; exceeded only with many
        partitions, so that each can have two windows.
    :param max_bytes: their maximum size together.
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
        self._quiet_until = 0.0  # no request before this time
        self._is_failing = False  # then one try at a time is enough
        self._busy = 0
        self._closed = False

    def assign(self, numbers: Iterable[int]) -> None:
        """Add partitions."""
        with self._changed:
            for number in numbers:
                self._partitions[number] = Partition(number)

    def retire(self, numbers: Collection[int], within_s: float) -> bool:
        """Stop sending from partitions; return whether what was in flight ended in time."""
        with self._changed:
            leaving = self._those(numbers)
            for one in leaving:
                one.is_leaving = True
            return self._changed.wait_for(lambda: not any(one.is_busy for one in leaving), within_s)

    def forget(self, numbers: Collection[int]) -> None:
        """Remove partitions. Records without an outcome are left to other relays."""
        with self._changed:
            for one in self._those(numbers):
                one.is_owned = False
                del self._partitions[one.number]
                self._ledger.count_handed_over(*one.give_back())
                if one.window is not None and not one.is_busy:
                    self._hand_over(one.window)
            self._changed.notify_all()

    def add(self, entries: Mapping[int, list[ConsumedRecord]]) -> None:
        """Queue what was consumed, by partition."""
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
        """Return how many more records fit; 0 while there is little room."""
        with self._changed:
            room = self._room()
            return 0 if self._is_crowded() else room

    def wait(self, timeout_s: float) -> None:
        """Wait until a window is finished, or until there is room again."""
        with self._changed:
            was_crowded = self._is_crowded()
            self._changed.wait_for(
                lambda: self._finished() or (was_crowded and not self._is_crowded()), timeout_s
            )

    def finished(self) -> list[Window]:
        """Return the windows whose offset must be committed."""
        with self._changed:
            return self._finished()

    def next(self, *, wait: bool = True) -> Window | None:
        """Return the next window, as soon as one is due; ``None`` when closed.

        :param wait: whether to wait until one is due; otherwise ``None`` if none is.
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
        """Take back a window whose records all have an outcome."""
        with self._changed:
            window.is_finished = True
            window.partition.is_stuck = False
            self._end(window)

    def done(self, window: Window) -> None:
        """Forget a window whose offset was committed."""
        with self._changed:
            window.partition.window = None
            self._changed.notify_all()

    def rest(self, window: Window, outcome: Postponed) -> None:
        """Postpone the next attempt at a window; drop the window if its partition was revoked."""
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
        """Drop the queued messages of paused partitions, except those in flight."""
        with self._changed:
            for one in self._those(numbers):
                self._ledger.count_handed_over(*one.give_back())

    def to_reread(self, number: int) -> int | None:
        """Return the offset to continue at; ``None`` is the current position."""
        with self._changed:
            partition = self._partitions.get(number)
            return None if partition is None else partition.reread_from

    def reread(self, number: int, offset: int) -> None:
        """Expect what was dropped, from ``offset`` on, to be consumed again."""
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

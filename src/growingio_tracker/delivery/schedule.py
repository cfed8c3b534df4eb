"""Schedule of a waiting room: when a batch is sent, and which thread waits to take it."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping

from growingio_tracker.core import Admission
from growingio_tracker.delivery import Batch, Mark, Postponed
from growingio_tracker.delivery.lanes import Lane
from growingio_tracker.delivery.waiting import Waiters
from growingio_wire.clock import Clock


class Schedule:
    """Decides when a batch is due, and which thread takes it.

    :param lanes: the existing lanes by number.
    :param admission: whether the room is closed; a closed room ignores pauses.
    :param lock: guards lanes and admission. Hold it around every call except those of
        :meth:`may_be_due`, :meth:`is_idle` and :meth:`take_within`.
    """

    def __init__(
        self,
        lanes: Mapping[int, Lane],
        admission: Admission,
        lock: threading.RLock,
        clock: Clock,
    ) -> None:
        self._lanes = lanes
        self._admission = admission
        self._lock = lock
        self._clock = clock
        self._takers = Waiters(lock)
        self._due_at = 0.0  # no batch is due before, unless something changes

    def may_be_due(self) -> bool:
        """Return ``False`` if nothing is due now. Cheaper than looking."""
        due_at = self._due_at
        return due_at != math.inf and due_at <= self._clock.monotonic()

    def is_idle(self) -> bool:
        """Return whether nothing will become due before another record enters."""
        return self._due_at == math.inf

    def take_within(self, wait_s: float) -> Batch | None:
        """Return the next batch; ``None`` if none is due in time, or the room is closed.

        :raises SpoolError: if its records cannot be read.
        """
        until = self._clock.monotonic() + wait_s
        while True:
            with self._lock:
                now = self._clock.monotonic()
                lane = min(self._lanes.values(), key=Lane.due_at, default=None)
                due_at = math.inf if lane is None else lane.due_at()
                if lane is not None and due_at <= now:
                    self._takers.wake_one()  # this thread no longer watches the schedule
                    return lane.take(now)
                self._due_at = due_at
                if self._admission.closed or now >= until:
                    return None
                thread = self._takers.enlist(lambda: True)
            wake_at = min(due_at, until)
            self._takers.sleep(thread, None if wake_at == math.inf else wake_at - now)

    def note_due(self) -> None:
        """Wake one of the threads that take batches."""
        self._due_at = 0.0
        self._takers.wake_one()

    def note_full(self) -> bool:
        """Make all queued records due, except for pauses; return whether some were not.

        Their batches cannot become larger if several kinds or lanes share the room that is left,
        or if a record does not fit in it.
        """
        lanes = self._lanes.values()
        early = [lane for lane in lanes if len(lane.records) and not lane.is_ripe()]
        for lane in early:
            lane.flush_to = lane.records.next_seq
        if early:
            self.note_due()
        return bool(early)

    def note_come(self, lane: Lane, seq: int) -> float | None:
        """Note that a record has entered that begins or ends a wait.

        Return the time at which its wait began, or ``None`` if it ended one.
        """
        begins = lane.records.first_seq() == seq  # others may follow it by now
        if begins:
            lane.since = self._clock.monotonic()
        self.note_due()
        return lane.since if begins else None

    def pause(self, outcome: Postponed, lane: Lane) -> None:
        """Pause for the whole server, or for the address of one kind."""
        until = 0.0 if self._admission.closed else self._clock.monotonic() + outcome.pause_s
        for paused in self._lanes.values() if outcome.everywhere else (lane,):
            paused.paused_until = until

    def flush(self) -> Mark:
        """Make all queued records due now, regardless of pauses; return the mark after them."""
        for lane in self._lanes.values():
            lane.flush_to = lane.records.next_seq
            lane.paused_until = 0.0
        self.note_due()
        return {number: lane.flush_to for number, lane in self._lanes.items()}

    def end(self) -> None:
        """Make everything due, and end all waits for a batch."""
        self.flush()
        self._takers.wake_all()

"""Waiting room between calls and the sender.

It accepts records or applies the overflow policy, returns batches that are due, and settles their
outcomes. Its lanes store the records.
"""

from __future__ import annotations

import math
from typing import Final

from growingio_tracker.delivery import (
    Batch,
    Delivered,
    Mark,
    Outcome,
    Postponed,
    QueueLimits,
    Rejected,
)
from growingio_tracker.delivery.entering import WayIn
from growingio_tracker.delivery.lanes import Lane, Lanes
from growingio_tracker.delivery.ledger import Ledger
from growingio_tracker.delivery.overflow import OverflowPolicy
from growingio_tracker.delivery.receipt import DELIVERED, Fate, Outcomes
from growingio_tracker.delivery.schedule import Schedule
from growingio_tracker.model.losses import Reporter
from growingio_wire.clock import SYSTEM_CLOCK, Clock
from growingio_wire.errors import GrowingIOException, SpoolError
from growingio_wire.said import Said
from growingio_wire.table import Kind

_LEFT: Final = Postponed(GrowingIOException(Said("left to the relay", "已交给 relay")), pause_s=1.0)


class WaitingRoom:
    """Waiting room of records. Every method may be called from any thread.

    Records leave a lane in the order in which they entered: its next batch can be taken only when
    the previous one is completely settled.

    :param accepted_as: the fate of accepted records: delivered to the server, or handed over to a
        broker.

    The ledger's lock guards all state here, in the lanes and in the ledger. It is never held
    during encoding, requests or callbacks. The compiled core's entrance does not take it: records
    may enter that way while the lock is held, each in one indivisible step.

    :ivar offer: accepts one record; see :meth:`WayIn.offer`.
    :ivar entrance: returns the shortcut for plain events; see :meth:`WayIn.entrance`.
    :ivar open: lets records in, even if the room was closed before.
    :ivar senders: the threads that are sending, callbacks included. They must not wait here.
    :ivar outcomes: outcomes of records, for threads that wait for them.
    """

    def __init__(
        self,
        lanes: Lanes,
        limits: QueueLimits,
        ledger: Ledger,
        reporter: Reporter,
        clock: Clock = SYSTEM_CLOCK,
        accepted_as: Fate = DELIVERED,
    ) -> None:
        self.senders: set[int] = set()
        self._lanes = lanes
        self._ledger = ledger
        self._count_accepted = (
            ledger.count_delivered if accepted_as.delivered else ledger.count_acknowledged
        )
        self._admission = ledger.admission
        self._clock = clock
        self._lock = ledger.lock
        self._schedule = Schedule(lanes.by_number, self._admission, self._lock, clock)
        self.outcomes = Outcomes(lanes.by_number, self._lock, self.note_due, accepted_as)
        schedule, outcomes = self._schedule, self.outcomes
        overflow = OverflowPolicy(self, lanes, limits, ledger, reporter, schedule, outcomes)
        way_in = WayIn(self, lanes, limits, ledger, overflow, schedule, outcomes)
        self.offer, self.entrance, self.open = way_in.offer, way_in.entrance, way_in.open
        self._look_at = 0.0 if math.isfinite(lanes.look_every_s) else math.inf
        lanes.attach(self)

    @property
    def keeps(self) -> bool:
        """Whether records left at the end are kept for the next process."""
        return self._lanes.keep

    def take(self, *, wait: bool = True) -> Batch | None:
        """Return the next batch that is due.

        With ``wait``, it blocks until one is, and returns ``None`` once the room is closed and
        empty; without, it returns ``None`` if nothing is due now.
        """
        wait_s = self._lanes.look_every_s if wait else 0.0
        while True:
            batch = self._take_next(wait_s)
            if batch is None:
                if self._admission.closed or not wait:
                    return None
            elif self._lanes.may_send():
                return batch
            else:
                self.settle(batch, _LEFT)
                self._lanes.hand_over()

    def may_be_due(self) -> bool:
        """Return ``False`` if :meth:`take` would find nothing now. Cheaper than taking."""
        return self._schedule.may_be_due()

    def is_idle(self) -> bool:
        """Return whether nothing will become due before another record enters."""
        return self._schedule.is_idle()

    def settle(self, batch: Batch, outcome: Outcome) -> None:
        """Note the outcome of a batch, or of its next part. Every taken record is settled once."""
        if isinstance(outcome, Rejected):
            outcome = self._lanes.keep_rejected(batch, outcome)
        with self._lock:
            lane = self._lanes.by_number[batch.lane]
            lane.land(batch)
            self.note_due()
            if isinstance(outcome, Postponed):
                lane.records.put_back(batch)
                self._schedule.pause(outcome, lane)
                return
            self._lanes.settled(batch)
            if isinstance(outcome, Delivered):
                self._count_accepted(len(batch), batch.size)
            else:
                self._ledger.count_rejected(outcome.reason, len(batch), batch.size)
                fate = Fate("rejected", outcome.reason)
                self.note_fate(batch.lane, batch.first_seq, batch.end_seq, fate)
            self.wake_ready()

    def request_flush(self) -> Mark:
        """Make all queued records due now; return the mark to pass to ``outcomes``."""
        self._look_around()
        with self._lock:
            return self._schedule.flush()

    def close(self) -> None:
        """Reject further records, and make all queued ones due now."""
        with self._lock:
            self._admission.close()
            self._schedule.end()
            self.outcomes.waiters.wake_all()

    def give_up(self, reason: str, kind: Kind | None = None) -> None:
        """Give up the queued records of one kind, or of all, because closing has to end.

        In memory, they are dropped and counted under ``reason``. On disk, they stay pending for the
        next process.
        """
        with self._lock:
            self._admission.close()  # records that arrive in between would be given up, too
            for lane in self._lanes.by_number.values():
                if kind in (None, lane.kind):
                    self._give_up(lane, reason)
            self._lanes.given_up(kind)
            self.wake_ready()

    def note_due(self) -> None:
        """Wake one of the threads that take batches, with the lock held."""
        self._schedule.note_due()

    def note_fate(self, lane: int, first_seq: int, end_seq: int, fate: Fate) -> None:
        """Remember the fate of records that left the queue without being delivered."""
        self.outcomes.note(lane, first_seq, end_seq, fate)

    def wake_ready(self) -> None:
        """Wake the threads whose condition has become true, with the lock held."""
        self.outcomes.waiters.wake_ready()

    def _give_up(self, lane: Lane, reason: str) -> None:
        first = lane.records.first_seq()
        events, size = lane.records.drop_all()
        if events:
            self._ledger.count_dropped(reason, events, size)
        fate = Fate("dropped", reason) if events else Fate("pending", "left_in_spool")
        self.note_fate(lane.number, first, lane.records.next_seq, fate)

    def _take_next(self, wait_s: float) -> Batch | None:
        if self._clock.monotonic() >= self._look_at:
            self._look_around()
        try:
            return self._schedule.take_within(wait_s)
        except SpoolError as error:
            self._lanes.repair(error)
            return None

    def _look_around(self) -> None:
        if self._look_at != math.inf:
            self._look_at = self._clock.monotonic() + self._lanes.look_every_s
            if not self._admission.closed:
                self._lanes.look_around()

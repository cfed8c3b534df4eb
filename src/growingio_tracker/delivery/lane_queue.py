"""What the waiting rooms in memory and on disk share: overflow, lingering, rest, flush, close."""

from __future__ import annotations

import math
import os
import threading
import time
from typing import Final

from growingio_tracker._clock import SYSTEM_CLOCK, Clock
from growingio_tracker.delivery.bell import Bell
from growingio_tracker.delivery.contract import (
    Batch,
    Delivered,
    Kept,
    LaneKey,
    Mark,
    Outcome,
    Problem,
    QueueLimits,
)
from growingio_tracker.delivery.lane import Lane
from growingio_tracker.delivery.ledger import Ledger, Reporter
from growingio_tracker.delivery.receipt import (
    PENDING,
    UNKNOWN,
    Fate,
    Fates,
    Receipt,
    receipt_of,
)
from growingio_tracker.exceptions import QueueFullError
from growingio_tracker.wire import Kind

_QUEUE_FULL: Final = "queue_full"
CLOSED: Final = Problem(
    "closed", "the consumer is closed; events tracked after stop() or close() are not sent", 1
)
_FULL: Final = receipt_of(Fate("dropped", _QUEUE_FULL))
_CLOSED: Final = receipt_of(Fate("dropped", CLOSED.reason))
_FULL_DETAIL: Final = "the queue is full, because events come faster than the server takes them"


class LaneQueue:
    """The contract of :class:`~growingio_tracker.delivery.contract.Queue` over lanes of records.

    The ledger's lock guards all state here, in the lanes and in the ledger. It is never held
    during encoding, requests or callbacks. ``_changed`` rings when a batch may have become
    due, ``_settled`` when an outcome may end somebody's wait.
    """

    def __init__(
        self,
        limits: QueueLimits,
        ledger: Ledger,
        reporter: Reporter,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._limits = limits
        self._max_events = limits.max_events
        self._max_bytes = limits.max_bytes
        self._ledger = ledger
        self._reporter = reporter
        self._clock = clock
        self._lock = ledger.lock
        self._changed = Bell(self._lock)
        self._due_at = 0.0  # no batch is due before, unless something changes
        self._settled = Bell(self._lock)
        self._lanes: dict[LaneKey, Lane] = {}
        self._fates = Fates()
        self._pid = os.getpid()
        self.senders: set[int] = set()
        self._closed = False
        self._warned_closed = False

    def offer(self, kind: Kind, record: bytes) -> Receipt:
        """See :class:`~growingio_tracker.delivery.contract.Queue`."""
        raise NotImplementedError

    def take(self, *, wait: bool = True) -> Batch | None:
        """See :class:`~growingio_tracker.delivery.contract.Queue`."""
        return self._take_within(math.inf if wait else 0.0)

    def may_be_due(self) -> bool:
        """See :class:`~growingio_tracker.delivery.contract.Queue`."""
        due_at = self._due_at
        return due_at != math.inf and due_at <= self._clock.monotonic()

    def settle(self, batch: Batch, outcome: Outcome) -> None:
        """See :class:`~growingio_tracker.delivery.contract.Queue`."""
        events, size = len(batch), sum(map(len, batch.records))
        with self._lock:
            lane = self._lanes[batch.store, batch.kind]
            lane.land(batch)
            self._note_change()
            if isinstance(outcome, Kept):
                lane.put_back(batch, size)
                self._rest(outcome, lane)
                return
            self._forget(batch)
            if isinstance(outcome, Delivered):
                self._ledger.count_delivered(events, size)
            else:
                self._ledger.count_rejected(outcome.reason, events, size)
                fate = Fate("rejected", outcome.reason)
                self._fates.note(lane, batch.first, batch.first + events, fate)
            self._settled.ring()

    def request_flush(self) -> Mark:
        """See :class:`~growingio_tracker.delivery.contract.Queue`."""
        with self._lock:
            return self._mark_all_due()

    def wait_settled(self, mark: Mark, timeout_s: float | None) -> bool:
        """See :class:`~growingio_tracker.delivery.contract.Queue`."""
        return self._settled.wait_for(lambda: self._is_settled(mark), timeout_s)

    def close(self) -> None:
        """See :class:`~growingio_tracker.delivery.contract.Queue`."""
        with self._lock:
            self._closed = True
            self._max_events = 0  # no room for anything any more
            self._mark_all_due()
            self._changed.ring()  # nobody waits any longer
            self._settled.ring()

    def give_up(self, reason: str, kind: Kind | None = None) -> None:
        """See :class:`~growingio_tracker.delivery.contract.Queue`."""
        with self._lock:
            for lane in self._lanes.values():
                if kind in (None, lane.kind):
                    self._give_up(lane, reason)
            self._settled.ring()

    def fate(self, lane: Lane, place: int) -> Fate:
        """Return what became of an event so far."""
        if os.getpid() != self._pid:
            return UNKNOWN
        with self._lock:
            if lane.oldest_unsettled() <= place:
                return PENDING
            return self._fates.find(lane, place)

    def wait_fate(self, lane: Lane, place: int, timeout_s: float | None) -> Fate:
        """Make an event due, and return what became of it, waiting up to ``timeout_s``."""
        if os.getpid() == self._pid and threading.get_ident() not in self.senders:
            with self._lock:
                lane.flush_to = max(lane.flush_to, place + 1)
                self._note_change()
            self._settled.wait_for(lambda: lane.oldest_unsettled() > place, timeout_s)
        return self.fate(lane, place)

    def _give_up(self, lane: Lane, reason: str) -> None:
        first = lane.head()
        events, size = lane.drop_all()
        if events:
            self._ledger.count_dropped(reason, events, size)
        fate = Fate("dropped", reason) if events else Fate("pending", "left_in_spool")
        self._fates.note(lane, first, lane.entered, fate)

    def _take_within(self, wait_s: float) -> Batch | None:
        """Return the next batch; ``None`` when none is due in time, or when closed."""
        until = self._clock.monotonic() + wait_s
        while True:
            with self._lock:
                now = self._clock.monotonic()
                due_at, key = self._next_due()
                if key is not None and due_at <= now:
                    self._changed.ring_for_one()  # this thread is no longer there to look
                    return self._lanes[key].pop_batch(now, key[0])
                self._due_at = due_at
                if self._closed or now >= until:
                    return None
                listener = self._changed.listen()
            wake_at = min(due_at, until)
            self._changed.hear(listener, None if wake_at == math.inf else wake_at - now)

    def _note_change(self) -> None:
        """Let one of those who take batches look again, with the lock held."""
        self._due_at = 0.0
        self._changed.ring_for_one()

    def _forget(self, batch: Batch) -> None:
        """Let go of records that have an outcome, with the lock held."""

    def _has_room(self, size: int) -> bool:
        ledger = self._ledger
        return ledger.pending < self._max_events and ledger.pending_bytes + size <= self._max_bytes

    def _announce(self, lane: Lane) -> None:
        """Wake whoever takes batches: a wait has begun, or is over."""
        if len(lane) == 1:
            lane.since = self._clock.monotonic()
            if self._ledger.pending == 1:
                self._ledger.pending_since = lane.since
        self._note_change()

    def _offer_when_full(self, kind: Kind, record: bytes, size: int) -> Receipt:
        """Apply the policy to a record that found no room."""
        lost, limits, receipt = 0, self._limits, _FULL
        until = time.monotonic() + (limits.block_s if limits.overflow == "block" else 0.0)
        while True:
            with self._lock:
                if limits.overflow == "drop_oldest":
                    lost += self._evict_for(size)
                if self._has_room(size):
                    receipt = self.offer(kind, record)
                    break
                remaining = until - time.monotonic()
                if self._closed or remaining <= 0:
                    self._ledger.count_refused(CLOSED.reason if self._closed else _QUEUE_FULL)
                    receipt = _CLOSED if self._closed else _FULL
                    lost += 1
                    break
                listener = self._settled.listen()
            self._settled.hear(listener, remaining)
        if lost:
            self._report_loss(lost)
        return receipt

    def _evict_for(self, size: int) -> int:
        evicted = 0
        while self._eviction_helps(size) and not self._has_room(size):
            lanes = [lane for lane in self._lanes.values() if len(lane)]
            oldest = min(lanes, key=lambda lane: lane.since)
            place = oldest.head()
            self._ledger.count_dropped(_QUEUE_FULL, 1, oldest.drop_oldest())
            self._fates.note(oldest, place, place + 1, _FULL.fate)
            evicted += 1
        self._settled.ring()
        return evicted

    def _eviction_helps(self, size: int) -> bool:
        """Return whether there would be room if nothing waited; what is in flight stays."""
        lanes = self._lanes.values()
        events = self._ledger.pending - sum(map(len, lanes))
        in_flight = self._ledger.pending_bytes - sum(lane.size for lane in lanes)
        return events < self._max_events and in_flight + size <= self._max_bytes

    def _report_loss(self, lost: int) -> None:
        if self._closed:
            with self._lock:
                warned, self._warned_closed = self._warned_closed, True
            if not warned:
                self._reporter.report(CLOSED)
            return
        self._reporter.report(Problem(_QUEUE_FULL, _FULL_DETAIL, lost))
        if self._limits.overflow == "raise":
            raise QueueFullError(
                "the queue is full and the event was not queued; trying again helps once the "
                "server takes events again"
            )

    def _next_due(self) -> tuple[float, LaneKey | None]:
        key = min(self._lanes, key=lambda key: self._lanes[key].due_at(), default=None)
        return (math.inf if key is None else self._lanes[key].due_at()), key

    def _rest(self, outcome: Kept, lane: Lane) -> None:
        until = 0.0 if self._closed else self._clock.monotonic() + outcome.rest_s
        for resting in self._lanes.values() if outcome.everywhere else (lane,):
            resting.rest_until = until

    def _mark_all_due(self) -> Mark:
        for lane in self._lanes.values():
            lane.flush_to = lane.entered
            lane.rest_until = 0.0
        self._note_change()
        return {key: lane.flush_to for key, lane in self._lanes.items()}

    def _is_settled(self, mark: Mark) -> bool:
        lanes = [(self._lanes.get(key), place) for key, place in mark.items()]
        return all(lane is None or lane.oldest_unsettled() >= place for lane, place in lanes)

"""The waiting room in memory."""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Mapping
from typing import Final

from growingio_tracker._clock import SYSTEM_CLOCK, Clock
from growingio_tracker.delivery.contract import (
    Batch,
    BatchLimits,
    Delivered,
    Kept,
    Outcome,
    Problem,
    QueueLimits,
)
from growingio_tracker.delivery.lane import Lane
from growingio_tracker.delivery.ledger import Ledger, Reporter
from growingio_tracker.exceptions import QueueFullError
from growingio_tracker.wire import Kind

_QUEUE_FULL: Final = "queue_full"
CLOSED: Final = Problem(
    "closed", "the consumer is closed; events tracked after stop() or close() are not sent", 1
)
_FULL_DETAIL: Final = "the queue is full, because events come faster than the server takes them"


class _Condition(threading.Condition):
    """A condition that a signal handler may notify in a thread that is notifying it."""

    def notify(self, n: int = 1) -> None:
        with contextlib.suppress(IndexError):  # the handler has woken whom we were about to wake
            super().notify(n)


class MemoryQueue:
    """Keeps the contract of :class:`~growingio_tracker.delivery.contract.Queue` in memory.

    The ledger's lock guards all state here and in the ledger. It is held for a few counters and
    never during I/O, encoding or callbacks. ``_changed`` is notified when a batch may have become
    due, ``_settled`` when an outcome may end somebody's wait.
    """

    def __init__(
        self,
        limits: QueueLimits,
        batches: Mapping[Kind, BatchLimits],
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
        self._changed = _Condition(self._lock)
        self._settled = _Condition(self._lock)
        self._lanes = {kind: Lane(kind, batches[kind]) for kind in Kind}
        self._closed = False
        self._warned_closed = False

    def offer(self, kind: Kind, record: bytes) -> None:
        """See :class:`~growingio_tracker.delivery.contract.Queue`."""
        size = len(record)
        lane, ledger = self._lanes[kind], self._ledger
        admitted, lost = True, 0
        # Written out instead of in small methods, because it runs on every call. It takes `with`,
        # though acquire() and try are cheaper: an exception that a signal handler raises between
        # those two, which is how some servers end a process, would leave the lock locked for ever.
        with self._lock:
            if ledger.pending >= self._max_events or ledger.pending_bytes + size > self._max_bytes:
                admitted, lost = self._overflow(size)
            if admitted:
                ledger.accepted += 1
                ledger.pending += 1
                ledger.pending_bytes += size
                waiting, limits = lane.waiting, lane.limits
                lane.entered += 1
                lane.size += size
                waiting.append(record)
                if (
                    len(waiting) in (1, limits.max_events)
                    or lane.size >= limits.max_bytes > lane.size - size
                ):
                    self._announce(lane)
        if lost:
            self._report_loss(lost)

    def take(self, *, wait: bool = True) -> Batch | None:
        """See :class:`~growingio_tracker.delivery.contract.Queue`."""
        with self._lock:
            while True:
                now = self._clock.monotonic()
                due_at, lane = self._next_due()
                if due_at <= now:
                    return lane.pop_batch(now)
                if not wait or self._closed:
                    return None
                self._changed.wait(None if due_at == math.inf else due_at - now)

    def settle(self, batch: Batch, outcome: Outcome) -> None:
        """See :class:`~growingio_tracker.delivery.contract.Queue`."""
        events, size = len(batch), sum(map(len, batch.records))
        with self._lock:
            lane = self._lanes[batch.kind]
            lane.land(batch)
            self._changed.notify()
            if isinstance(outcome, Kept):
                lane.put_back(batch, size)
                self._rest(outcome, lane)
                return
            if isinstance(outcome, Delivered):
                self._ledger.count_delivered(events, size)
            else:
                self._ledger.count_rejected(outcome.reason, events, size)
            self._settled.notify_all()

    def request_flush(self) -> Mapping[Kind, int]:
        """See :class:`~growingio_tracker.delivery.contract.Queue`."""
        with self._lock:
            return self._mark_all_due()

    def wait_settled(self, mark: Mapping[Kind, int], timeout_s: float | None) -> bool:
        """See :class:`~growingio_tracker.delivery.contract.Queue`."""
        with self._lock:
            return self._settled.wait_for(lambda: self._is_settled(mark), timeout_s)

    def close(self) -> None:
        """See :class:`~growingio_tracker.delivery.contract.Queue`."""
        with self._lock:
            self._closed = True
            self._max_events = 0  # no room for anything any more
            self._mark_all_due()
            self._settled.notify_all()

    def abandon(self, reason: str, kind: Kind | None = None) -> int:
        """See :class:`~growingio_tracker.delivery.contract.Queue`."""
        lanes = self._lanes.values() if kind is None else [self._lanes[kind]]
        with self._lock:
            events = sum(self._drop_all(lane, reason) for lane in lanes)
            self._settled.notify_all()
            return events

    def _has_room(self, size: int) -> bool:
        ledger = self._ledger
        return ledger.pending < self._max_events and ledger.pending_bytes + size <= self._max_bytes

    def _announce(self, lane: Lane) -> None:
        """Wake whoever takes batches: a wait has begun, or is over."""
        if len(lane.waiting) == 1:
            lane.since = self._clock.monotonic()
            if self._ledger.pending == 1:
                self._ledger.pending_since = lane.since
        self._changed.notify()

    def _overflow(self, size: int) -> tuple[bool, int]:
        """Apply the policy; return whether there is room now, and how many events it cost."""
        lost, limits = 0, self._limits
        if limits.overflow == "drop_oldest":
            lost = self._evict_for(size)
        elif limits.overflow == "block":
            self._settled.wait_for(lambda: self._closed or self._has_room(size), limits.block_s)
        if self._has_room(size):
            return True, lost
        self._ledger.count_refused(CLOSED.reason if self._closed else _QUEUE_FULL)
        return False, lost + 1

    def _evict_for(self, size: int) -> int:
        evicted = 0
        while self._eviction_helps(size) and not self._has_room(size):
            lanes = [lane for lane in self._lanes.values() if lane.waiting]
            self._drop_oldest(min(lanes, key=lambda lane: lane.since), _QUEUE_FULL)
            evicted += 1
        self._settled.notify_all()
        return evicted

    def _eviction_helps(self, size: int) -> bool:
        """Return whether there would be room if nothing waited; what is in flight stays."""
        lanes = self._lanes.values()
        events = self._ledger.pending - sum(len(lane.waiting) for lane in lanes)
        in_flight = self._ledger.pending_bytes - sum(lane.size for lane in lanes)
        return events < self._max_events and in_flight + size <= self._max_bytes

    def _drop_oldest(self, lane: Lane, reason: str) -> None:
        self._ledger.count_dropped(reason, 1, len(lane.pop()))

    def _drop_all(self, lane: Lane, reason: str) -> int:
        events = len(lane.waiting)
        for _ in range(events):
            self._drop_oldest(lane, reason)
        return events

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

    def _next_due(self) -> tuple[float, Lane]:
        lane = min(self._lanes.values(), key=Lane.due_at)
        return lane.due_at(), lane

    def _rest(self, outcome: Kept, lane: Lane) -> None:
        until = 0.0 if self._closed else self._clock.monotonic() + outcome.rest_s
        for resting in self._lanes.values() if outcome.everywhere else (lane,):
            resting.rest_until = until

    def _mark_all_due(self) -> Mapping[Kind, int]:
        for lane in self._lanes.values():
            lane.flush_to = lane.entered
            lane.rest_until = 0.0
        self._changed.notify_all()
        return {kind: lane.flush_to for kind, lane in self._lanes.items()}

    def _is_settled(self, mark: Mapping[Kind, int]) -> bool:
        return all(self._lanes[kind].oldest_unsettled() >= place for kind, place in mark.items())

"""Overflow policy of a waiting room: what becomes of a record that finds no room."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from growingio_tracker.delivery import QueueLimits
from growingio_tracker.delivery.lanes import Lane, Lanes, Room
from growingio_tracker.delivery.ledger import Ledger
from growingio_tracker.delivery.receipt import Fate, Outcomes, Receipt, receipt_of
from growingio_tracker.delivery.schedule import Schedule
from growingio_tracker.delivery.waiting import LOOK_AGAIN_S, WaitingThread
from growingio_tracker.model.losses import Problem, Reporter
from growingio_wire.errors import QueueFullError
from growingio_wire.said import Said

_QUEUE_FULL: Final = "queue_full"
_FULL_DETAIL: Final = Said(
    "the queue is full, because events come faster than the server takes them",
    "队列已满，因为事件产生得比采集服务接收得快",
)
_NOT_QUEUED: Final = Said(
    "the queue is full and the event was not queued; retry once the server accepts events again",
    "队列已满，该事件未进入队列；请在采集服务恢复接收事件后重试",
)
_FULL: Final = receipt_of(Fate("dropped", _QUEUE_FULL))
CLOSED: Final = Problem.of(
    "closed",
    Said(
        "the consumer is closed; events tracked later are not sent",
        "consumer 已关闭；此后上报的事件不会发送",
    ),
    1,
)
REFUSED_CLOSED: Final = receipt_of(Fate("dropped", CLOSED.reason))


class OverflowPolicy:
    """Applies a policy, and reports losses: those after closing once, all others each time.

    :param room: the policy's waiting room.
    :param outcomes: the threads that wait for room, and the driver that makes it.
    """

    def __init__(
        self,
        room: Room,
        lanes: Lanes,
        limits: QueueLimits,
        ledger: Ledger,
        reporter: Reporter,
        schedule: Schedule,
        outcomes: Outcomes,
    ) -> None:
        self._room, self._lanes = room, lanes
        self._schedule = schedule
        self._policy = limits.overflow
        self._block_s = limits.block_s if limits.overflow == "block" else 0.0
        self._max_bytes = limits.max_bytes
        self._ledger, self._admission = ledger, ledger.admission
        self._reporter = reporter
        self._outcomes, self._waiters = outcomes, outcomes.waiters
        self._warned_closed = False

    def apply(self, size: int, offer: Callable[[], Receipt | None]) -> Receipt:
        """Handle a record of ``size`` bytes that found no room; return its receipt.

        :param offer: offers it again; returns ``None`` if another thread took the room.
        :raises QueueFullError: if the policy is ``"raise"``.
        """
        self._hurry()
        lost, receipt = 0, _FULL
        until = time.monotonic() + self._may_wait_s(size)
        while True:
            with self._ledger.lock:
                if self._policy == "drop_oldest":
                    lost += self._evict_for(size)
                if self._admission.has_room(size):
                    entered = offer()
                    if entered is None:
                        continue
                    receipt = entered
                    break
                remaining = until - time.monotonic()
                if self._admission.closed or remaining <= 0:
                    receipt = REFUSED_CLOSED if self._admission.closed else _FULL
                    self._ledger.count_refused(receipt.fate.reason)
                    lost += 1
                    break
                thread = self._waiters.enlist(lambda: self._admission.has_room(size))
            self._wait(thread, until)
        if lost:
            self._report(lost)
        return receipt

    def _hurry(self) -> None:
        """Have sent what waits for its batch to become full, because it will not."""
        with self._ledger.lock:
            hurries = not self._admission.closed and self._schedule.note_full()
        if hurries:
            self._outcomes.driver.drive()

    def _may_wait_s(self, size: int) -> float:
        """Return how long a record may wait for room.

        Not at all if it never fits, or in a thread that would be waiting for itself to make room.
        """
        if not self._block_s or size > self._max_bytes or self._outcomes.driver.is_callback():
            return 0.0
        return self._block_s

    def _wait(self, thread: WaitingThread, until: float) -> None:
        """Wait for room, once it is sure that somebody makes it.

        Nobody does if this is a process's first event, and an earlier process has filled the spool,
        or if the sending thread has ended.
        """
        try:
            self._outcomes.driver.drive()
        except BaseException:  # a signal handler raised
            self._waiters.remove(thread)
            raise
        self._waiters.sleep(thread, min(until - time.monotonic(), LOOK_AGAIN_S))

    def _evict_for(self, size: int) -> int:
        evicted = 0
        while self._eviction_helps(size) and not self._admission.has_room(size):
            lanes = [lane for lane in self._lanes.by_number.values() if len(lane.records)]
            oldest = min(lanes, key=lambda lane: lane.since, default=None)
            if oldest is None or not self._evict(oldest):
                break  # a signal handler has just taken the waiting records
            evicted += 1
        self._room.wake_ready()
        return evicted

    def _evict(self, lane: Lane) -> bool:
        """Drop the oldest record of ``lane``; return ``False`` if there is none."""
        seq = lane.records.first_seq()
        try:
            size = lane.records.drop_oldest()
        except IndexError:
            return False
        self._ledger.count_dropped(_QUEUE_FULL, 1, size)
        self._room.note_fate(lane.number, seq, seq + 1, _FULL.fate)
        return True

    def _eviction_helps(self, size: int) -> bool:
        """Return whether dropping all queued records, but not those in flight, would make room."""
        admission = self._admission
        waiting = [lane.records for lane in self._lanes.by_number.values()]
        events = admission.pending - sum(map(len, waiting))
        in_flight = admission.pending_bytes - sum(records.size for records in waiting)
        return events < admission.max_events and in_flight + size <= admission.max_bytes

    def _report(self, lost: int) -> None:
        if self._admission.closed:
            with self._ledger.lock:
                warned, self._warned_closed = self._warned_closed, True
            if not warned:
                self._reporter.report(CLOSED)
            return
        self._reporter.report(Problem.of(_QUEUE_FULL, _FULL_DETAIL, lost))
        if self._policy == "raise":
            raise QueueFullError(_NOT_QUEUED)

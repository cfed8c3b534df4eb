"""The waiting room in memory."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

from growingio_tracker._clock import SYSTEM_CLOCK, Clock
from growingio_tracker.delivery.contract import BatchLimits, QueueLimits
from growingio_tracker.delivery.lane_queue import LaneQueue
from growingio_tracker.delivery.ledger import Ledger, Reporter
from growingio_tracker.delivery.memory_lane import MemoryLane
from growingio_tracker.delivery.receipt import Receipt
from growingio_tracker.wire import Kind

_YIELDS: Final = 20


class MemoryQueue(LaneQueue):
    """Keeps the contract of :class:`~growingio_tracker.delivery.contract.Queue` in memory."""

    def __init__(
        self,
        limits: QueueLimits,
        batches: Mapping[Kind, BatchLimits],
        ledger: Ledger,
        reporter: Reporter,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        super().__init__(limits, ledger, reporter, clock)
        # Whether a thread is amid an offer. Only a hint, which needs no lock; see _let_it_leave().
        self._entering = False
        self._by_kind = {kind: MemoryLane(kind, batches[kind]) for kind in Kind}
        self._lanes.update({(0, kind): lane for kind, lane in self._by_kind.items()})

    def offer(self, kind: Kind, record: bytes) -> Receipt:
        """See :class:`~growingio_tracker.delivery.contract.Queue`."""
        size, lane, ledger = len(record), self._by_kind[kind], self._ledger
        if self._entering:
            self._let_it_leave()
        # Written out instead of in small methods, because it runs on every call. It takes `with`,
        # though acquire() and try are cheaper: an exception that a signal handler raises between
        # those two, which is how some servers end a process, would leave the lock locked for ever.
        with self._lock:
            self._entering = True
            try:
                if ledger.pending < self._max_events and (
                    ledger.pending_bytes + size <= self._max_bytes
                ):
                    ledger.accepted += 1
                    ledger.pending += 1
                    ledger.pending_bytes += size
                    place = lane.entered
                    lane.entered = place + 1
                    lane.size += size
                    lane.waiting.append(record)
                    if len(lane.waiting) in (1, lane.max_events) or (
                        lane.size >= lane.max_bytes > lane.size - size
                    ):
                        self._announce(lane)
                    return Receipt(self, lane, place)
            finally:
                self._entering = False
        return self._offer_when_full(kind, record, size)

    def _let_it_leave(self) -> None:
        """Give the thread that is amid an offer time to end it, before asking for the lock.

        Whoever sleeps for the lock gets it before it can run, so that all threads that track would
        have to wait for each other at every event from then on, at five times the cost of a call.
        It gives up soon, because it may be a signal handler amid an offer of its own thread.
        """
        for _ in range(_YIELDS):
            time.sleep(0)
            if not self._entering:
                return

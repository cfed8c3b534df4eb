"""The waiting room on disk, among those of other processes."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from growingio_tracker._clock import SYSTEM_CLOCK, Clock
from growingio_tracker.delivery.contract import Batch, BatchLimits, Kept, Mark, QueueLimits
from growingio_tracker.delivery.ledger import Ledger, Reporter
from growingio_tracker.delivery.receipt import Fate
from growingio_tracker.delivery.spool.directory import Spool
from growingio_tracker.delivery.spool.store import Store
from growingio_tracker.delivery.spool.store_queue import StoreQueue
from growingio_tracker.exceptions import GrowingIOException
from growingio_tracker.wire import Kind

LOOK_AGAIN_S: Final = 5.0
_LOOKS_S: Final = 1.0
_LEFT_TO_RELAY: Final = Kept(GrowingIOException("left to the relay"), rest_s=1.0)


class SpoolQueue(StoreQueue):
    """A :class:`StoreQueue` that takes in, until they are empty, the stores of dead processes.

    While a relay runs, it leaves all that to it, and its own records, too. Looking for stores
    holds nobody up who tracks.

    :param look_again_s: seconds between two looks at the directory.
    :param heeds_relay: whether a relay, if one runs, is to send instead of this process.
    """

    def __init__(
        self,
        spool: Spool,
        limits: QueueLimits,
        batches: Mapping[Kind, BatchLimits],
        ledger: Ledger,
        reporter: Reporter,
        clock: Clock = SYSTEM_CLOCK,
        *,
        max_age_s: float | None = None,
        look_again_s: float = LOOK_AGAIN_S,
        heeds_relay: bool = True,
    ) -> None:
        super().__init__(
            spool,
            limits,
            batches,
            ledger,
            reporter,
            clock,
            max_age_s=max_age_s,
            look_again_s=look_again_s,
        )
        self._heeds_relay = heeds_relay
        self._handed_over: Path | None = None
        # The thread that looks; another one waits for it, so that a flush finds what is just being
        # taken in. No lock, because a signal handler that flushes may hold the queue's already.
        self._looking: int | None = None

    def request_flush(self) -> Mark:
        """See :class:`~growingio_tracker.delivery.contract.Queue`. Takes in what others left."""
        self._look_again()
        self._report_problems()
        return super().request_flush()

    def _first_store(self) -> Store:
        """Continue the store that an earlier process left, which keeps the order; or make one."""
        orphan = None if self._has_relay() else next(self._spool.adopt_stores(), None)
        return orphan or self._spool.new_store()

    def _take_due(self, wait_s: float) -> Batch | None:
        while (batch := super()._take_due(wait_s)) is not None and self._leave_to_relay(batch):
            pass
        return batch

    def _look_around(self) -> None:
        """Take in what dead processes left, unless a relay does, and drop what is too old."""
        if self._looking == threading.get_ident():
            return
        if not self._settled.wait_for(self._begin_looking, _LOOKS_S):
            return
        try:
            for store in () if self._has_relay() else self._spool.adopt_stores():
                if not self._take_in(store):
                    break
            super()._look_around()
        finally:
            with self._lock:
                self._looking = None
                self._settled.ring()

    def _begin_looking(self) -> bool:
        if self._looking is None:
            self._looking = threading.get_ident()
        return self._looking == threading.get_ident()

    def _take_in(self, store: Store) -> bool:
        """Adopt ``store``; return False when closing has begun meanwhile and it must not be."""
        with self._lock:
            if self._closed:
                store.close()
                return False
            self._adopt(store, as_own=False)
            return True

    def _has_relay(self) -> bool:
        return self._heeds_relay and self._spool.has_relay()

    def _leave_to_relay(self, batch: Batch) -> bool:
        """Return whether a relay sends ``batch``; then all that waits is left to it.

        Until the end, no second store is left while the relay has not finished the last one:
        whatever it does, there are no more than two of them.
        """
        if not self._has_relay():
            return False
        super().settle(batch, _LEFT_TO_RELAY)
        if self._closed:
            self._hand_over(None)
        elif self._handed_over is None or not self._handed_over.exists():
            self._hand_over(self._spool.new_store())
        return True

    def _hand_over(self, successor: Store | None) -> None:
        with self._lock:
            flying = self._holdings.flying()
            left = [self._leave(number) for number in self._holdings.numbers() - flying]
            self._own = self._holdings.add(successor) if successor else 0
            self._settled.ring()
        for store in left:
            self._handed_over = store.path
            store.release()

    def _leave(self, number: int) -> Store:
        self._ledger.count_handed_over(*self._holdings.waiting(number))
        self._note_removed(number, Fate("handed_over"))
        return self._holdings.remove(number)

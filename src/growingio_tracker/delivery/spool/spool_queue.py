"""The waiting room on disk."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from threading import get_ident
from typing import Final

from growingio_tracker._clock import SYSTEM_CLOCK, Clock
from growingio_tracker.delivery.contract import (
    Batch,
    BatchLimits,
    Kept,
    Mark,
    Outcome,
    Problem,
    QueueLimits,
    Rejected,
)
from growingio_tracker.delivery.lane_queue import CLOSED, LaneQueue
from growingio_tracker.delivery.ledger import Ledger, Reporter
from growingio_tracker.delivery.spool.dead_letters import MAX_DEAD_LETTERS
from growingio_tracker.delivery.spool.directory import Spool
from growingio_tracker.delivery.spool.fork_gate import guard
from growingio_tracker.delivery.spool.holdings import Holdings
from growingio_tracker.delivery.spool.store import Store, unusable
from growingio_tracker.exceptions import GrowingIOException, SpoolError
from growingio_tracker.wire import Kind

LOOK_AGAIN_S: Final = 5.0
_LOOKS_S: Final = 1.0
_SPOOL_ERROR: Final = "spool_error"
_EXPIRED: Final = "expired"
_DISK_REST_S: Final = 10.0
_LEFT_TO_RELAY: Final = Kept(GrowingIOException("left to the relay"), rest_s=1.0)


class SpoolQueue(LaneQueue):
    """Keeps the contract of :class:`~growingio_tracker.delivery.contract.Queue` on disk.

    Records go into one store, this process's own. Stores that dead processes left are taken in
    beside it, until they are empty. A record is in its file when ``offer`` returns, and leaves it
    when it has an outcome. What a closed queue has not sent stays there.

    Disk accesses happen with the lock held, because one connection serves all threads; only
    looking for stores to take in does not hold anybody up.

    :param max_age_s: what has waited longer is dropped; ``None`` keeps it.
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
        super().__init__(limits, ledger, reporter, clock)
        guard(self._lock)
        self._spool = spool
        self._max_age_s = max_age_s
        self._look_again_s = look_again_s
        self._look_at = 0.0
        # The thread that looks; another one waits for it, so that a flush finds what is just being
        # taken in. No lock, because a signal handler that flushes may hold the queue's already.
        self._looking: int | None = None
        self._heeds_relay = heeds_relay
        self._holdings = Holdings(self._lanes, batches)
        self._own = 0  # the number of our own store; 0 while there is none
        self._handed_over: Path | None = None
        # Ages are differences of one steady clock, so that a jump of the wall clock, which only
        # says where it starts, cannot expire what has just come.
        self._wall_ms = clock.now_ms() - int(clock.monotonic() * 1000)

    def offer(self, kind: Kind, record: bytes) -> None:
        """See :class:`~growingio_tracker.delivery.contract.Queue`."""
        size = len(record)
        admitted, lost = True, 0
        with self._lock:
            if not (self._own or self._closed):
                self._open()
            if not self._has_room(size):
                admitted, lost = self._overflow(size)
            if admitted:
                self._append(kind, record)
        if lost:
            self._report_loss(lost)

    def take(self, *, wait: bool = True) -> Batch | None:
        """See :class:`~growingio_tracker.delivery.contract.Queue`."""
        while True:
            try:
                batch = self._take_once(self._look_again_s if wait else 0.0)
                if batch is not None and not self._leave_to_relay(batch):
                    return batch
            except (SpoolError, sqlite3.Error, OSError) as error:
                batch = None
                self._repair(error)
            self._report_problems()
            if batch is None and (self._closed or not wait):
                return None

    def settle(self, batch: Batch, outcome: Outcome) -> None:
        """See :class:`~growingio_tracker.delivery.contract.Queue`."""
        if isinstance(outcome, Rejected):
            outcome = self._bury(batch, outcome)
        super().settle(batch, outcome)
        with self._lock:
            self._release_finished()

    def request_flush(self) -> Mark:
        """See :class:`~growingio_tracker.delivery.contract.Queue`. Takes in what others left."""
        try:
            if not self._closed:
                self._look_around()
        except (SpoolError, sqlite3.Error, OSError) as error:
            self._repair(error)
        self._report_problems()
        return super().request_flush()

    def give_up(self, reason: str, kind: Kind | None = None) -> None:
        """See :class:`~growingio_tracker.delivery.contract.Queue`."""
        super().give_up(reason, kind)
        with self._lock:
            if kind is None:
                self._own = 0
            self._release_finished()

    def _forget(self, batch: Batch) -> None:
        try:
            self._holdings.lane(batch.store, batch.kind).remove(batch)
            self._holdings.tidy()
        except sqlite3.Error as error:
            # Its lane tries again with the next batch. Ending before that sends this one again.
            self._ledger.last_error = f"delivered events could not be removed from disk: {error}"

    def _open(self) -> None:
        """Continue the store that an earlier process left, which keeps the order; or make one."""
        try:
            orphan = None if self._has_relay() else next(self._spool.adopt_stores(), None)
            self._own = self._adopt(orphan or self._spool.new_store(), as_own=True)
        except (SpoolError, sqlite3.Error, OSError) as error:
            raise self._refused(error) from error

    def _adopt(self, store: Store, *, as_own: bool) -> int:
        number = self._holdings.add(store, grows=as_own)
        events, size = self._holdings.waiting(number)
        if events:
            self._ledger.count_adopted(events, size)
            self._changed.notify()
        return number

    def _append(self, kind: Kind, record: bytes) -> None:
        if not self._own:  # a signal handler has closed in the midst of this call
            self._ledger.count_refused(CLOSED.reason)
            return
        lane, size = self._holdings.lane(self._own, kind), len(record)
        try:
            lane.append(record, self._now_ms())
        except sqlite3.Error as error:
            raise self._refused(error) from error
        self._ledger.count_accepted(size)
        limits = lane.limits
        if (
            lane.waiting in (1, limits.max_events)
            or lane.size >= limits.max_bytes > lane.size - size
        ):
            self._announce(lane)

    def _refused(self, error: Exception) -> SpoolError:
        self._ledger.count_refused(_SPOOL_ERROR)
        self._ledger.last_error = str(error)
        return error if isinstance(error, SpoolError) else unusable(self._spool.directory, error)

    def _now_ms(self) -> int:
        return self._wall_ms + int(self._clock.monotonic() * 1000)

    def _take_once(self, wait_s: float) -> Batch | None:
        if self._clock.monotonic() >= self._look_at and not self._closed:
            self._look_around()
        return self._take_within(wait_s)

    def _look_around(self) -> None:
        """Take in what dead processes left, unless a relay does, and drop what is too old."""
        with self._lock:
            if self._looking == get_ident():
                return
            self._settled.wait_for(lambda: self._looking is None, _LOOKS_S)
            if self._looking is not None:
                return
            self._looking = get_ident()
        try:
            self._look_at = self._clock.monotonic() + self._look_again_s
            for store in () if self._has_relay() else self._spool.adopt_stores():
                if not self._take_in(store):
                    break
            self._clean_up()
            self._expire()
        finally:
            with self._lock:
                self._looking = None
                self._settled.notify_all()

    def _take_in(self, store: Store) -> bool:
        """Adopt ``store``; return False when closing has begun meanwhile and it must not be."""
        with self._lock:
            if self._closed:
                store.close()
                return False
            self._adopt(store, as_own=False)
            return True

    def _clean_up(self) -> None:
        """Remove what a full disk did not let go before, and files that have become empty."""
        with self._lock, contextlib.suppress(sqlite3.Error):
            self._holdings.remove_settled()
            self._release_finished()

    def _report_problems(self) -> None:
        while self._spool.problems:
            self._reporter.report(self._spool.problems.popleft())

    def _expire(self) -> None:
        if self._max_age_s is None:
            return
        with self._lock:
            events, size = self._holdings.expire(self._now_ms() - int(self._max_age_s * 1000))
            if events:
                self._ledger.count_dropped(_EXPIRED, events, size)
                self._settled.notify_all()
        if events:
            detail = f"they waited longer than max_age_s, which is {self._max_age_s:g}"
            self._reporter.report(Problem(_EXPIRED, detail, events))

    def _repair(self, error: Exception) -> None:
        """Replace damaged stores; leave a disk that does not answer alone for a while."""
        with self._lock:
            damaged = self._holdings.damaged()
            for number, reason in damaged.items():
                self._replace(number, reason)
            for lane in self._lanes.values():
                lane.rest_until = self._clock.monotonic() + _DISK_REST_S
        if not damaged:
            self._reporter.report(Problem("spool_unreadable", str(error)))

    def _replace(self, number: int, error: sqlite3.DatabaseError) -> None:
        events, size = self._holdings.waiting(number)
        store = self._holdings.remove(number)
        store.close()
        rescued = self._spool.rescue(store.path, error)
        successor = self._holdings.add(rescued) if rescued else 0
        if number == self._own:
            self._own = successor
        found, found_size = self._holdings.waiting(successor) if rescued else (0, 0)
        if events > found:
            self._ledger.count_dropped("spool_damaged", events - found, size - found_size)
        else:  # what was delivered and could not be removed has come back
            self._ledger.count_adopted(found - events, found_size - size)

    def _bury(self, batch: Batch, outcome: Rejected) -> Outcome:
        """Keep rejected records as dead letters; where that fails, they have to stay."""
        letters = self._spool.dead_letters
        try:
            removed = letters.bury(batch, outcome, self._spool.destination, self._clock.now_ms())
        except SpoolError as failure:
            return Kept(failure, _DISK_REST_S)
        if removed:
            detail = f"more than {MAX_DEAD_LETTERS} dead letters: the oldest were removed"
            self._reporter.report(Problem("dead_letters_full", detail, removed))
        return outcome

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
            self._settled.notify_all()
        for store in left:
            self._handed_over = store.path
            store.release()

    def _leave(self, number: int) -> Store:
        self._ledger.count_handed_over(*self._holdings.waiting(number))
        return self._holdings.remove(number)

    def _release_finished(self) -> None:
        for store in self._holdings.finished(self._own):
            store.release()

"""The waiting room on disk, as one process has it."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Mapping
from typing import Final

from growingio_tracker._clock import SYSTEM_CLOCK, Clock
from growingio_tracker.delivery.contract import (
    Batch,
    BatchLimits,
    Kept,
    Outcome,
    Problem,
    QueueLimits,
    Rejected,
)
from growingio_tracker.delivery.lane_queue import CLOSED, LaneQueue
from growingio_tracker.delivery.ledger import Ledger, Reporter
from growingio_tracker.delivery.receipt import UNKNOWN, Fate, Receipt, receipt_of
from growingio_tracker.delivery.spool.dead_letters import MAX_DEAD_LETTERS
from growingio_tracker.delivery.spool.directory import Spool
from growingio_tracker.delivery.spool.fork_gate import guard
from growingio_tracker.delivery.spool.holdings import Holdings
from growingio_tracker.delivery.spool.store import Store, unusable
from growingio_tracker.exceptions import SpoolError
from growingio_tracker.wire import Kind

_SPOOL_ERROR: Final = "spool_error"
_EXPIRED: Final = "expired"
_UNREADABLE: Final = "spool_unreadable"
_DISK_REST_S: Final = 10.0


class StoreQueue(LaneQueue):
    """Keeps the contract of :class:`~growingio_tracker.delivery.contract.Queue` on disk.

    Records go into one store, this process's own. A record is in its file when ``offer`` returns,
    and leaves it when it has an outcome. What a closed queue has not sent stays there.

    Disk accesses happen with the lock held, because one connection serves all threads.

    :param max_age_s: what has waited longer is dropped; ``None`` keeps it.
    :param look_again_s: seconds between two looks at what is too old.
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
        max_age_s: float | None,
        look_again_s: float,
    ) -> None:
        super().__init__(limits, ledger, reporter, clock)
        guard(self._lock)
        self._spool = spool
        self._max_age_s = max_age_s
        self._look_again_s = look_again_s
        self._look_at = 0.0
        self._holdings = Holdings(self._lanes, batches)
        self._own = 0  # the number of our own store; 0 while there is none
        self._opening = 0  # more than 1 when a signal handler tracks amid opening
        # Ages are differences of one steady clock, so that a jump of the wall clock, which only
        # says where it starts, cannot expire what has just come.
        self._wall_ms = clock.now_ms() - int(clock.monotonic() * 1000)

    def offer(self, kind: Kind, record: bytes) -> Receipt:
        """See :class:`~growingio_tracker.delivery.contract.Queue`."""
        size = len(record)
        with self._lock:
            if not (self._own or self._closed):
                self._open()
            if self._has_room(size):
                return self._append(kind, record, size)
        return self._offer_when_full(kind, record, size)

    def take(self, *, wait: bool = True) -> Batch | None:
        """See :class:`~growingio_tracker.delivery.contract.Queue`."""
        while True:
            if self._clock.monotonic() >= self._look_at:
                self._look_again()
            batch = None
            try:
                batch = self._take_due(self._look_again_s if wait else 0.0)
            except (SpoolError, sqlite3.Error, OSError) as error:
                self._repair(error)
            self._report_problems()
            if batch is not None or self._closed or not wait:
                return batch

    def settle(self, batch: Batch, outcome: Outcome) -> None:
        """See :class:`~growingio_tracker.delivery.contract.Queue`."""
        if isinstance(outcome, Rejected):
            outcome = self._bury(batch, outcome)
        super().settle(batch, outcome)
        with self._lock:
            self._release_finished()

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
        self._opening += 1
        try:
            self._own = self._adopt(self._first_store(), as_own=True)
        except (SpoolError, sqlite3.Error, OSError) as error:
            raise self._refused(error) from error
        finally:
            self._opening -= 1

    def _first_store(self) -> Store:
        """Return the store that this process begins with."""
        return self._spool.new_store()

    def _adopt(self, store: Store, *, as_own: bool) -> int:
        number = self._holdings.add(store, grows=as_own)
        events, size = self._holdings.waiting(number)
        if events:
            self._ledger.count_adopted(events, size)
            self._note_change()
        return number

    def _append(self, kind: Kind, record: bytes, size: int) -> Receipt:
        try:
            lane = self._holdings.lane(self._own, kind)
            place = lane.write(record, self._now_ms())
            ledger = self._ledger
            if not lane.waiting or place < lane.first:
                lane.first = place
            # From here on no call and no jump, because a signal handler comes in with those: it
            # must not find, and deliver, what waits and has not been accepted yet.
            ledger.accepted += 1
            ledger.pending += 1
            ledger.pending_bytes += size
            lane.waiting += 1
            lane.size += size
        except (KeyError, sqlite3.Error) as error:
            if not self._closed:
                raise self._refused(error) from error
            self._ledger.count_refused(CLOSED.reason)  # by a signal handler amid this very call
            return receipt_of(Fate("dropped", CLOSED.reason))
        except BaseException:
            self._count_again()  # a signal handler raised, and nobody knows how far this came
            raise
        if lane.has_news(size):
            self._announce(lane)
        return Receipt(self, lane, place)

    def _count_again(self) -> None:
        with contextlib.suppress(KeyError, sqlite3.Error):
            self._ledger.count_again(*self._holdings.recount(self._own))
            self._note_change()

    def _refused(self, error: Exception) -> SpoolError:
        self._ledger.count_refused(_SPOOL_ERROR)
        self._ledger.last_error = str(error)
        return error if isinstance(error, SpoolError) else unusable(self._spool.directory, error)

    def _now_ms(self) -> int:
        return self._wall_ms + int(self._clock.monotonic() * 1000)

    def _take_due(self, wait_s: float) -> Batch | None:
        return self._take_within(wait_s)

    def _look_again(self) -> None:
        """Look around, unless closing has begun; where that fails, go on without."""
        self._look_at = self._clock.monotonic() + self._look_again_s
        try:
            if not self._closed:
                self._look_around()
        except (SpoolError, sqlite3.Error, OSError) as error:
            self._spool.problems.append(Problem(_UNREADABLE, str(error)))

    def _look_around(self) -> None:
        """Do what has to be done from time to time."""
        self._clean_up()
        self._expire()

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
            before = [(lane, lane.head()) for lane in self._lanes.values()]
            events, size = self._holdings.expire(self._now_ms() - int(self._max_age_s * 1000))
            for lane, first in before:
                self._fates.note(lane, first, lane.head(), Fate("dropped", _EXPIRED))
            if events:
                self._ledger.count_dropped(_EXPIRED, events, size)
                self._settled.ring()
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
            self._reporter.report(Problem(_UNREADABLE, str(error)))

    def _replace(self, number: int, error: sqlite3.DatabaseError) -> None:
        events, size = self._holdings.waiting(number)
        self._note_removed(number, UNKNOWN)
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

    def _note_removed(self, number: int, fate: Fate) -> None:
        """Remember what becomes of everything that waits in a store that is let go."""
        for lane in self._holdings.lanes(number):
            self._fates.note(lane, lane.oldest_unsettled(), lane.entered, fate)
            lane.waiting = 0

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

    def _release_finished(self) -> None:
        if self._opening:  # a signal handler is here, and the store being opened looks finished
            return
        for store in self._holdings.finished(self._own):
            store.release()

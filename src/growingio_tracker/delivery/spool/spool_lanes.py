"""Lanes on disk, in a directory shared with other processes.

Records go into this process's own store. A record is in its file when the call returns, and is
removed once it has an outcome. Records left when a room is closed stay on disk. The stores of dead
processes are adopted until they are empty, unless a relay is running, which then sends everything.

Disk accesses hold the room's lock, so that the order on disk is that of the calls. Only waiting for
the disk (``fsync``) happens without the lock, once for many calls.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from growingio_tracker.delivery import Batch, BatchLimits, Outcome, Postponed, Rejected
from growingio_tracker.delivery.lanes import Lane, Lanes, Lead, Room
from growingio_tracker.delivery.ledger import Ledger
from growingio_tracker.delivery.receipt import Fate
from growingio_tracker.delivery.spool import Spool, unusable
from growingio_tracker.delivery.spool.disk_records import EntryTime, NothingLeftError
from growingio_tracker.delivery.spool.files import GroupSync
from growingio_tracker.delivery.spool.open_stores import DirectoryBounds, OpenStore, OpenStores
from growingio_tracker.delivery.spool.segment import Count
from growingio_tracker.delivery.spool.store import Store, control_of
from growingio_tracker.delivery.waiting import Waiters
from growingio_tracker.model.losses import Problem, Reporter
from growingio_wire.clock import SYSTEM_CLOCK, Clock
from growingio_wire.errors import SpoolError, said_of
from growingio_wire.said import Said
from growingio_wire.table import Kind

LOOK_EVERY_S: Final = 5.0
_LOOKS_S: Final = 1.0
_EXPIRED: Final = "expired"
_DAMAGED: Final = "spool_damaged"
_TOO_MANY_LETTERS: Final = Said(
    "the dead letters exceeded a limit, and the oldest were removed",
    "死信超过上限，最早的已被删除",
)
_TOO_OLD: Final = Said("they were queued for longer than max_age_s", "排队时间超过了 max_age_s")
_GONE: Final = Said(
    "events in the spool are damaged or have gone; those around them are delivered",
    "spool 中有事件损坏或丢失；其余事件照常送达",
)
_UNREADABLE: Final = "spool_unreadable"
_DISK_PAUSE_S: Final = 10.0
_DISK_ERRORS: Final = (SpoolError, OSError)


class SpoolLanes(Lanes):
    """The lanes of the stores that this process uses.

    :param look_every_s: seconds between searches for abandoned stores, and for expired records.
    :param heeds_relay: whether a relay, if one runs, is to send instead of this process.
    """

    keep = True

    def __init__(
        self,
        spool: Spool,
        batches: Mapping[Kind, BatchLimits],
        ledger: Ledger,
        reporter: Reporter,
        clock: Clock = SYSTEM_CLOCK,
        *,
        look_every_s: float = LOOK_EVERY_S,
        heeds_relay: bool = True,
    ) -> None:
        super().__init__()
        self.look_every_s = look_every_s
        self._spool = spool
        self._ledger = ledger
        self._lock = ledger.lock
        self._reporter = reporter
        self._clock = clock
        self._heeds_relay = heeds_relay
        self._time = EntryTime(clock)
        self._stores = OpenStores(
            batches, self.by_number, self.numbers, self._time, self._count_lost
        )
        self._opening = 0  # more than 1 if a signal handler tracks while the store is being opened
        self._handed_over: Path | None = None
        # The thread that looks; others wait for it, so that a flush finds what is being adopted. No
        # lock, because a signal handler that flushes may hold the room's already.
        self._looking: int | None = None
        self._looked = Waiters(self._lock)
        self._group_sync = GroupSync(self._sync_stores)
        if spool.fsync:
            self.confirm = self._confirm

    def attach(self, room: Room) -> None:
        """Work for ``room``, whose bounds are those of the directory, other stores included."""
        self._room = room
        self._bounds = DirectoryBounds(self._ledger.admission)

    def choose(self, kind: Kind, record: bytes) -> Lane | None:
        """Return the lane of the own store, which the first record creates."""
        with self._lock:
            if self._ledger.admission.closed:
                return None
            own = self._stores.own
            if own is not None and not own.store.is_there(kind):
                self._mourn(own)
            return (self._stores.own or self._open()).lanes[kind]

    def source_of(self, batch: Batch) -> str | None:
        """Return the name of the journal that holds the records of a batch."""
        one = self._stores.store_of(batch)
        return None if one is None else f"{one.store.base.name}-{batch.kind.value}"

    def tell_of_journals(self, lead: Lead) -> bool:
        """Call ``lead`` for the own store, unless each call has to wait for the disk."""
        if self.confirm is not None:
            return False
        self._stores.lead = lead
        return True

    def _confirm(self) -> None:
        try:
            self._group_sync.wait()
        except OSError as error:
            raise _unconfirmed(self._spool.directory, error) from error

    def _sync_stores(self) -> None:
        with self._lock:
            stores = [one.store for one in self._stores]
        for store in stores:
            store.sync()

    def look_around(self) -> None:
        """Adopt what dead processes left, unless a relay does, and drop what is too old."""
        try:
            self._look_around()
        except _DISK_ERRORS as error:
            self._spool.problems.append(Problem.of(_UNREADABLE, said_of(error)))
        self._report_problems()

    def may_send(self) -> bool:
        """Return False while a relay runs."""
        return not self._has_relay()

    def hand_over(self) -> None:
        """Leave everything to the relay.

        Before the end, no other store is left to the relay until it has finished the last one. So
        there are never more than two of them, whatever it does.
        """
        try:
            if self._ledger.admission.closed:
                self._leave_all(None)
            elif self._handed_over is None or not self._handed_over.exists():
                self._leave_all(self._spool.new_store())
        except _DISK_ERRORS as error:
            self.repair(error)

    def repair(self, error: Exception) -> None:
        """Pause after an error of the disk."""
        if not isinstance(error, NothingLeftError):
            with self._lock:
                for lane in self.by_number.values():
                    lane.paused_until = self._clock.monotonic() + _DISK_PAUSE_S
            self._spool.problems.append(Problem.of(_UNREADABLE, said_of(error)))
        self._report_problems()

    def read_ahead(self, batch: Batch) -> None:
        """Read what follows ``batch``, so that the next one need not wait for the disk."""
        # What goes wrong here does so again, and is dealt with, when the records are taken.
        with self._lock, contextlib.suppress(Exception):
            if (one := self._stores.store_of(batch)) is not None:
                one.read_ahead(batch)

    def keep_rejected(self, batch: Batch, outcome: Rejected) -> Outcome:
        """Keep rejected records as dead letters; if that fails, they stay queued."""
        letters = self._spool.dead_letters
        now_ms = self._clock.now_ms()
        try:
            removed = letters.keep_rejected(batch, outcome, self._spool.destination, now_ms)
        except SpoolError as failure:
            return Postponed(failure, _DISK_PAUSE_S)
        if removed:
            self._reporter.report(Problem.of("dead_letters_full", _TOO_MANY_LETTERS, removed))
        return outcome

    def settled(self, batch: Batch) -> None:
        """Remove records that have an outcome, and files that have become empty."""
        try:
            if (one := self._stores.store_of(batch)) is not None:
                one.remove(batch)
        except OSError as error:
            # This is tried again with the next batch of the lane.
            self._ledger.last_error = Said(
                f"a file of the spool could not be removed: {error}",
                f"无法删除 spool 中的一个文件：{error}",
            )
        self._release_finished()
        self._bound()

    def given_up(self, kind: Kind | None) -> None:
        """Release the stores that have nothing in flight."""
        if kind is None:
            self._stores.own = None
        self._release_finished()

    def _open(self) -> OpenStore:
        self._opening += 1
        try:
            own = self._stores.own = self._adopt(self._first_store())
            self._count_others()
        except OSError as error:
            raise unusable(self._spool.directory, error) from error
        finally:
            self._opening -= 1
        return own

    def _first_store(self) -> Store:
        """Continue a store that an earlier process left, which keeps the order, or create one."""
        orphan = None if self._has_relay() else next(self._spool.adopt_stores(), None)
        return orphan or self._spool.new_store()

    def _adopt(self, store: Store) -> OpenStore:
        one = self._stores.add(store)
        events, size = one.waiting()
        if events or one.missing:
            self._ledger.count_adopted(events + one.missing, size)
            self._room.note_due()
        if one.missing:
            self._count_lost(Count(one.missing, 0))
        return one

    def _has_relay(self) -> bool:
        return self._heeds_relay and self._spool.has_relay()

    def _look_around(self) -> None:
        if self._looking == threading.get_ident() or not self._begin_looking():
            return
        try:
            for store in () if self._has_relay() else self._spool.adopt_stores():
                if not self._take_in(store):
                    break
            self._clean_up()
            self._expire()
            self._count_others()
        finally:
            with self._lock:
                self._looking = None
                self._looked.wake_ready()

    def _begin_looking(self) -> bool:
        while self._looked.wait_for(lambda: self._looking is None, _LOOKS_S):
            with self._lock:
                if self._looking is None:
                    self._looking = threading.get_ident()
                    return True
        return False

    def _take_in(self, store: Store) -> bool:
        """Adopt ``store``; return False if it must not be, because closing has begun meanwhile."""
        with self._lock:
            if self._ledger.admission.closed:
                store.close()
                return False
            self._adopt(store)
            return True

    def _clean_up(self) -> None:
        """Remove files that have become empty, and those that could not be removed before."""
        with self._lock, contextlib.suppress(OSError):
            self._stores.remove_settled()
            self._release_finished()

    def _expire(self) -> None:
        with self._lock:
            before = [(lane, lane.records.first_seq()) for lane in self.by_number.values()]
            dropped = [self._expire_in(one) for one in self._stores]
            events, size = sum(one.events for one in dropped), sum(one.size for one in dropped)
            for lane, first in before:
                end, fate = lane.records.first_seq(), Fate("dropped", _EXPIRED)
                self._room.note_fate(lane.number, first, end, fate)
            if events:
                self._ledger.count_dropped(_EXPIRED, events, size)
                self._room.wake_ready()
        if events:
            self._reporter.report(Problem.of(_EXPIRED, _TOO_OLD, events))

    def _expire_in(self, one: OpenStore) -> Count:
        # A relay has no age of its own: it heeds that of the process which tracked the events.
        max_age_s = self._spool.max_age_s if self._heeds_relay else one.store.about.max_age_s
        return Count(0, 0) if max_age_s is None else one.expire(self._time.now_ms(), max_age_s)

    def _count_lost(self, count: Count) -> None:
        """Count records that are damaged, or whose file is gone, with the lock held."""
        self._ledger.count_dropped(_DAMAGED, *count)
        self._spool.problems.append(Problem.of(_DAMAGED, _GONE, count.events))
        self._room.wake_ready()

    def _mourn(self, one: OpenStore) -> None:
        """Count what was lost with a store that was removed, with the lock held."""
        for lane in one.lanes.values():
            seqs = lane.records.first_seq(), lane.records.next_seq
            self._room.note_fate(lane.number, *seqs, Fate("dropped", _DAMAGED))
        self._count_lost(one.waiting())
        one.let_go()
        self._stores.own = None
        self._release_finished()

    def _count_others(self) -> None:
        """Note how much of the directory's bounds the stores of other processes take."""
        own = [one.store.base for one in self._stores]
        self._bounds.others = self._spool.used_by_others(own)
        with self._lock:
            self._bound()

    def _bound(self) -> None:
        self._bounds.apply(self._stores.bytes_on_disk())

    def _report_problems(self) -> None:
        while self._spool.problems:
            self._reporter.report(self._spool.problems.popleft())

    def _leave_all(self, successor: Store | None) -> None:
        """Leave all stores that have nothing in flight to the relay."""
        with self._lock:
            left = [one for one in self._stores if not one.in_flight]
            for one in left:
                self._ledger.count_handed_over(*one.waiting())
                self._let_go(one, Fate("handed_over"))
            self._stores.own = self._stores.add(successor) if successor else None
            self._room.wake_ready()
        for one in left:
            self._handed_over = control_of(one.store.base)
            one.store.release()

    def _let_go(self, one: OpenStore, fate: Fate) -> None:
        """Forget a store without closing it; ``fate`` is that of all its queued records."""
        for lane in one.lanes.values():
            seqs = lane.oldest_unsettled(), lane.records.next_seq
            self._room.note_fate(lane.number, *seqs, fate)
        one.let_go()
        self._stores.forget(one)

    def _release_finished(self) -> None:
        if not self._opening:  # a signal handler is here, and the store being opened looks finished
            self._stores.release_finished()


def _unconfirmed(directory: Path, error: OSError) -> SpoolError:
    return SpoolError(
        Said(
            f"{directory}: the disk did not confirm the event: {error}. It is queued, and lost "
            "only if the power fails before it is sent",
            f"{directory}：磁盘没有确认该事件：{error}。该事件已在队列中，只有在发送前断电才会丢失",
        )
    )

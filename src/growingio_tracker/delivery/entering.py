"""Entry of records to a waiting room."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from growingio_tracker.core import (
    NEWS,
    NOT_LET_IN,
    Announce,
    Doorway,
    Entrance,
    JournalEnd,
    Ring,
)
from growingio_tracker.delivery import QueueLimits
from growingio_tracker.delivery.lanes import Lane, Lanes, Room
from growingio_tracker.delivery.ledger import Ledger
from growingio_tracker.delivery.overflow import OverflowPolicy
from growingio_tracker.delivery.receipt import Outcomes, Receipt
from growingio_tracker.delivery.schedule import Schedule
from growingio_wire.errors import SpoolError
from growingio_wire.table import Kind

_SPOOL_ERROR: Final = "spool_error"


class WayIn:
    """The way into a waiting room: :meth:`offer`, and a shortcut for plain events.

    :param room: the waiting room.
    :param overflow: applied to a record that finds no room.
    :param outcomes: where receipts look up their outcome.
    """

    def __init__(
        self,
        room: Room,
        lanes: Lanes,
        limits: QueueLimits,
        ledger: Ledger,
        overflow: OverflowPolicy,
        schedule: Schedule,
        outcomes: Outcomes,
    ) -> None:
        self._room, self._lanes = room, lanes
        self._by_kind = lanes.by_kind
        self._confirm = lanes.confirm
        self._max_events = limits.max_events
        self._ledger, self._lock, self._admission = ledger, ledger.lock, ledger.admission
        self._admission.max_bytes = limits.max_bytes
        self._doorway = Doorway(self._lock)
        self._schedule, self._outcomes = schedule, outcomes
        self._overflow = overflow
        self.open()

    def open(self) -> None:
        """Let records in, even if the room was closed before."""
        self._admission.max_events = self._max_events

    def offer(self, kind: Kind, record: bytes) -> Receipt:
        """Take in one record, or apply the overflow policy.

        :raises QueueFullError: if the policy is ``"raise"`` and there is no room.
        :raises SpoolError: if the disk cannot take it.
        """
        receipt = self._let_in(kind, record)
        if receipt is None:
            receipt = self._overflow.apply(len(record), lambda: self._let_in(kind, record))
        if self._confirm is not None:
            self._confirm()
        return receipt

    def _let_in(self, kind: Kind, record: bytes) -> Receipt | None:
        """Take in one record; return ``None`` when there is no room.

        :raises SpoolError: if the disk cannot take it.
        """
        if self._by_kind is not None:
            lane = self._by_kind[kind]
        elif (chosen := self._choose(kind, record)) is not None:
            lane = chosen
        else:
            return None
        doorway = self._doorway
        if doorway.busy:
            doorway.let_leave()
        # `with`, although acquire() and try are cheaper: some servers end a process by raising in a
        # signal handler, and an exception between those two would leave the lock locked forever.
        with self._lock:
            doorway.busy = True
            try:
                seq = lane.enter(self._admission, record)
                if seq < 0:
                    if seq == NOT_LET_IN:
                        return None
                    seq = NEWS - seq
                    self._announce(lane, seq)
                return Receipt(self._outcomes, lane.number, seq)
            except SpoolError as error:
                if not self._admission.closed:  # by a signal handler during this call
                    self._note_refused(error)
                    raise
                return None
            except BaseException:
                # A signal handler raised, perhaps before workers were told of a new record.
                self._room.note_due()
                raise
            finally:
                doorway.busy = False

    def entrance(self, requesting: set[int], *, announces: bool) -> Entrance[Receipt] | None:
        """Return the shortcut for plain events, still closed; ``None`` if there is none.

        :param requesting: the threads that are making a request.
        :param announces: whether an event that begins a wait or fills a batch may take it, too.
        """
        lane = None if self._by_kind is None else self._by_kind[Kind.EVENT]
        if lane is not None and isinstance(lane.records, Ring):
            announce = partial(self._announce, lane) if announces else None
            return self._entrance(lane.records, lane.number, requesting, announce)
        entrance = self._entrance(None, 0, requesting, None)

        def lead(end: JournalEnd[Any] | None, lane: Lane | None) -> None:
            announce = partial(self._announce, lane) if lane is not None and announces else None
            entrance.lead_to(end, 0 if lane is None else lane.number, announce)

        return entrance if self._lanes.tell_of_journals(lead) else None

    def _entrance(
        self, ring: Ring | None, lane: int, requesting: set[int], announce: Announce | None
    ) -> Entrance[Receipt]:
        return Entrance(
            *(Receipt, self._outcomes, self._admission, ring, lane, requesting, announce),
            self._doorway,
        )

    def _announce(self, lane: Lane, seq: int) -> None:
        """Wake a thread that takes batches, as this record begins a wait or fills a batch."""
        with self._lock:
            since = self._schedule.note_come(lane, seq)
            # Nothing else is pending.
            if since is not None and self._admission.pending <= len(lane.records):
                self._ledger.pending_since = since

    def _choose(self, kind: Kind, record: bytes) -> Lane | None:
        try:
            return self._lanes.choose(kind, record)
        except SpoolError as error:
            with self._lock:
                self._note_refused(error)
            raise

    def _note_refused(self, error: SpoolError) -> None:
        self._ledger.count_refused(_SPOOL_ERROR)
        self._ledger.last_error = error.said

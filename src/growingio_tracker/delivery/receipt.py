"""Outcomes of records, and receipts, which callers use to check or await an event's outcome."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Generator, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeAlias

from msgspec import Struct

from growingio_tracker.core import IS_COMPILED, ReceiptBase
from growingio_tracker.delivery import Mark, Sends
from growingio_tracker.delivery.waiting import Waiter, Waiters, waits
from growingio_wire.checks import usable_timeout
from growingio_wire.ending import held

Status: TypeAlias = Literal["delivered", "rejected", "dropped", "pending", "handed_over", "unknown"]


class Fate(Struct, frozen=True):
    """The outcome of one event.

    :param status: ``"delivered"``: the server accepted it. ``"rejected"``: it never will.
        ``"dropped"``: it was discarded. ``"pending"``: it is queued, being sent, or was left in the
        spool when the consumer was closed. ``"handed_over"``: a Kafka broker acknowledged it, or a
        relay sends it. ``"unknown"``: too many events were lost since then to remember it,
        it belongs to another process, or a consumer of your own handled it.
    :param reason: the identifier under which :class:`~growingio_tracker.Stats` counts it; empty if
        it was delivered or handed over, or is pending.
    """

    status: Status
    reason: str = ""

    @property
    def delivered(self) -> bool:
        """Whether the server accepted the event."""
        return self.status == "delivered"


DELIVERED: Final = Fate("delivered")
HANDED_OVER: Final = Fate("handed_over")
PENDING: Final = Fate("pending")
UNKNOWN: Final = Fate("unknown")


if TYPE_CHECKING:

    class _Outcomes(Protocol):
        def fate(self, lane: int, seq: int) -> Fate: ...
        def wait_fate(self, lane: int, seq: int, timeout_s: float | None) -> Fate: ...
        async def await_fate(self, lane: int, seq: int) -> Fate: ...


class Receipt(ReceiptBase):
    """The result of a tracking call. You may ignore it.

    It costs next to nothing, because it only refers to the event. It is valid in the process that
    created it.
    """

    if IS_COMPILED:  # the pure one is a Struct, which has no other attributes anyway
        __slots__ = ()

    @property
    def fate(self) -> Fate:
        """The outcome of the event so far, without waiting."""
        outcomes: _Outcomes = self._outcomes
        return outcomes.fate(self._lane, self._seq)

    def wait(self, timeout: float | None = None) -> Fate:
        """Send the event now instead of later, and return its outcome.

        :param timeout: seconds; an event without an outcome by then is ``"pending"``. ``None``
            waits without limit, 0 does not wait. In a callback of the consumer it never waits,
            because the sending thread runs the callback.
        """
        outcomes: _Outcomes = self._outcomes
        return outcomes.wait_fate(self._lane, self._seq, usable_timeout(timeout))

    def __await__(self) -> Generator[Any, None, Fate]:
        """Do the same from asyncio, without a limit and without blocking the event loop."""
        return self._awaited().__await__()

    async def _awaited(self) -> Fate:
        outcomes: _Outcomes = self._outcomes
        return await outcomes.await_fate(self._lane, self._seq)


class _Settled(Struct, frozen=True):
    """The outcome of an event whose fate is known immediately."""

    known: Fate

    def fate(self, lane: int, seq: int) -> Fate:
        return self.known

    def wait_fate(self, lane: int, seq: int, timeout_s: float | None) -> Fate:
        return self.known

    async def await_fate(self, lane: int, seq: int) -> Fate:
        return self.known


def receipt_of(fate: Fate) -> Receipt:
    """Return the receipt of an event whose fate is known immediately."""
    return Receipt(_Settled(fate), 0, 0)


_MOST_REMEMBERED: Final = 1000


class Unsettled(Protocol):
    """Subset of a lane: its records without an outcome."""

    flush_to: int

    def oldest_unsettled(self) -> int:
        """Return the seq of the oldest of them; of the next record if there is none."""
        ...


class NobodySends:
    """Placeholder driver that never sends."""

    flush_sends = queues = False

    def drive(self) -> None:
        """Do nothing."""

    def is_callback(self) -> bool:
        """Return False."""
        return False


class Outcomes:
    """Outcomes of records. Every event has the usual one, unless noted otherwise.

    :param lanes: the existing lanes by number. In a removed lane, every record has an outcome.
    :param lock: guards them, and what is noted here.
    :param note_due: told, with the lock held, that something may have become due.
    :param usual: the fate of accepted records.
    :ivar driver: the pipeline's driver.
    """

    def __init__(
        self,
        lanes: Mapping[int, Unsettled],
        lock: threading.RLock,
        note_due: Callable[[], None],
        usual: Fate = DELIVERED,
    ) -> None:
        self.waiters = Waiters(lock)
        self.driver: Sends = NobodySends()
        self._lanes = lanes
        self._lock = lock
        self._note_due = note_due
        self._usual = usual
        self._pid = os.getpid()
        self._newest: deque[tuple[int, int, int, Fate]] = deque()
        self._forgotten: dict[int, int] = {}

    def note(self, lane: int, first_seq: int, end_seq: int, fate: Fate) -> None:
        """Remember the fate of the events of a lane from ``first_seq`` to before ``end_seq``.

        Called with the lock held.
        """
        if first_seq >= end_seq:
            return
        self._newest.append((lane, first_seq, end_seq, fate))
        if len(self._newest) > _MOST_REMEMBERED:
            oldest, _, to, _ = self._newest.popleft()
            self._forgotten[oldest] = max(to, self._forgotten.get(oldest, 0))

    def fate(self, lane: int, seq: int) -> Fate:
        """Return the outcome of an event so far."""
        if os.getpid() != self._pid:
            return UNKNOWN
        with held(self._lock):
            return self._find(lane, seq) if self._is_settled({lane: seq + 1}) else PENDING

    def make_due(self, lane: int, seq: int) -> Mark:
        """Make an event due now, and return the mark after it.

        The mark is empty in a thread that must not wait for it, and in a process that cannot.
        """
        if os.getpid() != self._pid or self.driver.is_callback():
            return {}
        with held(self._lock):
            there = self._lanes.get(lane)
            if there is not None and there.flush_to <= seq:
                there.flush_to = seq + 1
                self._note_due()
        return {lane: seq + 1}

    def wait_fate(self, lane: int, seq: int, timeout_s: float | None) -> Fate:
        """Make an event due, and return its outcome, waiting up to ``timeout_s``."""
        mark = self.make_due(lane, seq)
        if not self.wait(mark, 0.0):
            for wait_s in waits(timeout_s):
                self.driver.drive()
                if self.wait(mark, wait_s):
                    break
        return self.fate(lane, seq)

    async def await_fate(self, lane: int, seq: int) -> Fate:
        """Do the same from asyncio, without a limit and without blocking the event loop."""
        # asyncio is slow to import, and programs without an event loop do not need it.
        from growingio_tracker.delivery import awaiting

        if self.driver.flush_sends:
            return await awaiting.in_own_thread(lambda: self.wait_fate(lane, seq, None))
        await awaiting.until_settled(self, self.make_due(lane, seq))
        return self.fate(lane, seq)

    def wait(self, mark: Mark, timeout_s: float | None) -> bool:
        """Return whether everything before ``mark`` has an outcome, waiting up to ``timeout_s``.

        ``None`` waits without limit. An empty mark is reached already, without taking the lock: in
        a forked child, a thread that no longer exists may hold it.
        """
        return not mark or self.waiters.wait_for(lambda: self._is_settled(mark), timeout_s)

    def when_settled(self, mark: Mark, wake: Callable[[], object]) -> Waiter | None:
        """Call ``wake`` once, from any thread, when ``mark`` is reached.

        Return what to remove from :attr:`waiters` afterwards; ``None`` if it is reached already.
        """
        if not mark:
            return None
        waiter = Waiter(lambda: self._is_settled(mark), wake)
        with held(self._lock):
            if waiter.ready():
                return None
            self.waiters.add(waiter)
        return waiter

    def _is_settled(self, mark: Mark) -> bool:
        return all(
            (lane := self._lanes.get(number)) is None or lane.oldest_unsettled() >= seq
            for number, seq in mark.items()
        )

    def _find(self, lane: int, seq: int) -> Fate:
        for noted, first_seq, end_seq, fate in reversed(self._newest):
            if noted == lane and first_seq <= seq < end_seq:
                return fate
        return UNKNOWN if seq < self._forgotten.get(lane, 0) else self._usual

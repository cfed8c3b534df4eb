"""The engines: each strategy's way to combine queue, sender and thread.

An engine belongs to one process. Making one starts no thread and opens no socket.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from msgspec import Struct

from growingio_tracker.delivery.contract import Batch, Delivered, Kept, Outcome, Problem
from growingio_tracker.delivery.interrupt import Interrupt
from growingio_tracker.delivery.lane_queue import CLOSED
from growingio_tracker.delivery.ledger import Ledger, Reporter
from growingio_tracker.delivery.receipt import Fate, Receipt, receipt_of
from growingio_tracker.delivery.sender import Answer, Sender
from growingio_tracker.exceptions import GrowingIOException
from growingio_tracker.transport.base import Request, Transport
from growingio_tracker.wire import Kind

UNDELIVERED: Final = "undelivered"
_DISABLED: Final = receipt_of(Fate("dropped", "disabled"))
REENTRANT: Final = receipt_of(Fate("dropped", "reentrant"))


class Parts(Struct, frozen=True):
    """What every engine is made of."""

    ledger: Ledger
    reporter: Reporter
    interrupt: Interrupt
    transport: Transport
    sender: Sender
    close_timeout_s: float


class Engine:
    """What all engines have."""

    def __init__(self, parts: Parts) -> None:
        self.ledger = parts.ledger
        self.reporter = parts.reporter
        self.sender = parts.sender
        self.close_timeout_s = parts.close_timeout_s
        self._interrupt = parts.interrupt
        self._transport = parts.transport
        self._attempting = parts.sender.attempting

    def offer(self, kind: Kind, record: bytes) -> Receipt | None:
        """Take in one record; return a receipt if the strategy gives one.

        :raises GrowingIOException: as the strategy says.
        """
        raise NotImplementedError

    def post(self, request: Request) -> Answer:
        """Make a request that is no batch, repeating as configured."""
        return self.sender.post(lambda: request, events=1)

    def flush(self, timeout_s: float | None) -> bool:
        """Return whether everything offered before has an outcome; ``None`` waits for ever."""
        return True

    def begin_close(self, timeout_s: float) -> None:
        """Start to close, without waiting for anything."""
        self._interrupt.close_within(timeout_s)

    def close(self, timeout_s: float) -> bool:
        """Finish closing within ``timeout_s``; return whether nothing was lost by it."""
        self.begin_close(timeout_s)
        self._transport.close()
        return True

    def refuse(self, problem: Problem) -> None:
        """Count and report one event that is dropped before it reached the queue."""
        self.ledger.refuse(problem.reason)
        self.reporter.report(problem)

    def _is_reentrant(self) -> bool:
        """Return whether an event comes from inside one of our requests, and then discard it.

        A logging handler that tracks, called by what parser or transport log, would otherwise
        make a request for every request.
        """
        if threading.get_ident() not in self._attempting:
            return False
        self.ledger.refuse(REENTRANT.fate.reason)
        return True


class OwnEngine(Engine):
    """Hands every record over: for consumers that send by themselves."""

    def __init__(self, parts: Parts, hand_over: Callable[[Kind, bytes], Receipt | None]) -> None:
        super().__init__(parts)
        self._hand_over = hand_over

    def offer(self, kind: Kind, record: bytes) -> Receipt | None:
        """Hand over one record."""
        return self._hand_over(kind, record)


class DisabledEngine(Engine):
    """Accepts and discards."""

    def offer(self, kind: Kind, record: bytes) -> Receipt:
        """Discard one record."""
        self.ledger.refuse(_DISABLED.fate.reason)
        return _DISABLED


class DirectEngine(Engine):
    """Sends each event in the caller's thread, and raises if it was not delivered."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self._warned_closed = False

    def offer(self, kind: Kind, record: bytes) -> None:
        """Send one record.

        :raises GrowingIOException: when the server did not accept it. It is not kept.
        """
        if self._interrupt.closing:
            self._refuse_closed()
        elif not (self._attempting and self._is_reentrant()):
            self._send(Batch(kind, (record,)), len(record))

    def _send(self, batch: Batch, size: int) -> None:
        ledger = self.ledger
        with ledger.lock:
            ledger.count_accepted(size)
        outcome: Outcome = Kept(GrowingIOException("interrupted while sending"), 0.0)
        try:
            ((_, outcome),) = self.sender.deliver(batch)
        finally:
            with ledger.lock:
                if isinstance(outcome, Delivered):
                    ledger.count_delivered(1, size)
                elif isinstance(outcome, Kept):
                    ledger.count_dropped(UNDELIVERED, 1, size)
                else:
                    ledger.count_rejected(outcome.reason, 1, size)
        if not isinstance(outcome, Delivered):
            outcome.error.add_fate("the event was not kept")
            raise outcome.error

    def _refuse_closed(self) -> None:
        with self.ledger.lock:
            self.ledger.count_refused(CLOSED.reason)
            warned, self._warned_closed = self._warned_closed, True
        if not warned:
            self.reporter.report(CLOSED)

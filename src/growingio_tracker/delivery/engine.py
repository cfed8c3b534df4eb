"""The engines: each strategy's way to combine queue, sender and thread.

An engine belongs to one process. Making one starts no thread and opens no socket.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from typing import Final, NamedTuple

from msgspec import Struct

from growingio_tracker.delivery import lifecycle
from growingio_tracker.delivery.contract import (
    Batch,
    Delivered,
    Kept,
    Outcome,
    Problem,
    Queue,
    Rejected,
)
from growingio_tracker.delivery.interrupt import Interrupt
from growingio_tracker.delivery.ledger import Ledger, Reporter
from growingio_tracker.delivery.memory_queue import CLOSED
from growingio_tracker.delivery.sender import Sender
from growingio_tracker.delivery.worker import Worker
from growingio_tracker.exceptions import GrowingIOException
from growingio_tracker.transport.base import Transport
from growingio_tracker.wire import Kind

_log: Final = logging.getLogger("growingio_tracker.delivery")

_UNDELIVERED: Final = "undelivered"
_REENTRANT: Final = "reentrant"
_UNEXPECTED_REST_S: Final = 1.0


class Parts(Struct, frozen=True):
    """What every engine is made of."""

    ledger: Ledger
    reporter: Reporter
    interrupt: Interrupt
    transport: Transport
    sender: Sender
    close_timeout_s: float


class Engine:
    """An engine that takes no events: for consumers that send by themselves."""

    def __init__(self, parts: Parts) -> None:
        self.ledger = parts.ledger
        self.reporter = parts.reporter
        self.sender = parts.sender
        self.close_timeout_s = parts.close_timeout_s
        self._interrupt = parts.interrupt
        self._transport = parts.transport

    def offer(self, kind: Kind, record: bytes) -> None:
        """Take in one record.

        :raises GrowingIOException: as the strategy says.
        """
        raise NotImplementedError

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


class DisabledEngine(Engine):
    """Accepts and discards."""

    def offer(self, kind: Kind, record: bytes) -> None:
        """Discard one record."""
        self.ledger.refuse("disabled")


class DirectEngine(Engine):
    """Sends each event in the caller's thread, and raises if it was not delivered."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self._thread = threading.local()
        self._warned_closed = False

    def offer(self, kind: Kind, record: bytes) -> None:
        """Send one record.

        :raises GrowingIOException: when the server did not accept it. It is not kept.
        """
        if self._interrupt.closing:
            self._refuse_closed()
        elif getattr(self._thread, "sending", False):
            # A logging handler that tracks, called by what the transport logs.
            self.ledger.refuse(_REENTRANT)
        else:
            self._thread.sending = True
            try:
                self._send(Batch(kind, (record,)), len(record))
            finally:
                self._thread.sending = False

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
                    ledger.count_dropped(_UNDELIVERED, 1, size)
                else:
                    ledger.count_rejected(outcome.reason, 1, size)
        if not isinstance(outcome, Delivered):
            outcome.error.add_fate("the event was not kept")
            raise outcome.error

    def _refuse_closed(self) -> None:
        self.ledger.refuse(CLOSED.reason)
        if not self._warned_closed:
            self._warned_closed = True
            self.reporter.report(CLOSED)


class _Failures(NamedTuple):
    """What went wrong with a batch: the error of what stays queued, and of what never can."""

    kept: GrowingIOException | None
    rejected: GrowingIOException | None


class QueueEngine(Engine):
    """What the strategies with a queue share."""

    def __init__(self, parts: Parts, queue: Queue) -> None:
        super().__init__(parts)
        self._queue = queue

    def begin_close(self, timeout_s: float) -> None:
        """Start to close, without waiting for anything."""
        super().begin_close(timeout_s)
        self._queue.close()

    def _give_up_the_rest(self) -> bool:
        """End closing; return whether nothing was left undelivered."""
        lifecycle.closed(self)
        left = self._queue.abandon(_UNDELIVERED)
        if left:
            last_error = self.ledger.stats().last_error or "the server did not answer in time"
            detail = f"closing ended before these events could be delivered: {last_error}"
            self.reporter.report(Problem(_UNDELIVERED, detail, left))
        return not left

    def _send(self, batch: Batch) -> _Failures:
        """Send one batch and settle all of it."""
        kept: GrowingIOException | None = None
        rejected: GrowingIOException | None = None
        settled = 0
        try:
            for part, outcome in self.sender.deliver(batch):
                settled += len(part)
                self._queue.settle(part, outcome)
                if isinstance(outcome, Kept):
                    kept = outcome.error
                elif isinstance(outcome, Rejected):
                    rejected = outcome.error
        finally:
            if settled < len(batch):
                # An exception that is nobody's fault here, KeyboardInterrupt for one.
                unexpected = Kept(GrowingIOException("interrupted"), _UNEXPECTED_REST_S)
                self._queue.settle(batch.after(settled), unexpected)
        return _Failures(kept, rejected)


class BufferedEngine(QueueEngine):
    """Sends whole batches in the thread whose event fills one, and raises what went wrong."""

    def __init__(self, parts: Parts, queue: Queue) -> None:
        super().__init__(parts, queue)
        self._sending = threading.Lock()  # one thread sends at a time, so that order is kept
        self._sending_thread: int | None = None
        self._registered = False

    def offer(self, kind: Kind, record: bytes) -> None:
        """Queue one record, and send a batch if it is due.

        :raises GrowingIOException: when the server did not accept one. What it may accept later
            stays queued.
        """
        if not self._registered:
            self._registered = True
            lifecycle.close_at_exit(self)
        self._queue.offer(kind, record)
        self._drain()

    def flush(self, timeout_s: float | None) -> bool:
        """Send everything now.

        :raises GrowingIOException: when the server did not accept all of it.
        """
        mark = self._queue.request_flush()
        self._drain()
        return self._queue.wait_settled(mark, timeout_s)

    def close(self, timeout_s: float) -> bool:
        """Deliver what waits, within ``timeout_s``; return whether nothing was lost by it."""
        self.begin_close(timeout_s)
        with contextlib.suppress(GrowingIOException):  # what is left is reported below
            self._drain()
        self._transport.close()
        return self._give_up_the_rest()

    def _drain(self) -> None:
        me = threading.get_ident()
        if self._sending_thread == me:
            return
        with self._sending:
            self._sending_thread = me
            try:
                self._drain_due()
            finally:
                self._sending_thread = None

    def _drain_due(self) -> None:
        rejected: GrowingIOException | None = None
        while (batch := self._queue.take(wait=False)) is not None:
            failures = self._send(batch)
            if failures.kept is not None:
                failures.kept.add_fate("what was not delivered stays queued")
                raise failures.kept
            rejected = failures.rejected or rejected
        if rejected is not None:
            rejected.add_fate("it was given up, the others were delivered")
            raise rejected


class BackgroundEngine(QueueEngine):
    """Sends batches in a thread of its own."""

    def __init__(self, parts: Parts, queue: Queue) -> None:
        super().__init__(parts, queue)
        self._worker = Worker(self._run, self.ledger.note_worker_restart)

    def offer(self, kind: Kind, record: bytes) -> None:
        """Queue one record; the thread is started by the first.

        :raises QueueFullError: when the overflow policy says so.
        """
        self._queue.offer(kind, record)
        if not self._worker.running and not self._interrupt.closing:
            self._start_worker()

    def flush(self, timeout_s: float | None) -> bool:
        """Send everything now; return whether all of it has an outcome within ``timeout_s``."""
        mark = self._queue.request_flush()
        if self._worker.is_current():
            # A callback asks, on the thread that would have to answer.
            return self._queue.wait_settled(mark, 0.0)
        if not self._start_worker():
            self._drain()
        return self._queue.wait_settled(mark, timeout_s)

    def close(self, timeout_s: float) -> bool:
        """Deliver what waits, within ``timeout_s``; return whether nothing was lost by it.

        From a callback it does not wait, and returns False: the thread finishes by itself.
        """
        self.begin_close(timeout_s)
        if self._worker.is_current():
            return False
        if self.ledger.pending and not self._worker.ensure():
            self._drain()
        ended = self._worker.join(self._interrupt.bounded_s(timeout_s))
        return self._give_up_the_rest() and ended

    def _start_worker(self) -> bool:
        lifecycle.close_at_exit(self)
        return self._worker.ensure()

    def _run(self) -> None:
        while (batch := self._queue.take()) is not None:
            closing = self._interrupt.closing
            failures = self._send_whatever_happens(batch)
            if closing and failures.kept is not None:
                # A whole round began after closing did, and failed: the server is not there.
                break
        self._give_up_the_rest()
        self._transport.close()

    def _send_whatever_happens(self, batch: Batch) -> _Failures:
        try:
            return self._send(batch)
        except Exception as error:
            _log.exception("sending failed in an unexpected way; the events stay queued")
            return _Failures(GrowingIOException(f"unexpected: {type(error).__name__}"), None)

    def _drain(self) -> None:
        """Send what is due in the caller's thread, because there is no other."""
        while (batch := self._queue.take(wait=False)) is not None:
            if self._send(batch).kept is not None:
                return

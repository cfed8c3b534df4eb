"""The engines with a queue: sending in the thread that fills a batch, and in one of its own."""

from __future__ import annotations

import logging
import threading
from typing import Final, NamedTuple

from growingio_tracker.delivery import lifecycle
from growingio_tracker.delivery.contract import Batch, Kept, Problem, Queue, Rejected
from growingio_tracker.delivery.engine import REENTRANT, UNDELIVERED, Engine, Parts
from growingio_tracker.delivery.interrupt import waits
from growingio_tracker.delivery.receipt import Receipt
from growingio_tracker.delivery.worker import Crew, Worker
from growingio_tracker.exceptions import GrowingIOException
from growingio_tracker.wire import Kind

_log: Final = logging.getLogger("growingio_tracker.delivery")

# Seconds in which a thread that has nothing left to do should end.
_END_S: Final = 0.5
_INTERRUPTED: Final = Kept(GrowingIOException("sending was interrupted"), rest_s=1.0)


class _Failures(NamedTuple):
    """What went wrong with a batch: the error of what stays queued, and of what never can."""

    kept: GrowingIOException | None
    rejected: GrowingIOException | None


class QueueEngine(Engine):
    """What the strategies with a queue share.

    Any number of threads may send: the queue hands out one batch of a kind at a time.
    """

    def __init__(self, parts: Parts, queue: Queue) -> None:
        super().__init__(parts)
        self._queue = queue
        self._reported_undelivered = 0  # guarded by the ledger's lock
        self._sending = queue.senders  # the threads that are inside _send, callbacks included

    def begin_close(self, timeout_s: float) -> None:
        """Start to close, without waiting for anything."""
        super().begin_close(timeout_s)
        self._queue.close()

    def _send(self, batch: Batch) -> _Failures:
        """Send one batch and settle all of it."""
        kept: GrowingIOException | None = None
        rejected: GrowingIOException | None = None
        settled = 0
        try:
            self._sending.add(threading.get_ident())
            for part, outcome in self.sender.deliver(batch):
                settled += len(part)
                self._queue.settle(part, outcome)
                if isinstance(outcome, Kept):
                    kept = outcome.error
                elif isinstance(outcome, Rejected):
                    rejected = outcome.error
        finally:
            self._sending.discard(threading.get_ident())
            if settled < len(batch):
                # An exception that is nobody's fault here, KeyboardInterrupt for one.
                self._queue.settle(batch.after(settled), _INTERRUPTED)
        return _Failures(kept, rejected)

    def _send_whatever_happens(self, batch: Batch) -> _Failures:
        try:
            return self._send(batch)
        except Exception:
            _log.exception("sending failed in an unexpected way; the events stay queued")
            return _Failures(_INTERRUPTED.error, None)

    def _send_the_rest(self) -> None:
        """Send what waits when closing; a kind that cannot be delivered is given up."""
        while (batch := self._queue.take(wait=False)) is not None:
            if self._send_whatever_happens(batch).kept is not None:
                self._queue.give_up(UNDELIVERED, batch.kind)

    def _finish(self) -> bool:
        """End closing; return whether nothing was left undelivered."""
        self._transport.close()
        self._queue.give_up(UNDELIVERED)
        lifecycle.closed(self)
        self._report_undelivered()
        stats = self.ledger.stats()
        return not stats.pending and UNDELIVERED not in stats.dropped

    def _report_undelivered(self) -> None:
        """Report all kinds at once, because the log takes one line a minute."""
        with self.ledger.lock:
            events = self._undelivered() - self._reported_undelivered
            self._reported_undelivered += events
            last_error = self.ledger.last_error or "the server did not answer in time"
        if events > 0:
            self.reporter.report(self._undelivered_problem(events, last_error))

    def _undelivered(self) -> int:
        # What is still on its way is pending, and nobody may be left to learn what becomes of it.
        return self.ledger.dropped.get(UNDELIVERED, 0) + self.ledger.pending

    def _undelivered_problem(self, events: int, last_error: str) -> Problem:
        detail = f"closing ended before these events could be delivered: {last_error}"
        return Problem(UNDELIVERED, detail, events)


class BufferedEngine(QueueEngine):
    """Sends whole batches in the thread whose event fills one, and raises what went wrong.

    A thread that finds another one sending does not wait for it, since it may be inside a logging
    handler whose lock the other one needs. The other one sends this thread's batch as well.
    """

    def __init__(self, parts: Parts, queue: Queue) -> None:
        super().__init__(parts, queue)
        self._registered = False

    def offer(self, kind: Kind, record: bytes) -> None:
        """Queue one record, and send a batch if it is due.

        :raises GrowingIOException: when the server did not accept one. What it may accept later
            stays queued.
        """
        if self._attempting and self._is_reentrant():
            return
        if not self._registered:
            self._registered = True
            lifecycle.close_at_exit(self)
        self._queue.offer(kind, record)
        if self._queue.may_be_due():
            self._drain()

    def flush(self, timeout_s: float | None) -> bool:
        """Send everything now.

        :raises GrowingIOException: when the server did not accept all of it.
        """
        mark = self._queue.request_flush()
        for wait_s in waits(0.0 if threading.get_ident() in self._sending else timeout_s):
            self._drain()
            if self._queue.wait_settled(mark, wait_s):
                return True
            self._queue.request_flush()  # another thread has failed, and the queue rests
        return False

    def close(self, timeout_s: float) -> bool:
        """Deliver what waits, within ``timeout_s``; return whether nothing was left undelivered.

        From a callback it does not wait, and returns False: the sending thread goes on.
        """
        self.begin_close(timeout_s)
        if threading.get_ident() in self._sending:
            return False
        mark = self._queue.request_flush()
        for wait_s in waits(self._interrupt.bounded_s(timeout_s)):
            self._send_the_rest()
            if self._queue.wait_settled(mark, wait_s):
                break
        return self._finish()

    def _drain(self) -> None:
        if threading.get_ident() in self._sending:
            return
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
    """Sends batches in threads of its own.

    :param workers: how many threads; the queue must have batches for as many at once.
    """

    def __init__(self, parts: Parts, queue: Queue, workers: int = 1) -> None:
        super().__init__(parts, queue)
        restarted = self.ledger.note_worker_restart
        self._worker: Worker | Crew = (
            Worker(self._run, restarted) if workers == 1 else Crew(workers, self._run, restarted)
        )
        self._at_work = 0  # threads that have not seen the end yet; guarded by the ledger's lock

    def offer(self, kind: Kind, record: bytes) -> Receipt:
        """Queue one record; the thread is started by the first.

        :raises QueueFullError: when the overflow policy says so.
        """
        if self._attempting and self._is_reentrant():
            return REENTRANT
        receipt = self._queue.offer(kind, record)
        if not self._worker.running and not self._interrupt.closing:
            self.start()
        return receipt

    def flush(self, timeout_s: float | None) -> bool:
        """Send everything now; return whether all of it has an outcome within ``timeout_s``."""
        mark = self._queue.request_flush()
        if self._queue.wait_settled(mark, 0.0):
            return True
        if self._is_callback():
            return False
        for wait_s in waits(timeout_s):
            if not self.start():
                self._drain()
            if self._queue.wait_settled(mark, wait_s):
                return True
        return False

    def close(self, timeout_s: float) -> bool:
        """Deliver what waits, within ``timeout_s``; return whether nothing was left undelivered.

        From a callback it does not wait, and returns False: the thread finishes by itself.
        """
        self.begin_close(timeout_s)
        if self._is_callback():
            return False
        mark = self._queue.request_flush()
        # This wait lets go of the queue's lock, which a signal handler that closes may hold; join()
        # does not, so that it gets little time.
        for wait_s in waits(self._interrupt.bounded_s(timeout_s)):
            if self.ledger.pending and not self._worker.ensure():
                self._send_the_rest()
            if self._queue.wait_settled(mark, wait_s):
                break
        self._worker.join(self._interrupt.bounded_s(min(timeout_s, _END_S)))
        return self._finish()

    def start(self) -> bool:
        """Return whether the thread that sends is running, after starting it if it is not."""
        lifecycle.close_at_exit(self)
        return self._worker.ensure()

    def _is_callback(self) -> bool:
        """Return whether a callback asks, in the thread that would have to answer."""
        return self._worker.is_current() or threading.get_ident() in self._sending

    def _run(self) -> None:
        with self.ledger.lock:
            self._at_work += 1
        try:
            self._send_until_closed()
        finally:
            with self.ledger.lock:
                self._at_work -= 1
                is_last = not self._at_work
        if is_last:
            self._finish()

    def _send_until_closed(self) -> None:
        while (batch := self._queue.take()) is not None:
            closing = self._interrupt.closing
            if self._send_whatever_happens(batch).kept is not None and closing:
                # A whole round began after closing did, and failed: the server is not there.
                self._queue.give_up(UNDELIVERED, batch.kind)

    def _drain(self) -> None:
        """Send what is due in the caller's thread, because there is no other."""
        while (batch := self._queue.take(wait=False)) is not None:
            if self._send_whatever_happens(batch).kept is not None:
                return

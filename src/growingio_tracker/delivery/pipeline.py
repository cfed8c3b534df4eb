"""Pipeline of one consumer in one process: waiting room, sender and driver.

::

    record → WaitingRoom → batch → Sender → outcome → WaitingRoom
             queue.py              sender.py          settled, or put back

Which thread calls what:

=======================================  ==================  ==================  ==================
strategy, and its driver                 ``before_send``     parser, transport   ``on_error``
=======================================  ==================  ==================  ==================
``DefaultConsumer``, ``DebugConsumer``:  the caller's        the caller's        the caller's
:class:`~.drivers.EachCaller`
``BufferedConsumer``:                    the caller's        the caller whose    the same, or the
:class:`~.drivers.FillingCaller`                             event fills a       caller whose event
                                                             batch; ``flush``    is refused
``AsyncBufferedConsumer``,               the caller's        a worker thread     a worker thread,
``DurableConsumer``,                                         (where none can be  or the caller whose
``KafkaConsumer``:                                           started, ``flush``  event is refused
:class:`~.workers.WorkerThreads`                             and ``close``)
disabled, recording, and custom          the caller's        none                the caller's
consumers: :class:`~.drivers.Nobody`
=======================================  ==================  ==================  ==================

``close`` and the end of the process send in their own thread what no worker does. Callbacks are
called without any lock, so that they may track, flush and close.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, Protocol

from msgspec import Struct

from growingio_tracker.delivery import Batch, Postponed, QueueLimits, Rejected, Sends, process
from growingio_tracker.delivery.attempts import Attempt
from growingio_tracker.delivery.lanes import Lanes
from growingio_tracker.delivery.overflow import REFUSED_CLOSED
from growingio_tracker.delivery.queue import WaitingRoom
from growingio_tracker.delivery.receipt import Fate, Receipt, receipt_of
from growingio_tracker.delivery.sender import DeliversBatches
from growingio_tracker.model.losses import Problem
from growingio_wire.ending import is_lost
from growingio_wire.errors import GrowingIOException
from growingio_wire.http import Request
from growingio_wire.logs import Log
from growingio_wire.said import Said
from growingio_wire.table import Kind

_log: Final = Log("growingio_tracker.delivery")

UNDELIVERED: Final = "undelivered"
LEFT_IN_SPOOL: Final = "left_in_spool"
REENTRANT: Final = receipt_of(Fate("dropped", "reentrant"))
_INTERRUPTED: Final = Postponed(
    GrowingIOException(Said("sending was interrupted", "发送被中断")), pause_s=1.0
)


class Failures(Struct, frozen=True):
    """Errors of a batch: of the records that stay queued, and of those that were rejected."""

    postponed: GrowingIOException | None
    rejected: GrowingIOException | None


class Driver(Sends, Protocol):
    """Interface of drivers, which decide who sends, and when."""

    @property
    def offer(self) -> Callable[[Kind, bytes], Receipt]:
        """The function that accepts one record, and returns its receipt.

        It raises GrowingIOException as the strategy documents.
        """
        ...

    def flush(self, timeout_s: float | None) -> bool:
        """Send everything now; return whether all of it has an outcome. ``None`` waits forever."""
        ...

    def close(self, timeout_s: float) -> bool:
        """Finish closing; return whether nothing was lost."""
        ...


class Pipeline:
    """Waiting room, sender and driver. Creating one starts no thread and opens no socket.

    :param sender: delivers batches.
    :param drive: creates the driver.
    :param room: where records are queued; ``None`` if they are not.
    :param close_timeout_s: seconds that the end of the process may take.
    :param post: makes a request that is not a batch; ``None`` makes it like any other.
    :ivar offer: accepts one record; the driver's.
    :ivar entrance: the shortcut for plain events, which drivers open and close; ``None`` if there
        is none. If callers send, an event that makes a batch due does not take it.
    """

    def __init__(
        self,
        sender: DeliversBatches,
        drive: Callable[[Pipeline], Driver],
        room: WaitingRoom | None = None,
        *,
        close_timeout_s: float,
        post: Callable[[Request], Attempt] | None = None,
    ) -> None:
        self.sender = sender
        self.ledger = sender.ledger
        self.reporter = sender.reporter
        self.interrupt = sender.interrupt
        self.room = room or WaitingRoom(Lanes(), QueueLimits(), self.ledger, self.reporter)
        self.close_timeout_s = close_timeout_s
        self.post = post or sender.post
        self._is_stopped = False
        self._reported_undelivered = 0  # guarded by the ledger's lock
        self.driver = self.room.outcomes.driver = drive(self)
        self.entrance = self.room.entrance(sender.attempting, announces=not self.driver.flush_sends)
        self.offer = self.driver.offer  # without a wrapper, which every event would pay for
        process.know(self)

    def start(self) -> None:
        """Start to send what other processes left, before the first event of this one."""
        self.driver.drive()

    def flush(self, timeout_s: float | None) -> bool:
        """See :meth:`Driver.flush`."""
        return not self._is_locked_forever() and self.driver.flush(timeout_s)

    async def aflush(self, timeout_s: float | None) -> bool:
        """Do the same from asyncio, without blocking the event loop."""
        # asyncio is slow to import, and programs without an event loop do not need it.
        from growingio_tracker.delivery import awaiting

        if self.driver.flush_sends:
            return await awaiting.in_own_thread(lambda: self.flush(timeout_s))
        request = self.room.request_flush
        mark = await awaiting.in_own_thread(request) if self.room.keeps else request()
        return await awaiting.until_settled(self.room.outcomes, mark, timeout_s)

    def stop(self, timeout_s: float) -> bool:
        """Close for good: later events are refused, even at the end of the process."""
        self._is_stopped = True
        self.offer = self.driver.offer
        return self.close(timeout_s)

    async def astop(self, timeout_s: float) -> bool:
        """Do what :meth:`stop` does from asyncio, without blocking the event loop."""
        from growingio_tracker.delivery import awaiting

        if not self.driver.flush_sends:
            self.begin_close(timeout_s)
            mark, within_s = self.room.request_flush(), self.interrupt.bounded_s(timeout_s)
            await awaiting.until_settled(self.room.outcomes, mark, within_s)
        return await awaiting.in_own_thread(lambda: self.stop(self.interrupt.bounded_s(timeout_s)))

    def open(self) -> None:
        """Open the shortcut for plain events."""
        if self.entrance is not None:
            self.entrance.open()

    def shut(self) -> None:
        """Close the shortcut for plain events."""
        if self.entrance is not None:
            self.entrance.shut()

    def begin_close(self, timeout_s: float) -> None:
        """Start to close, without waiting."""
        self.shut()
        self.interrupt.close_within(timeout_s)
        self.room.close()

    def close(self, timeout_s: float) -> bool:
        """Close within ``timeout_s``; return whether nothing was left undelivered."""
        if self._is_locked_forever():
            return False
        self.begin_close(timeout_s)
        return self.driver.close(timeout_s)

    def refuse(self, problem: Problem) -> None:
        """Count and report one event that is dropped before it reached the queue."""
        self.ledger.refuse(problem.reason)
        self.reporter.report(problem)

    def is_reentrant(self) -> bool:
        """Return whether an event comes from inside one of our requests, and then discard it.

        A logging handler that tracks, called by what parser or transport log, would otherwise
        make a request for every request.
        """
        if threading.get_ident() not in self.sender.attempting:
            return False
        self.ledger.refuse(REENTRANT.fate.reason)
        return True

    def is_sending(self) -> bool:
        """Return whether this thread is sending, callbacks included."""
        return threading.get_ident() in self.room.senders

    def send(self, batch: Batch) -> Failures:
        """Send one batch and settle all of it. Any number of threads may send."""
        postponed: GrowingIOException | None = None
        rejected: GrowingIOException | None = None
        settled = 0
        try:
            self.room.senders.add(threading.get_ident())
            for part, outcome in self.sender.deliver(batch):
                settled += len(part)
                try:
                    # Report first, so that the report is there once the outcome is known.
                    if isinstance(outcome, Rejected):
                        rejected = outcome.error
                        self.sender.report(part, outcome)
                finally:
                    self.room.settle(part, outcome)
                if isinstance(outcome, Postponed):
                    postponed = outcome.error
        finally:
            self.room.senders.discard(threading.get_ident())
            if settled < len(batch):
                # Interrupted from outside, for example by KeyboardInterrupt.
                self.room.settle(batch.after(settled), _INTERRUPTED)
        return Failures(postponed, rejected)

    def send_whatever_happens(self, batch: Batch) -> bool:
        """Send one batch, raising nothing; return whether all of it has an outcome."""
        try:
            return self.send(batch).postponed is None
        except Exception:
            _log.exception("sending failed in an unexpected way; the events stay queued")
            return False

    def send_due(self) -> None:
        """Send what is due, until something cannot be delivered."""
        while (batch := self.room.take(wait=False)) is not None:
            if not self.send_whatever_happens(batch):
                return

    def send_the_rest(self) -> None:
        """Send queued records while closing; a kind that cannot be delivered is dropped."""
        while (batch := self.room.take(wait=False)) is not None:
            if not self.send_whatever_happens(batch):
                self.room.give_up(UNDELIVERED, batch.kind)

    def end(self) -> None:
        """Send each later event in its caller's thread, because the process is ending."""
        self.offer = self._offer_late

    def _offer_late(self, kind: Kind, record: bytes) -> Receipt:
        """Send an event that nobody else would send; refuse it if no time remains."""
        if self._is_locked_forever():
            _log.warning("an event was not sent: the interpreter is shutting down")
            return REFUSED_CLOSED
        if self._is_stopped or not self.driver.queues:
            return self.driver.offer(kind, record)
        if self.sender.attempting and self.is_reentrant():
            return REENTRANT
        remaining_s = process.remaining_s(self.close_timeout_s)
        if remaining_s > 0:
            self.interrupt.close_within(remaining_s)
            self.room.open()
        receipt = self.room.offer(kind, record)
        self.room.close()
        self.send_the_rest()
        self.finish()
        return receipt

    def _is_locked_forever(self) -> bool:
        """Return whether a destructor that tracks or closes would keep the process from ending."""
        return is_lost(self.ledger.lock)

    def close_at_exit(self) -> None:
        """Close this at the end of the process, unless it is closed before."""
        process.close_at_exit(self)

    def finish(self) -> bool:
        """End closing; return whether nothing was left undelivered."""
        self.sender.close()
        self.room.give_up(UNDELIVERED)
        process.closed(self)
        self._report_undelivered()
        stats = self.ledger.stats()
        return not stats.pending and UNDELIVERED not in stats.dropped

    def _report_undelivered(self) -> None:
        """Report all kinds at once, because the log takes one line a minute."""
        with self.ledger.lock:
            # Records being sent are pending, and nobody may be left to report their outcome.
            dropped = 0 if self.room.keeps else self.ledger.dropped.get(UNDELIVERED, 0)
            events = dropped + self.ledger.pending - self._reported_undelivered
            self._reported_undelivered += events
            last_error = self.ledger.last_error or NO_ANSWER
        if events > 0:
            self.reporter.report(_undelivered(events, last_error, kept=self.room.keeps))


NO_ANSWER: Final = Said("the server did not answer in time", "采集服务没有及时响应")
_TOO_LATE: Final = Said(
    "closing ended before these events could be delivered: {why}",
    "关闭结束时这些事件还没有送达：{why}",
)
_KEPT: Final = Said(
    "closing ended while {events} events were not delivered yet; they are in the spool, for the "
    "next process or `growingio spool drain` to deliver: {why}",
    "关闭结束时还有 {events} 个事件没有送达；它们在 spool 中，由下一个进程或 "
    "`growingio spool drain` 送达：{why}",
)


def _undelivered(events: int, why: Said, *, kept: bool) -> Problem:
    if not kept:
        return Problem.of(UNDELIVERED, _TOO_LATE.with_values(why=why), events)
    return Problem.of(LEFT_IN_SPOOL, _KEPT.with_values(events=events, why=why))

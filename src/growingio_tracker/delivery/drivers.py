"""Drivers of a pipeline, which decide who sends, and when.

Here, each caller sends its event, or the caller whose event fills a batch sends it, or nobody does.
The driver for worker threads is in ``workers.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from growingio_tracker.delivery import Batch, Delivered, Outcome, Postponed, Rejected
from growingio_tracker.delivery.overflow import CLOSED, REFUSED_CLOSED
from growingio_tracker.delivery.pipeline import REENTRANT, UNDELIVERED, Pipeline
from growingio_tracker.delivery.receipt import DELIVERED, Fate, Receipt, receipt_of
from growingio_tracker.delivery.waiting import waits
from growingio_wire.errors import GrowingIOException
from growingio_wire.said import Said
from growingio_wire.table import Kind

_DELIVERED: Final = receipt_of(DELIVERED)
_NOT_KEPT: Final = Said("the event was not kept", "该事件未被保留")
_STAYS_QUEUED: Final = Said("what was not delivered stays queued", "未送达的事件仍在队列中")
_GIVEN_UP: Final = Said(
    "it was given up, the others were delivered", "已放弃该事件，其余事件已送达"
)
_INTERRUPTED: Final = Postponed(
    GrowingIOException(Said("interrupted while sending", "发送被中断")), 0.0
)
_DISABLED: Final = receipt_of(Fate("dropped", "disabled"))


class Nobody:
    """Driver that sends nothing.

    :param take_in: called with each record, to record, discard or pass it on.
    """

    flush_sends = queues = False

    def __init__(self, pipeline: Pipeline, take_in: Callable[[Kind, bytes], Receipt]) -> None:
        self._pipeline = pipeline
        self.offer = take_in

    @staticmethod
    def discarding(pipeline: Pipeline) -> Nobody:
        """Return a driver that accepts and discards records."""

        def discard(_kind: Kind, _record: bytes) -> Receipt:
            pipeline.ledger.refuse(_DISABLED.fate.reason)
            return _DISABLED

        return Nobody(pipeline, discard)

    def drive(self) -> None:
        """Do nothing: nothing waits."""

    def is_callback(self) -> bool:
        """Return False: no call waits for another."""
        return False

    def flush(self, timeout_s: float | None) -> bool:
        """Return True: nothing waits."""
        return True

    def close(self, timeout_s: float) -> bool:
        """Close the connection."""
        self._pipeline.sender.close()
        return True


class EachCaller:
    """Each call sends its event, and raises if it was not delivered."""

    flush_sends = queues = False

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._attempting = pipeline.sender.attempting
        self._warned_closed = False

    def offer(self, kind: Kind, record: bytes) -> Receipt:
        """Send one record.

        :raises GrowingIOException: if the server did not accept it. The record is not kept.
        """
        if self._pipeline.interrupt.closing:
            self._refuse_closed()
            return REFUSED_CLOSED
        if self._attempting and self._pipeline.is_reentrant():
            return REENTRANT
        self._send(Batch(kind, (record,), len(record)))
        return _DELIVERED

    def drive(self) -> None:
        """Do nothing: nothing waits."""

    def is_callback(self) -> bool:
        """Return False: no call waits for another."""
        return False

    def flush(self, timeout_s: float | None) -> bool:
        """Return True: nothing waits."""
        return True

    def close(self, timeout_s: float) -> bool:
        """Close the connection."""
        self._pipeline.sender.close()
        return True

    def _send(self, batch: Batch) -> None:
        ledger, sender = self._pipeline.ledger, self._pipeline.sender
        with ledger.lock:
            ledger.count_accepted(batch.size)
        outcome: Outcome = _INTERRUPTED
        try:
            ((_, outcome),) = sender.deliver(batch)
        finally:
            with ledger.lock:
                if isinstance(outcome, Delivered):
                    ledger.count_delivered(1, batch.size)
                elif isinstance(outcome, Postponed):
                    ledger.count_dropped(UNDELIVERED, 1, batch.size)
                else:
                    ledger.count_rejected(outcome.reason, 1, batch.size)
        if isinstance(outcome, Rejected):
            sender.report(batch, outcome)
        if not isinstance(outcome, Delivered):
            outcome.error.add_fate(_NOT_KEPT)
            raise outcome.error

    def _refuse_closed(self) -> None:
        ledger = self._pipeline.ledger
        with ledger.lock:
            ledger.count_refused(CLOSED.reason)
            warned, self._warned_closed = self._warned_closed, True
        if not warned:
            self._pipeline.reporter.report(CLOSED)


class FillingCaller:
    """The call whose event fills a batch sends the batch, and raises if that fails.

    If another thread is sending, a thread does not wait for it, because it may be inside a logging
    handler whose lock the other thread needs. The other thread sends its batch as well.
    """

    flush_sends = queues = True

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._room = pipeline.room
        self._attempting = pipeline.sender.attempting
        self._registered = False

    def offer(self, kind: Kind, record: bytes) -> Receipt:
        """Queue one record, and send a batch if it is due.

        :raises GrowingIOException: if the server did not accept one. Events that it may accept
            later stay queued.
        """
        if self._attempting and self._pipeline.is_reentrant():
            return REENTRANT
        if not self._registered:
            self._registered = True
            self._pipeline.close_at_exit()
        receipt = self._room.offer(kind, record)
        if self._room.may_be_due():
            self._drain()
        return receipt

    def drive(self) -> None:
        """Send what is due. Errors are counted, and raised elsewhere."""
        if not self.is_callback():
            self._pipeline.send_due()
            self._open_while_idle()

    def is_callback(self) -> bool:
        """Return whether this thread sends, or runs a callback of one that does."""
        return self._pipeline.is_sending()

    def flush(self, timeout_s: float | None) -> bool:
        """Send everything now.

        :raises GrowingIOException: if the server did not accept all of it.
        """
        mark = self._room.request_flush()
        for wait_s in waits(0.0 if self.is_callback() else timeout_s):
            self._drain()
            if self._room.outcomes.wait(mark, wait_s):
                return True
            self._room.request_flush()  # another thread has failed, and the room pauses
        return False

    def close(self, timeout_s: float) -> bool:
        """Deliver queued records within ``timeout_s``; return whether nothing was left undelivered.

        From a callback, it does not wait and returns ``False``: the sending thread continues.
        """
        pipeline = self._pipeline
        if self.is_callback():
            return False
        mark = self._room.request_flush()
        for wait_s in waits(pipeline.interrupt.bounded_s(timeout_s)):
            pipeline.send_the_rest()
            if self._room.outcomes.wait(mark, wait_s):
                break
        return pipeline.finish()

    def _drain(self) -> None:
        if self.is_callback():
            return
        try:
            self._send_all_due()
        finally:
            self._open_while_idle()

    def _open_while_idle(self) -> None:
        """Open the shortcut, or close it while something is due or will become due by time."""
        self._pipeline.open()
        if not self._room.is_idle():  # asked last: another thread may just have failed
            self._pipeline.shut()

    def _send_all_due(self) -> None:
        rejected: GrowingIOException | None = None
        while (batch := self._room.take(wait=False)) is not None:
            failures = self._pipeline.send(batch)
            if failures.postponed is not None:
                failures.postponed.add_fate(_STAYS_QUEUED)
                raise failures.postponed
            rejected = failures.rejected or rejected
        if rejected is not None:
            rejected.add_fate(_GIVEN_UP)
            raise rejected

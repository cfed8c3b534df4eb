"""The engine that records instead of sending."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from growingio_tracker.consumers.base import Consumer
from growingio_tracker.delivery.engine import Engine
from growingio_tracker.delivery.lane_queue import CLOSED
from growingio_tracker.delivery.receipt import DELIVERED, Fate, Receipt, receipt_of
from growingio_tracker.delivery.sender import Answer
from growingio_tracker.testing.memory_transport import MemoryTransport
from growingio_tracker.testing.recording import WouldSendError
from growingio_tracker.transport.base import Request
from growingio_tracker.wire import Kind

_DELIVERED: Final = receipt_of(DELIVERED)
_CLOSED: Final = receipt_of(Fate("dropped", CLOSED.reason))


class RecordingEngine(Engine):
    """Hands every record to ``record``, and counts it as delivered; refuses those after closing.

    :param consumer: whose engine it is; told by name when it would send past the engine.
    :param would_send: is told about that, and returns the error to raise.
    """

    def __init__(
        self,
        consumer: Consumer,
        record: Callable[[Kind, bytes], None],
        would_send: Callable[[str], WouldSendError],
    ) -> None:
        super().__init__(consumer._parts(MemoryTransport()))
        self._consumer_name = repr(consumer)
        self._record = record
        self._would_send = would_send

    def offer(self, kind: Kind, record: bytes) -> Receipt:
        """Record one record."""
        if self._interrupt.closing:
            self.refuse(CLOSED)
            return _CLOSED
        with self.ledger.lock:
            self.ledger.count_accepted(len(record))
            self.ledger.count_delivered(1, len(record))
        self._record(kind, record)
        return _DELIVERED

    def post(self, request: Request) -> Answer:
        """Refuse to post what no tracker has handed over.

        :raises WouldSendError: always.
        """
        address = request.url.partition("?")[0]
        raise self._would_send(f"{self._consumer_name} would post to {address}")

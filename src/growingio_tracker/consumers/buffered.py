"""Send when the queue is full (队列发送)."""

from __future__ import annotations

from collections.abc import Mapping

from growingio_tracker.consumers.queued import QueuedStrategy
from growingio_tracker.delivery.contract import BatchLimits
from growingio_tracker.delivery.engine import Engine, Parts
from growingio_tracker.delivery.queue_engine import BufferedEngine
from growingio_tracker.wire import Kind


class BufferedConsumer(QueuedStrategy):
    """Queues events, and sends a batch in the thread whose event makes ``max_size``.

    Items and user mappings are sent at once, as 1.0.5 does. When the server does not accept, the
    call raises :class:`~growingio_tracker.exceptions.GrowingIOException`; what it may accept later
    stays queued. :meth:`flush` sends what waits; so does the normal end of the process.
    """

    def _batches(self) -> Mapping[Kind, BatchLimits]:
        at_once = BatchLimits(1, self._max_batch_bytes, linger_s=None)
        batched = BatchLimits(self._max_size, self._max_batch_bytes, linger_s=None)
        return {Kind.EVENT: batched, Kind.ITEM: at_once, Kind.MAPPING: at_once}

    def _strategy(self, parts: Parts) -> Engine:
        return BufferedEngine(parts, self._memory_queue(parts))

"""Send in the background (异步队列发送)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from growingio_tracker.consumers.queued import DEFAULT_MAX_SIZE, QueuedStrategy, QueueOptions
from growingio_tracker.delivery.contract import BatchLimits
from growingio_tracker.delivery.engine import Engine, Parts
from growingio_tracker.delivery.queue_engine import BackgroundEngine
from growingio_tracker.delivery.retry import RetryPolicy, check_seconds
from growingio_tracker.wire import Kind

if TYPE_CHECKING:
    from typing_extensions import Unpack


class AsyncBufferedConsumer(QueuedStrategy):
    """Queues events, and sends batches in a thread of its own. A call never waits for the network.

    A batch leaves when ``max_size`` records of its kind wait, or the oldest has waited
    ``flush_after`` seconds. While the server does not accept, events wait in the queue; when that
    is full, its overflow policy decides. The normal end of the process delivers what waits,
    within ``close_timeout_s``.

    :param flush_after: seconds; 0 sends as soon as the thread is free.
    :param max_size: events that make a batch; from 1 to the queue's ``max_events``.
    """

    def __init__(
        self,
        product_id: str,
        data_source_id: str,
        server_host: str,
        data_parser: object = None,
        flush_after: float = 10,
        max_size: int = DEFAULT_MAX_SIZE,
        request_timeout: float = 2,
        retry_limit: int = 3,
        retry_backoff_factor: float = 0.25,
        verify_cert: bool | str = True,
        **options: Unpack[QueueOptions],
    ) -> None:
        self.flush_after = check_seconds(flush_after, "flush_after")
        super().__init__(
            product_id,
            data_source_id,
            server_host,
            data_parser,
            max_size,
            retry_limit,
            request_timeout,
            retry_backoff_factor,
            verify_cert,
            **options,
        )

    def _retry_policy(self, limit: int, backoff_factor: float) -> RetryPolicy:
        return RetryPolicy(limit, backoff_factor)

    def _batches(self) -> Mapping[Kind, BatchLimits]:
        limits = BatchLimits(self._max_size, self._max_batch_bytes, self.flush_after)
        return dict.fromkeys(Kind, limits)

    def _strategy(self, parts: Parts) -> Engine:
        return BackgroundEngine(parts, self._memory_queue(parts))

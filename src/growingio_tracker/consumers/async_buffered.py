"""Send in the background (异步队列发送)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from growingio_tracker.consumers.queued import (
    DEFAULT_MAX_SIZE,
    QueuedStrategy,
    QueueOptions,
    within,
)
from growingio_tracker.delivery.contract import BatchLimits
from growingio_tracker.delivery.engine import Engine, Parts
from growingio_tracker.delivery.queue_engine import BackgroundEngine
from growingio_tracker.delivery.retry import RetryPolicy, check_seconds
from growingio_tracker.delivery.sharded_queue import ShardedQueue
from growingio_tracker.wire import Kind

if TYPE_CHECKING:
    from typing_extensions import Unpack


_MOST_WORKERS: Final = 64


class AsyncBufferedConsumer(QueuedStrategy):
    """Queues events, and sends batches in a thread of its own. A call never waits for the network.

    A batch leaves when ``max_size`` records of its kind wait, or the oldest has waited
    ``flush_after`` seconds. While the server does not accept, events wait in the queue; when that
    is full, its overflow policy decides. The normal end of the process delivers what waits,
    within ``close_timeout_s``.

    :param flush_after: seconds; 0 sends as soon as the thread is free.
    :param max_size: events that make a batch; from 1 to the queue's ``max_events``.
    :param workers: threads that send, 1 to 64. More than one keep throughput up where a request
        takes long because the server is far away. The events of a user (``login_user_id``; without
        one, ``anonymous_id``) and the states of an item keep their order, those of different users
        may not. Each thread fills batches of its own, so that with few events more, smaller
        requests leave.
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
        *,
        workers: int = 1,
        **options: Unpack[QueueOptions],
    ) -> None:
        self._workers = within(workers, "workers", _MOST_WORKERS)
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
        if self._workers == 1:
            return BackgroundEngine(parts, self._memory_queue(parts))
        queue = ShardedQueue(
            self._queue_limits,
            self._batches(),
            parts.ledger,
            parts.reporter,
            self._clock,
            shards=self._workers,
        )
        return BackgroundEngine(parts, queue, self._workers)

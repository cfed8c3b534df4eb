"""Strategies with a queue in memory: sent by the caller (队列发送) or a thread (异步队列发送)."""

from __future__ import annotations

from functools import partial

from msgspec.structs import replace

from growingio_tracker.consumers.options import (
    FLUSH_AFTER_S,
    MAX_SIZE,
    REQUEST_TIMEOUT_S,
    RETRY_BACKOFF_FACTOR_S,
    RETRY_LIMIT,
    VERIFY_CERT,
    WORKER_REQUEST_TIMEOUT_S,
    AsyncOptions,
    QueueKeywords,
    QueueOptions,
)
from growingio_tracker.consumers.strategy import Strategy, queued
from growingio_tracker.consumers.tracker_options import places_for_consumer
from growingio_tracker.delivery.drivers import FillingCaller
from growingio_tracker.delivery.formats import Parser
from growingio_tracker.delivery.lanes import MemoryLanes
from growingio_tracker.delivery.pipeline import Pipeline
from growingio_tracker.delivery.sender import Sender
from growingio_tracker.delivery.workers import WorkerThreads
from growingio_tracker.model.options import known
from growingio_wire.checks import Unpack
from growingio_wire.table import Kind


class BufferedConsumer(Strategy):
    """Queues events, and sends a batch in the thread whose event completes it.

    Items and user mappings are sent immediately, as in 1.0.5. If delivery fails, the call raises
    :class:`~growingio_wire.errors.GrowingIOException`; events that the server may accept later stay
    queued. :meth:`flush` sends queued events, and so does the normal end of the process.

    :param max_size: number of events in a batch, from 1 to the queue's ``max_events``. Default 500,
        or the queue's limit if that is less.

    The other parameters are those of :class:`~growingio_tracker.DefaultConsumer`, and the keywords
    of :class:`~growingio_tracker.consumers.options.QueueKeywords`.
    """

    def __init__(
        self,
        product_id: str,
        data_source_id: str,
        server_host: str,
        data_parser: Parser | None = None,
        max_size: int = MAX_SIZE,
        retry_limit: int = RETRY_LIMIT,
        request_timeout: float = REQUEST_TIMEOUT_S,
        retry_backoff_factor: float = RETRY_BACKOFF_FACTOR_S,
        verify_cert: bool | str = VERIFY_CERT,
        **options: Unpack[QueueKeywords],
    ) -> None:
        self._begin_with(
            QueueOptions(
                product_id=product_id,
                data_source_id=data_source_id,
                server_host=server_host,
                data_parser=data_parser,
                max_size=max_size,
                retry_limit=retry_limit,
                request_timeout=request_timeout,
                retry_backoff_factor=retry_backoff_factor,
                verify_cert=verify_cert,
                **known(options, QueueOptions, places_for_consumer),
            ),
            _full_batches_leave,
        )


def _full_batches_leave(options: QueueOptions, sender: Sender) -> Pipeline:
    batched = options.batch_limits
    at_once = replace(batched, max_events=1)
    lanes = MemoryLanes({Kind.EVENT: batched, Kind.ITEM: at_once, Kind.MAPPING: at_once})
    return queued(options, sender, FillingCaller, lanes)


class AsyncBufferedConsumer(Strategy):
    """Queues events, and sends batches in a thread of its own. A call never waits for the network.

    A batch is sent when ``max_size`` records of its kind are queued, or the oldest has been queued
    for ``flush_after`` seconds. While delivery fails, events stay queued; when the queue is full,
    its overflow policy decides. The normal end of the process delivers queued events within
    ``close_timeout_s``.

    :param flush_after: seconds; 0 sends as soon as the thread is free.
    :param max_size: number of events in a batch, from 1 to the queue's ``max_events``. Default 500,
        or a worker's share of the queue if that is less.
    :param workers: number of sending threads, 1 to 64. Several keep the throughput up if requests
        take long because the server is far away. The events of a user (``login_user_id``; without
        one, ``anonymous_id``) and the states of an item keep their order; those of different users
        may not. Each thread fills its own batches, so a low rate of events results in more and
        smaller requests.

    The other parameters are those of :class:`~growingio_tracker.DefaultConsumer`, and the keywords
    of :class:`~growingio_tracker.consumers.options.QueueKeywords`.
    """

    def __init__(
        self,
        product_id: str,
        data_source_id: str,
        server_host: str,
        data_parser: Parser | None = None,
        flush_after: float = FLUSH_AFTER_S,
        max_size: int = MAX_SIZE,
        request_timeout: float = WORKER_REQUEST_TIMEOUT_S,
        retry_limit: int = RETRY_LIMIT,
        retry_backoff_factor: float = RETRY_BACKOFF_FACTOR_S,
        verify_cert: bool | str = VERIFY_CERT,
        *,
        workers: int = 1,
        **options: Unpack[QueueKeywords],
    ) -> None:
        self._begin_with(
            AsyncOptions(
                product_id=product_id,
                data_source_id=data_source_id,
                server_host=server_host,
                data_parser=data_parser,
                flush_after=flush_after,
                max_size=max_size,
                request_timeout=request_timeout,
                retry_limit=retry_limit,
                retry_backoff_factor=retry_backoff_factor,
                verify_cert=verify_cert,
                workers=workers,
                **known(options, AsyncOptions, places_for_consumer),
            ),
            _workers_send,
        )
        self.flush_after = flush_after


def _workers_send(options: AsyncOptions, sender: Sender) -> Pipeline:
    lanes = MemoryLanes(dict.fromkeys(Kind, options.batch_limits), shards=options.workers)
    return queued(options, sender, partial(WorkerThreads, workers=options.workers), lanes)

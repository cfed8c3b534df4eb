"""What the strategies with a queue share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from growingio_tracker.consumers.base import Options
from growingio_tracker.consumers.strategy import Strategy
from growingio_tracker.delivery.contract import BatchLimits, QueueLimits
from growingio_tracker.delivery.engine import Parts
from growingio_tracker.delivery.memory_queue import MemoryQueue
from growingio_tracker.exceptions import GrowingParamException
from growingio_tracker.wire import Kind

if TYPE_CHECKING:
    from typing_extensions import Unpack

DEFAULT_MAX_SIZE: Final = 500
DEFAULT_QUEUE: Final = QueueLimits()
DEFAULT_MAX_BATCH_BYTES: Final = 5 * 1024 * 1024
_BY_QUEUE: Final = " (the queue's limit)"


class QueueOptions(Options, total=False):
    """Keyword options of the strategies with a queue, besides :class:`Options`.

    - ``queue``: how much may wait, and what happens beyond it. Default:
      :class:`~growingio_tracker.delivery.contract.QueueLimits` with its defaults.
    - ``max_batch_bytes``: a batch leaves when its records reach this many bytes. Default 5 MiB;
      at least 1.
    """

    queue: QueueLimits
    max_batch_bytes: int


class QueuedStrategy(Strategy):
    """A strategy with a queue in memory.

    :param max_size: events that make a batch; from 1 to the queue's ``max_events``.
    """

    def __init__(
        self,
        product_id: str,
        data_source_id: str,
        server_host: str,
        data_parser: object = None,
        max_size: int = DEFAULT_MAX_SIZE,
        retry_limit: int = 3,
        request_timeout: float = 5,
        retry_backoff_factor: float = 0.25,
        verify_cert: bool | str = True,
        *,
        queue: QueueLimits = DEFAULT_QUEUE,
        max_batch_bytes: int = DEFAULT_MAX_BATCH_BYTES,
        **options: Unpack[Options],
    ) -> None:
        self._queue_limits = queue
        self._max_size = within(max_size, "max_size", queue.max_events, _BY_QUEUE)
        self._max_batch_bytes = within(
            max_batch_bytes, "max_batch_bytes", queue.max_bytes, _BY_QUEUE
        )
        super().__init__(
            product_id,
            data_source_id,
            server_host,
            data_parser,
            retry_limit,
            request_timeout,
            retry_backoff_factor,
            verify_cert,
            **options,
        )

    def _memory_queue(self, parts: Parts) -> MemoryQueue:
        return MemoryQueue(
            self._queue_limits, self._batches(), parts.ledger, parts.reporter, self._clock
        )

    def _batches(self) -> Mapping[Kind, BatchLimits]:
        raise NotImplementedError


def within(value: object, argument: str, upper: int, reason: str = "") -> int:
    """Return ``value``, an int from 1 to ``upper``, the limit that ``reason`` explains.

    :raises GrowingParamException: when it is anything else.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= upper:
        raise GrowingParamException(
            f"{argument} must be an int from 1 to {upper}{reason}, got {value!r}"
        )
    return value

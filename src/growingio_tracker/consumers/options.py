"""Options of consumers: one class per strategy, with all defaults and checks.

Constructors build them from their arguments, and the configuration derives its keys from them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar, Final, TextIO, TypedDict

from msgspec.structs import force_setattr

from growingio_tracker.delivery import BatchLimits, Destination, QueueLimits
from growingio_tracker.delivery.formats import (
    PARSER,
    DataParser,
    JsonParser,
    Parser,
    as_data_parser,
)
from growingio_tracker.model.arguments import OUT_OF_RANGE
from growingio_tracker.model.losses import OnError
from growingio_tracker.model.option_types import (
    ADDRESS,
    AUTHORITIES,
    CLOCK,
    DIRECTORY,
    FLAG,
    FUNCTION,
    IDENTITY,
    SECONDS,
    SECONDS_ABOVE_0,
    STREAM,
    TRANSPORT,
    instance_of,
    whole,
)
from growingio_tracker.model.options import Options, OptionTypes
from growingio_wire.clock import SYSTEM_CLOCK, Clock
from growingio_wire.endpoints import base_url
from growingio_wire.errors import GrowingParamException, invalid
from growingio_wire.http import Transport
from growingio_wire.http.retry import RetryPolicy
from growingio_wire.said import Said

if TYPE_CHECKING:
    from pathlib import Path


class Fitting(int):
    """A default that shrinks to fit other options.

    Its type distinguishes it from the same number passed by a caller, which is rejected instead.
    """

    def within(self, most: int) -> int:
        """Return it, or ``most`` if that is less; at least 1."""
        return max(1, min(int(self), most))


RETRY_LIMIT: Final = 3
REQUEST_TIMEOUT_S: Final = 5
WORKER_REQUEST_TIMEOUT_S: Final = 2
RETRY_BACKOFF_FACTOR_S: Final = 0.25
VERIFY_CERT: Final = True
MAX_SIZE: Final[int] = Fitting(500)
FLUSH_AFTER_S: Final = 10
FLUSH_TIMEOUT_S: Final = 30.0
FSYNC: Final = False
MAX_AGE_S: Final = 7 * 24 * 3600.0
"""Defaults that also appear in the signatures of constructors."""

DURABLE_QUEUE: Final = QueueLimits(max_events=10_000_000, max_bytes=2**30)

TYPES: Final[OptionTypes] = {
    "product_id": IDENTITY,
    "data_source_id": IDENTITY,
    "server_host": ADDRESS,
    "data_parser": PARSER.or_none(),
    "retry_limit": whole(0),
    "request_timeout": SECONDS_ABOVE_0,
    "retry_backoff_factor": SECONDS,
    "verify_cert": AUTHORITIES,
    "on_error": FUNCTION.or_none(),
    "close_timeout_s": SECONDS,
    "transport": TRANSPORT.or_none(),
    "clock": CLOCK,
    "stream": STREAM.or_none(),
    "max_size": whole(1),
    "max_batch_bytes": whole(1),
    "queue": instance_of(QueueLimits, Said("QueueLimits(…)", "QueueLimits(…)")),
    "flush_after": SECONDS,
    "workers": whole(1, 64),
    "spool": DIRECTORY,
    "fsync": FLAG,
    "max_age_s": SECONDS.or_none(),
}
"""Types of a consumer's options."""


class ConsumerKeywords(TypedDict, total=False):
    """Keyword options that every consumer takes.

    - ``on_error``: called with a :class:`~growingio_tracker.Problem` for each loss, from any
      thread. Default ``None``: losses are logged and counted only.
    - ``close_timeout_s``: maximum seconds for closing and for the end of the process. Default 5; 0
      does not wait.
    - ``transport``: sends the requests. Default ``None``: HTTP. For tests.
    - ``clock``: source of the time. Default: the machine's. For tests.
    """

    on_error: OnError | None
    close_timeout_s: float
    transport: Transport | None
    clock: Clock


class QueueKeywords(ConsumerKeywords, total=False):
    """Keyword options of the strategies with a queue, besides :class:`ConsumerKeywords`.

    - ``queue``: limits of the queue, and what happens beyond them. Default:
      :class:`~growingio_tracker.QueueLimits` with its defaults.
    - ``max_batch_bytes``: a batch is sent when its records reach this many bytes. Default 5 MiB, or
      the queue's ``max_bytes`` if that is less; from 1 to that.
    """

    queue: QueueLimits
    max_batch_bytes: int


class ConsumerOptions(Options, frozen=True, kw_only=True):
    """Options of every consumer; ``Consumer`` and ``DefaultConsumer`` have no others.

    :raises GrowingParamException: if one is invalid; the message names it.
    """

    types: ClassVar[OptionTypes] = TYPES

    product_id: str
    data_source_id: str
    server_host: str
    data_parser: Parser | None = None
    retry_limit: int = RETRY_LIMIT
    request_timeout: float = REQUEST_TIMEOUT_S
    retry_backoff_factor: float = RETRY_BACKOFF_FACTOR_S
    verify_cert: bool | str = VERIFY_CERT
    on_error: OnError | None = None
    close_timeout_s: float = 5.0
    transport: Transport | None = None
    clock: Clock = SYSTEM_CLOCK

    def __post_init__(self) -> None:
        super().__post_init__()
        self._derive()

    def _derive(self) -> None:
        """Adjust defaults to the other options."""
        force_setattr(self, "server_host", base_url(self.server_host))

    @property
    def destination(self) -> Destination:
        """Project, data source and server."""
        return Destination(self.product_id, self.data_source_id, self.server_host)

    @property
    def parser(self) -> DataParser:
        """The format, adapted if it is from outside this package."""
        return JsonParser() if self.data_parser is None else as_data_parser(self.data_parser)

    @property
    def retry_policy(self) -> RetryPolicy:
        """Policy for retrying requests.

        Each call starts with all retries again; only worker threads pause between batches.
        """
        return RetryPolicy.without_rest(self.retry_limit, self.retry_backoff_factor)


class DebugOptions(ConsumerOptions, frozen=True, kw_only=True):
    """Options of ``DebugConsumer``."""

    request_timeout: float = WORKER_REQUEST_TIMEOUT_S
    stream: TextIO | None = None


class QueueOptions(ConsumerOptions, frozen=True, kw_only=True):
    """Options of strategies with a queue, and of ``BufferedConsumer``."""

    max_size: int = MAX_SIZE
    queue: QueueLimits = QueueLimits()
    max_batch_bytes: int = Fitting(5 * 1024 * 1024)

    @property
    def batch_limits(self) -> BatchLimits:
        """Limits at which a batch is sent."""
        return BatchLimits(self.max_size, self.max_batch_bytes, linger_s=None)

    def _derive(self) -> None:
        super()._derive()
        for name, limit in _BOUNDS.items():
            value = getattr(self, name)
            if isinstance(value, Fitting):
                force_setattr(self, name, value.within(getattr(self.queue, limit) // self._lanes))
        for refusal in too_large({name: getattr(self, name) for name in _BOUNDS}, self.queue):
            raise refusal

    @property
    def _lanes(self) -> int:
        """Number of lanes sharing the queue; it must have room for a batch of each."""
        return 1


_BOUNDS: Final = {"max_size": "max_events", "max_batch_bytes": "max_bytes"}


def too_large(sizes: Mapping[str, int], queue: QueueLimits) -> Iterator[GrowingParamException]:
    """Yield an error for each of ``max_size`` and ``max_batch_bytes`` that exceeds the queue."""
    for name, size in sizes.items():
        limit = _BOUNDS[name]
        if size > (most := getattr(queue, limit)):
            yield invalid(
                f"{name} must be at most {most}, the queue's {limit}, got {size}",
                f"{name} 不能超过队列的 {limit}（{most}），而不是 {size}",
                name,
                code=OUT_OF_RANGE,
            )


class WorkerOptions(QueueOptions, frozen=True, kw_only=True):
    """Options of the strategies that send in a thread of their own."""

    request_timeout: float = WORKER_REQUEST_TIMEOUT_S
    flush_after: float = FLUSH_AFTER_S

    @property
    def batch_limits(self) -> BatchLimits:
        """Limits at which a batch is sent."""
        return BatchLimits(self.max_size, self.max_batch_bytes, float(self.flush_after))

    @property
    def retry_policy(self) -> RetryPolicy:
        """Policy for retrying requests, and for pausing while the server fails."""
        return RetryPolicy(self.retry_limit, self.retry_backoff_factor)


class AsyncOptions(WorkerOptions, frozen=True, kw_only=True):
    """Options of ``AsyncBufferedConsumer``."""

    workers: int = 1

    @property
    def _lanes(self) -> int:
        return self.workers


class DurableOptions(WorkerOptions, frozen=True, kw_only=True):
    """Options of ``DurableConsumer``."""

    spool: str | os.PathLike[str]
    fsync: bool = FSYNC
    max_age_s: float | None = MAX_AGE_S
    queue: QueueLimits = DURABLE_QUEUE

    @property
    def directory(self) -> Path:
        """The spool's directory as an absolute path."""
        return _absolute(self.spool)

    def _derive(self) -> None:
        super()._derive()
        force_setattr(self, "spool", _absolute(self.spool))


def _absolute(directory: str | os.PathLike[str]) -> Path:
    from pathlib import Path  # takes a while to import, and only spools need it

    return Path(directory).absolute()

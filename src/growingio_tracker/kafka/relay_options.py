"""Options of a relay, with all defaults and checks."""

from __future__ import annotations

from typing import ClassVar, Final

from growingio_tracker.consumers.options import RETRY_BACKOFF_FACTOR_S, RETRY_LIMIT, TYPES
from growingio_tracker.delivery.formats import DataParser, JsonParser, Parser, as_data_parser
from growingio_tracker.kafka.dead_letters import default_name
from growingio_tracker.model.losses import OnError
from growingio_tracker.model.option_types import IDENTITY, NAME, whole
from growingio_tracker.model.options import Options, OptionType, OptionTypes
from growingio_wire.clock import SYSTEM_CLOCK, Clock
from growingio_wire.http.exchange import Transport
from growingio_wire.http.retry import RetryPolicy
from growingio_wire.said import Said

_RATE: Final = OptionType(
    Said("a number of events a second, more than 0", "大于 0 的每秒事件数"),
    lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    lambda value: value > 0,
    float,
)
_OWN: Final[OptionTypes] = {
    "topic": NAME,
    "group": NAME,
    "dead_letters": NAME.or_none(),
    "product_id": IDENTITY.or_none(),
    "data_source_id": IDENTITY.or_none(),
    "rate": _RATE.or_none(),
    "max_events": whole(1),
    "max_bytes": whole(1),
}


class RelayOptions(Options, frozen=True, kw_only=True):
    """Options of a relay.

    :param server_host: the collect address of all projects.
    :param topic: what is delivered.
    :param group: the consumer group; its relays share the partitions.
    :param dead_letters: the topic for what can never be delivered; ``None`` is the topic's name
        with ``.dead-letters``.
    :param product_id: the project of raw messages that name none. Without it they become dead
        letters.
    :param data_source_id: the same for their data source.
    :param rate: events a second at most; ``None`` is as fast as possible.
    :param workers: threads that send. Each has one window of one partition at a time.
    :param max_size: a request holds so many events at most, and so many messages of each partition
        are repeated at most after a relay has died.
    :param flush_after: seconds that a message waits for others to share its request.
    :param max_events: so many events are in memory at most.
    :param max_bytes: the size of their records together, at most.
    :raises GrowingParamException: when one cannot be used; the message names it.
    """

    types: ClassVar[OptionTypes] = {**TYPES, **_OWN}

    server_host: str
    topic: str
    group: str
    dead_letters: str | None = None
    product_id: str | None = None
    data_source_id: str | None = None
    data_parser: Parser | None = None
    verify_cert: bool | str = True
    rate: float | None = None
    workers: int = 4
    max_size: int = 500
    max_batch_bytes: int = 5 * 1024 * 1024
    flush_after: float = 1.0
    max_events: int = 20_000
    max_bytes: int = 32 * 1024 * 1024
    request_timeout: float = 5.0
    retry_limit: int = RETRY_LIMIT
    retry_backoff_factor: float = RETRY_BACKOFF_FACTOR_S
    close_timeout_s: float = 10.0
    on_error: OnError | None = None
    transport: Transport | None = None
    clock: Clock = SYSTEM_CLOCK

    @property
    def dead_letter_topic(self) -> str:
        """The name of the dead-letter topic."""
        return self.dead_letters or default_name(self.topic)

    @property
    def parser(self) -> DataParser:
        """The format, as the engine needs it."""
        return JsonParser() if self.data_parser is None else as_data_parser(self.data_parser)

    @property
    def retry_policy(self) -> RetryPolicy:
        """When requests are repeated, and how long a failing server is left alone."""
        return RetryPolicy(self.retry_limit, self.retry_backoff_factor)

"""Options of ``KafkaConsumer`` and of a relay, with all defaults and checks."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Final, cast

from msgspec.structs import force_setattr

from growingio_tracker.consumers.options import (
    FSYNC,
    MAX_AGE_S,
    RETRY_BACKOFF_FACTOR_S,
    RETRY_LIMIT,
    TYPES,
    Fitting,
    WorkerOptions,
)
from growingio_tracker.consumers.tracker_options import places_for_consumer
from growingio_tracker.delivery.formats import DataParser, JsonParser, Parser, as_data_parser
from growingio_tracker.model.losses import OnError
from growingio_tracker.model.option_types import DIRECTORY, IDENTITY, NAME, is_path, is_text, whole
from growingio_tracker.model.options import Options, OptionType, OptionTypes
from growingio_wire.clock import SYSTEM_CLOCK, Clock
from growingio_wire.http import Transport
from growingio_wire.http.retry import RetryPolicy
from growingio_wire.said import Said

FLUSH_AFTER_S: Final = 1.0
MAX_SIZE: Final[int] = Fitting(1000)
REQUEST_TIMEOUT_S: Final = 30.0
"""Defaults, which are part of the constructor's signature, too."""

_SERVER: Final = re.compile(r"[^\s,@]+")
_TOPIC: Final = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}")


def _are_servers(value: str) -> bool:
    return all(_SERVER.fullmatch(one.strip()) and "//" not in one for one in value.split(","))


def _is_topic(value: str) -> bool:
    return _TOPIC.fullmatch(value) is not None


def _are_options(value: object) -> bool:
    if not isinstance(value, Mapping):
        return False
    options = cast("Mapping[object, object]", value)
    return all(is_text(name) for name in options) and all(
        isinstance(one, (str, int, float)) or callable(one) for one in options.values()
    )


SERVERS: Final = OptionType(
    Said(
        'brokers, such as "host:9092,other:9092"',
        "一个或多个 broker 的地址，例如 host:9092,other:9092",
    ),
    is_text,
    _are_servers,
    str,
)
TOPIC: Final = OptionType(Said("the name of a topic", "有效的 topic 名称"), is_text, _is_topic, str)
OPTIONS: Final = OptionType(
    Said(
        "a mapping from names of librdkafka to their values", "从 librdkafka 配置项名称到值的映射"
    ),
    _are_options,
    is_secret=True,
)
OPTION: Final = OptionType(
    Said("a str, a number or a bool", "字符串、数值或布尔值"),
    lambda value: isinstance(value, (str, int, float)),
    from_text=str,
    is_secret=True,
)
"""The type of one option of librdkafka in a configuration."""
FILE: Final = OptionType(
    Said("the path of a properties file", "一个 properties 文件的路径"), is_path, bool, str
)


OFTEN_NEEDED: Final = (
    "compression.type",
    "sasl.mechanism",
    "sasl.mechanisms",
    "sasl.password",
    "sasl.username",
    "security.protocol",
    "ssl.ca.location",
)
"""Options of librdkafka that are likely to be given where they do not belong."""


class ShownOptions(dict[str, Any]):
    """Options of librdkafka; ``repr`` shows only the names."""

    def __repr__(self) -> str:
        return f"{{{', '.join(f'{name!r}: …' for name in self)}}}"


class KafkaOptions(WorkerOptions, frozen=True, kw_only=True):
    """Options of ``KafkaConsumer``."""

    types: ClassVar[OptionTypes] = {
        **TYPES,
        "bootstrap_servers": SERVERS,
        "topic": TOPIC,
        "kafka_options": OPTIONS.or_none(),
        "kafka_config": FILE.or_none(),
        "spool": DIRECTORY.or_none(),
    }

    bootstrap_servers: str
    topic: str
    kafka_options: Mapping[str, Any] | None = None
    kafka_config: str | os.PathLike[str] | None = None
    spool: str | os.PathLike[str] | None = None
    fsync: bool = FSYNC
    max_age_s: float | None = MAX_AGE_S
    max_size: int = MAX_SIZE
    flush_after: float = FLUSH_AFTER_S
    request_timeout: float = REQUEST_TIMEOUT_S

    @property
    def directory(self) -> Path:
        """The spool of this topic: a folder of its own, which no other consumer reads."""
        return Path(self.spool or "") / f"kafka-{self.topic}"

    def _derive(self) -> None:
        super()._derive()
        if self.spool is not None:
            force_setattr(self, "spool", Path(self.spool).absolute())
        if self.kafka_options is not None:
            force_setattr(self, "kafka_options", ShownOptions(self.kafka_options))


def places_for_kafka(options: type[Options]) -> dict[str, str]:
    """Return how to write each option of any consumer, of trackers and of librdkafka."""
    inner = {name: f"kafka_options={{{name!r}: …}}" for name in OFTEN_NEEDED}
    return {**inner, **places_for_consumer(options)}


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
    :param topic: the topic to deliver.
    :param group: the consumer group; its relays share the partitions.
    :param dead_letters: the topic for what can never be delivered; ``None`` is the topic's name
        with ``.dead-letters``.
    :param product_id: the project of raw messages without one. If ``None``, they become dead
        letters.
    :param data_source_id: the same for their data source.
    :param rate: maximum events per second; ``None`` is as fast as possible.
    :param workers: the number of sending threads. Each works on one window of one partition.
    :param max_size: maximum events of a request, and maximum messages of each partition that are
        repeated after a relay has died.
    :param flush_after: maximum seconds that a message waits for others to share its request.
    :param max_events: maximum number of events in memory.
    :param max_bytes: maximum size of their records together.
    :raises GrowingParamException: if one is invalid; the message names it.
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
        """The format, as a ``DataParser``."""
        return JsonParser() if self.data_parser is None else as_data_parser(self.data_parser)

    @property
    def retry_policy(self) -> RetryPolicy:
        """When to repeat requests, and how long to pause for a failing server."""
        return RetryPolicy(self.retry_limit, self.retry_backoff_factor)


def default_name(topic: str) -> str:
    """Return the default name of a topic's dead-letter topic."""
    return f"{topic}.dead-letters"

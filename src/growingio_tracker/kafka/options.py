"""Options of ``KafkaConsumer``, with all defaults and checks."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Final, cast

from msgspec.structs import force_setattr

from growingio_tracker.consumers.options import FSYNC, MAX_AGE_S, TYPES, Fitting, WorkerOptions
from growingio_tracker.model.option_types import DIRECTORY, is_path, is_text
from growingio_tracker.model.options import OptionType, OptionTypes
from growingio_wire.said import Said

FLUSH_AFTER_S: Final = 1.0
MAX_SIZE: Final[int] = Fitting(1000)
REQUEST_TIMEOUT_S: Final = 30.0
"""The defaults that the constructor names in its signature, too."""

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
    Said('brokers, such as "host:9092,other:9092"', "broker 地址，例如 host:9092,other:9092"),
    is_text,
    _are_servers,
    str,
)
TOPIC: Final = OptionType(Said("the name of a topic", "topic 名称"), is_text, _is_topic, str)
OPTIONS: Final = OptionType(
    Said("a mapping from names of librdkafka to their values", "librdkafka 配置项的映射"),
    _are_options,
    is_secret=True,
)
OPTION: Final = OptionType(
    Said("a str, a number or a bool", "字符串、数值或布尔值"),
    lambda value: isinstance(value, (str, int, float)),
    from_text=str,
    is_secret=True,
)
"""Type of one option of librdkafka in a configuration."""
FILE: Final = OptionType(
    Said("the path of a properties file", "properties 文件的路径"), is_path, bool, str
)


class ShownOptions(dict[str, Any]):
    """Options of librdkafka, of which only the names are shown."""

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
        """The spool of this topic: a folder of its own, where nothing else looks for events."""
        return Path(self.spool or "") / f"kafka-{self.topic}"

    def _derive(self) -> None:
        super()._derive()
        if self.spool is not None:
            force_setattr(self, "spool", Path(self.spool).absolute())
        if self.kafka_options is not None:
            force_setattr(self, "kafka_options", ShownOptions(self.kafka_options))

"""Names of settings in files and (in capitals) environment variables, with their types.

They are derived from the options of consumers, trackers, queues and experiments: every option that
a string can represent has a key, so new options need not be listed here. Options of librdkafka have
the prefix ``kafka_``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from growingio_tracker.consumers.intake import TrackerOptions
from growingio_tracker.consumers.options import (
    AsyncOptions,
    ConsumerOptions,
    DebugOptions,
    DurableOptions,
    QueueOptions,
)
from growingio_tracker.delivery.contract import QueueLimits
from growingio_tracker.experiments.experiment import ExperimentOptions
from growingio_tracker.kafka.client import option_name
from growingio_tracker.kafka.options import OPTION, KafkaOptions
from growingio_tracker.model.option_types import FLAG, choice
from growingio_tracker.model.options import Options, OptionType, OptionTypes

PREFIX: Final = "GROWINGIO_"
QUEUE_PREFIX: Final = "queue_"
EXPERIMENT_PREFIX: Final = "experiment_"
KAFKA_PREFIX: Final = "kafka_"

STRATEGIES: Final[Mapping[str, type[ConsumerOptions]]] = {
    "default": ConsumerOptions,
    "debug": DebugOptions,
    "buffered": QueueOptions,
    "async": AsyncOptions,
    "durable": DurableOptions,
    "kafka": KafkaOptions,
}
FORMATS: Final = ("json", "snappy", "snappy_crypt", "protobuf")
DEFAULT_STRATEGY: Final = "async"
DEFAULT_FORMAT: Final = "json"


def keys_of(options: type[Options], prefix: str = "") -> dict[str, OptionType]:
    """Return the keys of a class of options: its fields that a string can represent."""
    own = {name: options.types[name] for name in options.__struct_fields__}
    keys = {prefix + name: one for name, one in own.items() if one.from_text is not None}
    return {**keys, **keys_of(QueueLimits, QUEUE_PREFIX)} if "queue" in own else keys


IDENTITY: Final = ("product_id", "data_source_id", "server_host")
CONSUMER: Final[OptionTypes] = keys_of(ConsumerOptions)
CHOICES: Final[OptionTypes] = {
    "strategy": choice(*STRATEGIES),
    "format": choice(*FORMATS),
    "disabled": FLAG,
}
TRACKER: Final[OptionTypes] = keys_of(TrackerOptions)
EXPERIMENTS: Final[OptionTypes] = keys_of(ExperimentOptions, EXPERIMENT_PREFIX)
BY_STRATEGY: Final[Mapping[str, OptionTypes]] = {
    name: keys_of(options) for name, options in STRATEGIES.items()
}
KEYS: Final[OptionTypes] = {
    **CHOICES,
    **{name: one for keys in BY_STRATEGY.values() for name, one in keys.items()},
    **BY_STRATEGY["durable"],  # where None, which no text says, is no spool
    **TRACKER,
    **EXPERIMENTS,
}
"""All keys, except those of librdkafka. A key of several strategies has the same type in each."""


def key_of(name: str) -> str:
    """Return the key of a name: keys of librdkafka's options contain dots."""
    if name in KEYS or not name.startswith(KAFKA_PREFIX):
        return name
    return KAFKA_PREFIX + option_name(name.removeprefix(KAFKA_PREFIX))


def type_of(key: str) -> OptionType | None:
    """Return the type of a key's value; ``None`` if there is no such key."""
    return OPTION if key.startswith(KAFKA_PREFIX) and key not in KEYS else KEYS.get(key)


def strategies_with(key: str) -> list[str]:
    """Return the strategies that a key applies to."""
    if type_of(key) is OPTION:
        return ["kafka"]
    everywhere = key in CHOICES or key in TRACKER or key in EXPERIMENTS
    return [name for name, keys in BY_STRATEGY.items() if everywhere or key in keys]

"""Keys of settings, their types, and mistakes in settings.

A key is the name of a setting in a file and, in capitals, of an environment variable. Keys are
derived from the options of consumers, trackers, queues and experiments: every option that a string
can represent has one, so new options need not be listed here. Options of librdkafka have the prefix
``kafka_``. Every mistake is described in both languages, with its location.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from growingio_tracker.consumers.options import (
    AsyncOptions,
    ConsumerOptions,
    DebugOptions,
    DurableOptions,
    QueueOptions,
)
from growingio_tracker.consumers.tracker_options import TrackerOptions
from growingio_tracker.delivery import QueueLimits
from growingio_tracker.experiments import ExperimentOptions
from growingio_tracker.kafka.client import option_name
from growingio_tracker.kafka.options import OFTEN_NEEDED, OPTION, KafkaOptions
from growingio_tracker.model.option_types import FLAG, choice
from growingio_tracker.model.options import Options, OptionType, OptionTypes
from growingio_wire.errors import GrowingParamException
from growingio_wire.near import nearest
from growingio_wire.said import Said

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
    **BY_STRATEGY["durable"],  # None, which no string represents, is no spool
    **TRACKER,
    **EXPERIMENTS,
}
"""All keys, except those of librdkafka. A key of several strategies has the same type in each."""


_MEANT: Final[Mapping[str, str]] = {
    **{name: QUEUE_PREFIX + name for name in keys_of(QueueLimits)},
    **{name: EXPERIMENT_PREFIX + name for name in keys_of(ExperimentOptions)},
    **{name: KAFKA_PREFIX + name.replace(".", "_") for name in OFTEN_NEEDED},
    **{key: key for key in KEYS},
}
"""The key of each name that a setting may be given."""


def meant_by(name: str, besides: Iterable[str] = ()) -> str:
    """Return the key that was probably meant by a name that is none; empty if no one is similar.

    :param besides: further keys.
    """
    meant = {**{key: key for key in besides}, **_MEANT}
    near = nearest(name, meant)
    return "" if near is None else meant[near]


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


ENVIRONMENT: Final = Said("in the environment", "设置环境变量")
OR_ENVIRONMENT: Final = Said("in {place} or in the environment", "写入 {place} 或设置环境变量")
_UNUSABLE: Final = Said("{what} cannot be used:", "{what}无法使用：")


class Mistake(NamedTuple):
    """One mistake in a configuration.

    :param said: a sentence that includes the location.
    :param key: the key concerned; empty if there is none.
    :param line: as for settings.
    :param code: the error's code, for example ``"wrong_type"``.
    """

    said: Said
    key: str = ""
    line: int = 0
    code: str = ""

    def __str__(self) -> str:
        return self.said.en


def told(error: GrowingParamException, place: Said) -> Said:
    """Return an error about a setting as a mistake with its location."""
    return Said(f"{place.en}: {error.said.en}", f"{place.zh}：{error.said.zh}")


def missing(
    settings: Container[str], where: Said, blamed: set[str], unknown: Mapping[str, str]
) -> Iterator[Mistake]:
    """Yield required settings that are missing, with variables that look like them.

    :param where: where to set them.
    :param blamed: keys for which another mistake has been found.
    :param unknown: see :class:`~growingio_tracker.config.settings.SourceSettings`.
    """
    for name in IDENTITY:
        if name not in settings and name not in blamed:
            alike = [variable for variable, key in unknown.items() if key == name]
            variable, not_ours = variable_of(name), (f"; {one} is not a setting" for one in alike)
            said = Said(
                f"{name} is missing: set it {where.en} ({variable}){''.join(not_ours)}",
                f"缺少 {name}：请{where.zh}（{variable}）"
                + "".join(f"；{one} 不是配置项" for one in alike),
            )
            yield Mistake(said, name, code="missing")


def unusable(what: Said, mistakes: Iterable[Mistake | str]) -> GrowingParamException:
    """Return one error that lists all mistakes of ``what``, one per line, in both languages."""
    said = [one.said if isinstance(one, Mistake) else Said(one, one) for one in mistakes]
    lines = [
        _UNUSABLE.with_values(what=what),
        *(Said(f"- {one.en}", f"- {one.zh}") for one in said),
    ]
    text = Said("\n".join(one.en for one in lines), "\n".join(one.zh for one in lines))
    return GrowingParamException(text, code="configuration")


def variable_of(key: str) -> str:
    """Return the variable that sets a key."""
    return PREFIX + key.upper()


def ignored(variable: str, near: str) -> Said:
    """Return the warning about a variable that is not a setting.

    :param near: the most similar key; empty if none is similar.
    """
    said = Said(f"{variable} is not a setting and is ignored", f"{variable} 不是配置项，已忽略")
    if not near:
        return said
    meant = variable_of(near)
    return Said(f"{said.en}; did you mean {meant}?", f"{said.zh}；是否应为 {meant}？")

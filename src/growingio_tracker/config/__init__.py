"""Configuration of trackers from environment variables and TOML files.

A tracker is built once all mistakes have been found.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from growingio_tracker.config.keys import (
    CHOICES,
    CONSUMER,
    DEFAULT_FORMAT,
    DEFAULT_STRATEGY,
    ENVIRONMENT,
    EXPERIMENT_PREFIX,
    EXPERIMENTS,
    KAFKA_PREFIX,
    KEYS,
    OR_ENVIRONMENT,
    PREFIX,
    QUEUE_PREFIX,
    STRATEGIES,
    TRACKER,
    Mistake,
    ignored,
    missing,
    strategies_with,
    told,
    type_of,
    unusable,
)
from growingio_tracker.config.settings import (
    Setting,
    Settings,
    SourceSettings,
    checked,
    read_environment,
    read_file,
    read_table,
)
from growingio_tracker.consumers.buffered import AsyncBufferedConsumer, BufferedConsumer
from growingio_tracker.consumers.default import DebugConsumer, DefaultConsumer
from growingio_tracker.consumers.options import DURABLE_QUEUE, too_large
from growingio_tracker.consumers.strategy import Strategy
from growingio_tracker.delivery import QueueLimits
from growingio_tracker.delivery.binary import ProtobufParser, SnappyParser
from growingio_tracker.delivery.formats import DataParser, JsonParser
from growingio_tracker.experiments import ExperimentOptions
from growingio_tracker.kafka.client import Given, usable_options
from growingio_tracker.kafka.handle import OURS
from growingio_tracker.kafka.options import OPTION
from growingio_wire.errors import GrowingParamException, MissingExtraError
from growingio_wire.http import Transport
from growingio_wire.logs import Log
from growingio_wire.said import Said

_T = TypeVar("_T")

_log: Final = Log("growingio_tracker.config")
_CONFIGURATION: Final = Said("the configuration", "配置")
_NEEDS: Final = {
    "durable": {
        "spool": Said(
            "spool is missing: strategy = 'durable' needs a directory for events",
            "缺少 spool：strategy = 'durable' 需要一个存放事件的目录",
        )
    },
    "kafka": {
        "bootstrap_servers": Said(
            "bootstrap_servers is missing: strategy = 'kafka' needs the address of a broker",
            "缺少 bootstrap_servers：strategy = 'kafka' 需要 broker 的地址",
        ),
        "topic": Said(
            "topic is missing: strategy = 'kafka' needs the name of a topic",
            "缺少 topic：strategy = 'kafka' 需要 topic 名称",
        ),
    },
}
"""Settings that a strategy requires."""
_warned: Final[set[str]] = set()
"""Unknown variables for which a warning has been logged."""


class Configuration(NamedTuple):
    """Effective settings, each from the source that takes precedence, and all mistakes.

    :param mistakes: those of a file by line, followed by the others.
    :param unknown: see :class:`~growingio_tracker.config.settings.SourceSettings`.
    """

    settings: Settings
    mistakes: list[Mistake]
    unknown: Mapping[str, str]


def gather(
    path: str | os.PathLike[str] | None = None,
    environ: Mapping[str, str] | None = None,
    given: Settings | None = None,
) -> Configuration:
    """Read a file, if given, and the environment, which overrides it, and find every mistake.

    :param given: settings that override both, for example from a command line.
    :raises GrowingParamException: if the file cannot be read or is not TOML.
    """
    if path is None:
        return _under(environ, SourceSettings({}, [], {}), ENVIRONMENT, given or {})
    return _under(environ, read_file(path), OR_ENVIRONMENT.with_values(place=path), given or {})


def gather_table(
    table: Mapping[str, Any],
    where: str,
    environ: Mapping[str, str] | None = None,
    besides: Iterable[str] = (),
) -> Configuration:
    """Read a mapping instead of a file, with the environment as in :func:`gather`.

    :param where: the mapping's name in messages.
    :param besides: other keys that the mapping may have, for suggestions.
    """
    source = read_table(table, where, besides)
    return _under(environ, source, OR_ENVIRONMENT.with_values(place=where), {})


def _under(
    environ: Mapping[str, str] | None, source: SourceSettings, where: Said, given: Settings
) -> Configuration:
    of_environment = read_environment(environ)
    wrong = [mistake for name, one in given.items() if (mistake := checked(name, one))]
    mistakes = [*source.mistakes, *of_environment.mistakes, *wrong]
    settings = {**source.settings, **_heeded(of_environment.settings, source, given), **given}
    blamed = {mistake.key for mistake in mistakes}
    mistakes += missing(settings, where, blamed, of_environment.unknown)
    mistakes += _unfit({name: one for name, one in settings.items() if name not in blamed}, blamed)
    mistakes.sort(key=lambda mistake: mistake.line or math.inf)
    return Configuration(settings, mistakes, of_environment.unknown)


def _heeded(ours: Settings, source: SourceSettings, given: Settings) -> Settings:
    """Return the environment's settings, with librdkafka's options only for Kafka.

    Under other strategies, these may belong to another program in the same container.
    """
    strategy = _value({**source.settings, **ours, **given}, "strategy", DEFAULT_STRATEGY)
    if strategy == "kafka":
        return ours
    return {name: one for name, one in ours.items() if not name.startswith(KAFKA_PREFIX)}


def _unfit(settings: Settings, blamed: set[str]) -> Iterator[Mistake]:
    """Yield mistakes in combinations of settings that are valid on their own."""
    if "strategy" in blamed:
        return
    strategy: str = _value(settings, "strategy", DEFAULT_STRATEGY)
    for name, setting in settings.items():
        if strategy not in (fitting := strategies_with(name)):
            said = Said(
                f"{setting.origin}: {name} does not apply to strategy = {strategy!r}, "
                f"only to {' or '.join(fitting)}",
                f"{setting.place.zh}：strategy = {strategy!r} 时 {name} 不起作用，"
                f"只适用于 {'、'.join(fitting)}",
            )
            yield Mistake(said, name, setting.line, "not_taken")
    for name, said in _NEEDS.get(strategy, {}).items():
        if name not in settings and name not in blamed:
            yield Mistake(said, name, code="missing")
    if strategy == "kafka":
        yield from _unusable_options(settings)
    if "queue" in STRATEGIES[strategy].__struct_fields__:
        sizes = _chosen(settings, ("max_size", "max_batch_bytes"))
        for refusal in too_large(sizes, _queue_limits(strategy, settings)):
            setting = settings[refusal.argument]
            said = told(refusal, setting.place)
            yield Mistake(said, refusal.argument, setting.line, refusal.code)


def _unusable_options(settings: Settings) -> Iterator[Mistake]:
    """Yield the options that librdkafka rejects, if it is installed."""
    for name, given in _librdkafka(settings).items():
        key = KAFKA_PREFIX + name
        try:
            usable_options({name: given}, OURS)
        except MissingExtraError:
            return
        except GrowingParamException as error:
            yield Mistake(error.said, key, settings[key].line, error.code)


def _is_of_librdkafka(key: str) -> bool:
    return type_of(key) is OPTION


def _librdkafka(settings: Settings) -> dict[str, Given]:
    """Return the options of librdkafka by its own names for them."""
    return {
        name.removeprefix(KAFKA_PREFIX): Given(
            one.value, one.origin, one.origin.startswith(PREFIX), one.place.zh
        )
        for name, one in settings.items()
        if _is_of_librdkafka(name)
    }


def usable(configuration: Configuration) -> Settings:
    """Return the settings if there is no mistake.

    :raises GrowingParamException: listing every mistake and its location.
    """
    if configuration.mistakes:
        raise unusable(_CONFIGURATION, configuration.mistakes)
    return configuration.settings


def at_once(configuration: Configuration) -> Configuration:
    """Return this configuration, changed to a strategy that sends or raises during the call."""
    kept = {*CHOICES, *CONSUMER, *TRACKER, *EXPERIMENTS}
    settings = {name: one for name, one in configuration.settings.items() if name in kept}
    settings |= {"strategy": Setting("default", "here"), "on_invalid": Setting("raise", "here")}
    return configuration._replace(settings=settings)


def build(
    configuration: Configuration, make: Callable[..., _T], transport: Transport | None = None
) -> _T:
    """Return the result of ``make`` for the configured consumer and the tracker's options.

    A warning is logged for each unknown variable, once per process.

    :param transport: sends the consumer's requests; ``None`` is HTTP.
    :raises GrowingParamException: listing every mistake and its location.
    :raises MissingExtraError: if the format needs a package that is not installed.
    """
    settings = usable(configuration)
    for variable, near in configuration.unknown.items():
        if variable not in _warned:
            _warned.add(variable)
            _log.warning("%s", ignored(variable, near).en)
    options = _chosen(settings, TRACKER)
    if experiments := _within(EXPERIMENT_PREFIX, settings):
        options["experiments"] = ExperimentOptions(**experiments)
    return make(_consumer(settings, transport), **options)


def _consumer(settings: Settings, transport: Transport | None) -> Strategy:
    strategy = _value(settings, "strategy", DEFAULT_STRATEGY)
    fields = STRATEGIES[strategy].__struct_fields__
    options = _chosen(settings, fields)
    if "queue" in fields:
        options["queue"] = _queue_limits(strategy, settings)
    if strategy == "kafka":
        options["kafka_options"] = usable_options(_librdkafka(settings), OURS)
    parser = parser_of(_value(settings, "format", DEFAULT_FORMAT))
    consumer: Strategy = _class(strategy)(data_parser=parser, transport=transport, **options)
    consumer.disabled = _value(settings, "disabled", False)
    return consumer


def _queue_limits(strategy: str, settings: Settings) -> QueueLimits:
    fields = msgspec.structs.fields(STRATEGIES[strategy])
    default: QueueLimits = next(one.default for one in fields if one.name == "queue")
    if "spool" in settings:
        default = DURABLE_QUEUE
    return msgspec.structs.replace(default, **_within(QUEUE_PREFIX, settings))


def _class(strategy: str) -> type[Any]:
    if strategy == "durable":
        # Imported on demand: programs without a spool do not need its modules.
        from growingio_tracker.consumers.durable import DurableConsumer  # noqa: PLC0415

        return DurableConsumer
    if strategy == "kafka":
        from growingio_tracker.kafka.consumer import KafkaConsumer  # noqa: PLC0415

        return KafkaConsumer
    simple = {"default": DefaultConsumer, "debug": DebugConsumer, "buffered": BufferedConsumer}
    return simple.get(strategy, AsyncBufferedConsumer)


def parser_of(form: str) -> DataParser:
    """Return the parser of one of :data:`~growingio_tracker.config.keys.FORMATS`.

    :raises MissingExtraError: if it needs a package that is not installed.
    """
    if form == "json":
        return JsonParser()
    if form == "protobuf":
        return ProtobufParser()
    return SnappyParser(crypt_data=form == "snappy_crypt")


def _chosen(settings: Settings, wanted: Iterable[str]) -> dict[str, Any]:
    return {name: settings[name].value for name in wanted if name in settings}


def _within(prefix: str, settings: Settings) -> dict[str, Any]:
    """Return the settings of a group by their names in the group."""
    chosen = _chosen(settings, (name for name in KEYS if name.startswith(prefix)))
    return {name.removeprefix(prefix): value for name, value in chosen.items()}


def _value(settings: Settings, name: str, default: Any) -> Any:
    return settings[name].value if name in settings else default

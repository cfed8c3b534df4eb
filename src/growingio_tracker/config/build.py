"""From settings to a tracker."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from growingio_tracker.config import keys
from growingio_tracker.config.keys import PREFIX, Key
from growingio_tracker.config.refusals import refusals
from growingio_tracker.config.settings import (
    Setting,
    Settings,
    Source,
    read_environment,
    read_file,
    read_table,
)
from growingio_tracker.consumers.async_buffered import AsyncBufferedConsumer
from growingio_tracker.consumers.buffered import BufferedConsumer
from growingio_tracker.consumers.debug import DebugConsumer
from growingio_tracker.consumers.default import DefaultConsumer
from growingio_tracker.consumers.strategy import Strategy
from growingio_tracker.delivery.contract import QueueLimits
from growingio_tracker.exceptions import GrowingParamException
from growingio_tracker.experiments.options import ExperimentOptions
from growingio_tracker.formats.base import DataParser
from growingio_tracker.formats.json_parser import JsonParser
from growingio_tracker.transport.base import Transport

_T = TypeVar("_T")

DEFAULT_STRATEGY: Final = "async"
DEFAULT_FORMAT: Final = "json"

_MEMORY: Final = {**keys.CONSUMER, **keys.QUEUED, **keys.QUEUE}
_STRATEGIES: Final[Mapping[str, Mapping[str, Key]]] = {
    "default": keys.CONSUMER,
    "debug": keys.CONSUMER,
    "buffered": _MEMORY,
    "async": {**_MEMORY, **keys.BACKGROUND, **keys.ASYNC},
    "durable": {**_MEMORY, **keys.BACKGROUND, **keys.DURABLE},
}
FORMATS: Final = ("json", "snappy", "snappy_crypt", "protobuf")


class Configuration(NamedTuple):
    """All settings that hold, each from the source that wins, and all mistakes."""

    settings: Settings
    mistakes: list[str]


def gather(
    path: str | os.PathLike[str] | None = None,
    environ: Mapping[str, str] | None = None,
    given: Settings | None = None,
) -> Configuration:
    """Read a file, if there is one, and the environment, which wins; find every mistake.

    :param given: settings that win over both, for instance from a command line.
    :raises GrowingParamException: when the file cannot be read or is not TOML.
    """
    if path is None:
        return _under(environ, Source({}, []), "in the environment", given or {})
    return _under(environ, read_file(path), f"in {path} or in the environment", given or {})


def gather_table(
    table: Mapping[str, Any], where: str, environ: Mapping[str, str] | None = None
) -> Configuration:
    """Do the same with a mapping that ``where`` names, instead of a file."""
    return _under(environ, read_table(table, where), f"in {where} or in the environment", {})


def _under(
    environ: Mapping[str, str] | None, source: Source, where: str, given: Settings
) -> Configuration:
    of_environment = read_environment(environ)
    settings = {**source.settings, **of_environment.settings, **given}
    mistakes = [*source.mistakes, *of_environment.mistakes, *_missing(settings, where)]
    return Configuration(settings, [*mistakes, *_unfit(settings)])


def _missing(settings: Settings, where: str) -> Iterator[str]:
    for name in keys.IDENTITY:
        if name not in settings:
            yield f"{name} is missing: set it {where} ({PREFIX}{name.upper()})"


def _unfit(settings: Settings) -> Iterator[str]:
    chosen = settings.get("strategy", Setting(DEFAULT_STRATEGY, "the default"))
    strategy: str = chosen.value
    if strategy not in _STRATEGIES:
        yield f"{chosen.origin}: strategy must be one of {', '.join(_STRATEGIES)}, got {strategy!r}"
    form = settings.get("format")
    if form is not None and form.value not in FORMATS:
        yield f"{form.origin}: format must be one of {', '.join(FORMATS)}, got {form.value!r}"
    always = {*keys.IDENTITY, *keys.CHOICES, *keys.TRACKER, *keys.EXPERIMENTS}
    taken = {*always, *_STRATEGIES.get(strategy, keys.KEYS)}
    for name, setting in settings.items():
        if name not in taken:
            yield f"{setting.origin}: {name} means nothing with strategy = {strategy!r}"
    if strategy == "durable" and "spool" not in settings:
        yield "spool is missing: strategy = 'durable' needs a directory for events"


def usable(configuration: Configuration) -> Settings:
    """Return the settings if there is no mistake.

    :raises GrowingParamException: naming every mistake and its place.
    """
    settings, mistakes = configuration
    if mistakes:
        raise unusable("the configuration", mistakes)
    return settings


def unusable(what: str, mistakes: Iterable[str]) -> GrowingParamException:
    """Return the error that tells all mistakes of ``what`` at once, a line each."""
    lines = [f"{what} cannot be used:", *(f"- {one}" for one in mistakes)]
    return GrowingParamException("\n".join(lines))


def at_once(configuration: Configuration) -> Configuration:
    """Return the same configuration for a tracker that sends, or raises, before a call returns."""
    kept = {**keys.IDENTITY, **keys.CHOICES, **keys.CONSUMER, **keys.TRACKER, **keys.EXPERIMENTS}
    settings = {name: one for name, one in configuration.settings.items() if name in kept}
    settings |= {"strategy": Setting("default", "here"), "on_invalid": Setting("raise", "here")}
    return Configuration(settings, configuration.mistakes)


def build(
    configuration: Configuration, make: Callable[..., _T], transport: Transport | None = None
) -> _T:
    """Return what ``make`` makes of the configured consumer and the tracker's options.

    :param make: only makes something. When it refuses a value, it is called again with values for
        a try, to find every mistake; whatever else it did would be done again.
    :param transport: what the consumer exchanges requests with; ``None`` is HTTP.
    :raises GrowingParamException: naming every mistake and its place.
    :raises MissingExtraError: when the format needs a package that is not installed.
    """
    if not configuration.mistakes:
        with suppress(GrowingParamException):  # it tells of one value only
            return _made(configuration.settings, make, transport)
    usable(with_refusals(configuration, make, transport))
    return _made(configuration.settings, make, transport)


def with_refusals(
    configuration: Configuration, make: Callable[..., object], transport: Transport | None = None
) -> Configuration:
    """Return the same configuration with what the parts of a tracker refuse among its mistakes."""
    settings = dict(configuration.settings)
    settings.pop("format", None)  # its parser refuses no value, and may not be installed
    if _value(settings, "strategy", DEFAULT_STRATEGY) not in _STRATEGIES:
        del settings["strategy"]
    refused = refusals(settings, lambda tried: _made(tried, make, transport))
    return Configuration(configuration.settings, [*configuration.mistakes, *refused])


def _made(settings: Settings, make: Callable[..., _T], transport: Transport | None) -> _T:
    consumer = _consumer(settings, transport)
    return make(consumer, **_chosen(settings, keys.TRACKER), **_experiments(settings))


def _consumer(settings: Settings, transport: Transport | None) -> Strategy:
    strategy = _value(settings, "strategy", DEFAULT_STRATEGY)
    options = _chosen(settings, _STRATEGIES[strategy].keys() - keys.QUEUE.keys())
    if limits := _chosen(settings, keys.QUEUE):
        options["queue"] = _queue_limits(strategy, limits)
    ids = [settings[name].value for name in keys.IDENTITY]
    parser = parser_of(_value(settings, "format", DEFAULT_FORMAT))
    consumer: Strategy = _class(strategy)(*ids, parser, **options, transport=transport)
    consumer.disabled = _value(settings, "disabled", False)
    return consumer


def _queue_limits(strategy: str, chosen: Mapping[str, Any]) -> QueueLimits:
    with _named_as_keys("QueueLimits: ", "queue_"):
        return msgspec.structs.replace(_queue(strategy), **_within("queue_", chosen))


def _experiments(settings: Settings) -> dict[str, ExperimentOptions]:
    chosen = _chosen(settings, keys.EXPERIMENTS)
    if not chosen:
        return {}
    with _named_as_keys("ExperimentOptions: ", "experiment_"):
        return {"experiments": ExperimentOptions(**_within("experiment_", chosen))}


@contextmanager
def _named_as_keys(argument: str, prefix: str) -> Generator[None, None, None]:
    """Let messages name the key instead of the argument."""
    try:
        yield
    except GrowingParamException as error:
        raise GrowingParamException(str(error).replace(argument, prefix)) from error


def _within(prefix: str, chosen: Mapping[str, Any]) -> dict[str, Any]:
    return {name.removeprefix(prefix): value for name, value in chosen.items()}


def _queue(strategy: str) -> QueueLimits:
    if strategy == "durable":
        from growingio_tracker.consumers.durable import DURABLE_QUEUE  # noqa: PLC0415

        return DURABLE_QUEUE
    return QueueLimits()


def _class(strategy: str) -> type[Any]:
    if strategy == "durable":
        from growingio_tracker.consumers.durable import DurableConsumer  # noqa: PLC0415

        return DurableConsumer
    simple = {"default": DefaultConsumer, "debug": DebugConsumer, "buffered": BufferedConsumer}
    return simple.get(strategy, AsyncBufferedConsumer)


def parser_of(form: str) -> DataParser:
    """Return the parser of one of :data:`FORMATS`.

    :raises MissingExtraError: when it needs a package that is not installed.
    """
    if form == "json":
        return JsonParser()
    if form == "protobuf":
        from growingio_tracker.formats.protobuf_parser import ProtobufParser  # noqa: PLC0415

        return ProtobufParser()
    from growingio_tracker.formats.snappy_parser import SnappyParser  # noqa: PLC0415

    return SnappyParser(crypt_data=form == "snappy_crypt")


def _chosen(settings: Settings, wanted: Iterable[str]) -> dict[str, Any]:
    return {name: settings[name].value for name in wanted if name in settings}


def _value(settings: Settings, name: str, default: Any) -> Any:
    return settings[name].value if name in settings else default

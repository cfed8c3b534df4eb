"""From settings to a tracker."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from growingio_tracker.config import keys
from growingio_tracker.config.keys import PREFIX, Key
from growingio_tracker.config.settings import (
    Setting,
    Settings,
    Source,
    read_environment,
    read_file,
)
from growingio_tracker.consumers.async_buffered import AsyncBufferedConsumer
from growingio_tracker.consumers.buffered import BufferedConsumer
from growingio_tracker.consumers.debug import DebugConsumer
from growingio_tracker.consumers.default import DefaultConsumer
from growingio_tracker.consumers.strategy import Strategy
from growingio_tracker.delivery.contract import QueueLimits
from growingio_tracker.exceptions import GrowingParamException

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
_FORMATS: Final = ("json", "snappy", "snappy_crypt", "protobuf")


class Configuration(NamedTuple):
    """All settings that hold, each from the source that wins, and all mistakes."""

    settings: Settings
    mistakes: list[str]


def gather(
    path: str | os.PathLike[str] | None = None, environ: Mapping[str, str] | None = None
) -> Configuration:
    """Read a file, if there is one, and the environment, which wins; find every mistake.

    :raises GrowingParamException: when the file cannot be read or is not TOML.
    """
    of_file = Source({}, []) if path is None else read_file(path)
    of_environment = read_environment(environ)
    settings = {**of_file.settings, **of_environment.settings}
    mistakes = [*of_file.mistakes, *of_environment.mistakes, *_missing(settings, path)]
    return Configuration(settings, [*mistakes, *_unfit(settings)])


def _missing(settings: Settings, path: str | os.PathLike[str] | None) -> Iterator[str]:
    where = "in the environment" if path is None else f"in {path} or in the environment"
    for name in keys.IDENTITY:
        if name not in settings:
            yield f"{name} is missing: set it {where} ({PREFIX}{name.upper()})"


def _unfit(settings: Settings) -> Iterator[str]:
    chosen = settings.get("strategy", Setting(DEFAULT_STRATEGY, "the default"))
    strategy: str = chosen.value
    if strategy not in _STRATEGIES:
        yield f"{chosen.origin}: strategy must be one of {', '.join(_STRATEGIES)}, got {strategy!r}"
    form = settings.get("format")
    if form is not None and form.value not in _FORMATS:
        yield f"{form.origin}: format must be one of {', '.join(_FORMATS)}, got {form.value!r}"
    taken = {*keys.IDENTITY, *keys.CHOICES, *keys.TRACKER, *_STRATEGIES.get(strategy, keys.KEYS)}
    for name, setting in settings.items():
        if name not in taken:
            yield f"{setting.origin}: {name} means nothing with strategy = {strategy!r}"
    if strategy == "durable" and "spool" not in settings:
        yield "spool is missing: strategy = 'durable' needs a directory for events"


def build(configuration: Configuration, make: Callable[..., _T]) -> _T:
    """Return what ``make`` makes of the configured consumer and the tracker's options.

    :raises GrowingParamException: naming every mistake and its place.
    :raises MissingExtraError: when the format needs a package that is not installed.
    """
    settings, mistakes = configuration
    if mistakes:
        raise GrowingParamException(
            "the configuration cannot be used:\n" + "\n".join(f"- {one}" for one in mistakes)
        )
    try:
        consumer = _consumer(settings)
        return make(consumer, **_chosen(settings, keys.TRACKER))
    except GrowingParamException as error:
        raise GrowingParamException(f"{error}{_origins_in(str(error), settings)}") from error


def _origins_in(message: str, settings: Settings) -> str:
    named = [f"{name} is from {settings[name].origin}" for name in settings if name in message]
    return f" ({'; '.join(named)})" if named else ""


def _consumer(settings: Settings) -> Strategy:
    strategy = _value(settings, "strategy", DEFAULT_STRATEGY)
    options = _chosen(settings, _STRATEGIES[strategy].keys() - keys.QUEUE.keys())
    if limits := _chosen(settings, keys.QUEUE):
        changed = {name.removeprefix("queue_"): value for name, value in limits.items()}
        options["queue"] = msgspec.structs.replace(_queue(strategy), **changed)
    ids = [settings[name].value for name in keys.IDENTITY]
    consumer: Strategy = _class(strategy)(
        *ids, _parser(_value(settings, "format", DEFAULT_FORMAT)), **options
    )
    consumer.disabled = _value(settings, "disabled", False)
    return consumer


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


def _parser(form: str) -> object:
    if form == "json":
        return None
    if form == "protobuf":
        from growingio_tracker.formats.protobuf_parser import ProtobufParser  # noqa: PLC0415

        return ProtobufParser()
    from growingio_tracker.formats.snappy_parser import SnappyParser  # noqa: PLC0415

    return SnappyParser(crypt_data=form == "snappy_crypt")


def _chosen(settings: Settings, wanted: Iterable[str]) -> dict[str, Any]:
    return {name: settings[name].value for name in wanted if name in settings}


def _value(settings: Settings, name: str, default: Any) -> Any:
    return settings[name].value if name in settings else default

"""Options of trackers, and the place of every option, for one that was given elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import ClassVar, Final, Literal, TypeAlias, TypedDict

from growingio_tracker.consumers.options import (
    AsyncOptions,
    ConsumerOptions,
    DebugOptions,
    DurableOptions,
    QueueOptions,
)
from growingio_tracker.experiments import ExperimentOptions
from growingio_tracker.model.filters import BeforeSend
from growingio_tracker.model.option_types import FLAG, FUNCTION, NAMES, choice, instance_of, whole
from growingio_tracker.model.options import Options, OptionTypes, spellings
from growingio_wire.said import Said

OnInvalid: TypeAlias = Literal["raise", "drop"]

MAX_EVENT_BYTES: Final = 1024 * 1024


class TrackerKeywords(TypedDict, total=False):
    """Keyword options of a tracker.

    - ``on_invalid``: what to do with an invalid call: ``"raise"`` (the default) raises
      GrowingParamException, ``"drop"`` drops the event, counted and reported as ``invalid``.
    - ``strict``: also raise if a single attribute cannot be encoded. Default ``False``: that
      attribute is left out, counted and reported by its path and type.
    - ``max_event_bytes``: maximum size of a record. Default 1 MiB.
    - ``before_send``: called with each validated message; returns the message to send, or ``None``
      to drop it. If it raises, the event is dropped and counted. Default ``None``.
    - ``redact``: names of attributes whose values are replaced with ``***`` before anything else
      sees them. Default: none.
    - ``experiments``: options of :meth:`~growingio_tracker.GrowingTracker.experiment`. Default:
      :class:`~growingio_tracker.ExperimentOptions` with its defaults.
    """

    on_invalid: OnInvalid
    strict: bool
    max_event_bytes: int
    before_send: BeforeSend | None
    redact: Collection[str]
    experiments: ExperimentOptions


class TrackerOptions(Options, frozen=True, kw_only=True):
    """Options of a tracker; see :class:`TrackerKeywords`.

    :raises GrowingParamException: if one is invalid; the message names it.
    """

    types: ClassVar[OptionTypes] = {
        "on_invalid": choice("raise", "drop"),
        "strict": FLAG,
        "max_event_bytes": whole(1),
        "before_send": FUNCTION.or_none(),
        "redact": NAMES,
        "experiments": instance_of(ExperimentOptions, Said(*["ExperimentOptions(…)"] * 2)),
    }

    on_invalid: OnInvalid = "raise"
    strict: bool = False
    max_event_bytes: int = MAX_EVENT_BYTES
    before_send: BeforeSend | None = None
    redact: Collection[str] = ()
    experiments: ExperimentOptions = ExperimentOptions()


_STRATEGIES: Final[Mapping[str, type[ConsumerOptions]]] = {
    "DurableConsumer": DurableOptions,
    "AsyncBufferedConsumer": AsyncOptions,
    "BufferedConsumer": QueueOptions,
    "DebugConsumer": DebugOptions,
    "DefaultConsumer": ConsumerOptions,
}


def _of_consumers() -> dict[str, str]:
    """Return how to write each option of a consumer, with the simplest strategy that has it."""
    return {
        name: f"{consumer}({spelled if spelled != name else f'{name}=…'})"
        for consumer, options in _STRATEGIES.items()
        for name, spelled in spellings(options).items()
    }


def places_for_consumer(options: type[Options]) -> dict[str, str]:
    """Return how to write each option of a consumer, of other strategies and of trackers."""
    trackers = {name: f"GrowingTracker({name}=…)" for name in TrackerOptions.__struct_fields__}
    return {**trackers, **_of_consumers(), **spellings(options)}


def places_for_tracker(options: type[Options]) -> dict[str, str]:
    """Return how to write each option of a tracker, and of consumers."""
    consumers = {name: f"consumer={spelled}" for name, spelled in _of_consumers().items()}
    own = {name: name for name in options.__struct_fields__}
    return {**spellings(options), **consumers, **own}

"""The keys: one table from each name to its type and to what takes it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, cast

from growingio_tracker.consumers.base import TRUE_WORDS

PREFIX: Final = "GROWINGIO_"

_FALSE: Final = frozenset({"0", "false", "no", "off"})


class Key(NamedTuple):
    """One key: what kind of value it takes, how a text becomes one, and what a file may hold."""

    kind: str
    from_text: Callable[[str], Any]
    fits: Callable[[object], bool]


def _boolean(text: str) -> bool:
    word = text.strip().lower()
    if word not in TRUE_WORDS | _FALSE:
        raise ValueError
    return word in TRUE_WORDS


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError
    return number


def _boolean_or_text(text: str) -> bool | str:
    try:
        return _boolean(text)
    except ValueError:
        return text


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_boolean(value: object) -> bool:
    return isinstance(value, bool)


def _is_boolean_or_text(value: object) -> bool:
    return isinstance(value, bool | str)


def _are_names(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_text, cast("list[object]", value)))


def _split(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


TEXT: Final = Key("a text", str, _is_text)
INTEGER: Final = Key("an integer", int, _is_integer)
NUMBER: Final = Key("a number", _number, _is_number)
BOOLEAN: Final = Key("true or false", _boolean, _is_boolean)
PATH_OR_BOOLEAN: Final = Key(
    "true, false or the path of a PEM file",
    _boolean_or_text,
    _is_boolean_or_text,
)
NAMES: Final = Key(
    "names",
    _split,
    _are_names,
)

IDENTITY: Final[Mapping[str, Key]] = {
    "product_id": TEXT,
    "data_source_id": TEXT,
    "server_host": TEXT,
}
CHOICES: Final[Mapping[str, Key]] = {"strategy": TEXT, "format": TEXT, "disabled": BOOLEAN}
CONSUMER: Final[Mapping[str, Key]] = {
    "retry_limit": INTEGER,
    "request_timeout": NUMBER,
    "retry_backoff_factor": NUMBER,
    "verify_cert": PATH_OR_BOOLEAN,
    "close_timeout_s": NUMBER,
}
QUEUED: Final[Mapping[str, Key]] = {"max_size": INTEGER, "max_batch_bytes": INTEGER}
QUEUE: Final[Mapping[str, Key]] = {
    "queue_max_events": INTEGER,
    "queue_max_bytes": INTEGER,
    "queue_overflow": TEXT,
    "queue_block_s": NUMBER,
}
BACKGROUND: Final[Mapping[str, Key]] = {"flush_after": NUMBER}
ASYNC: Final[Mapping[str, Key]] = {"workers": INTEGER}
DURABLE: Final[Mapping[str, Key]] = {"spool": TEXT, "fsync": BOOLEAN, "max_age_s": NUMBER}
TRACKER: Final[Mapping[str, Key]] = {
    "on_invalid": TEXT,
    "strict": BOOLEAN,
    "max_event_bytes": INTEGER,
    "redact": NAMES,
}
EXPERIMENTS: Final[Mapping[str, Key]] = {
    "experiment_host": TEXT,
    "experiment_timeout_s": NUMBER,
    "experiment_cache_s": NUMBER,
    "experiment_cache_size": INTEGER,
}

KEYS: Final[Mapping[str, Key]] = {
    **IDENTITY,
    **CHOICES,
    **CONSUMER,
    **QUEUED,
    **QUEUE,
    **BACKGROUND,
    **ASYNC,
    **DURABLE,
    **TRACKER,
    **EXPERIMENTS,
}

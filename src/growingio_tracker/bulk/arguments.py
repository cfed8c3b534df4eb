"""Types of the arguments of imports, and the errors for wrong types."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from inspect import signature
from typing import Final, ParamSpec, TypeVar

from growingio_tracker.bulk.formats import FileOptions
from growingio_tracker.bulk.mapping import FIELDS, RowMapping
from growingio_tracker.consumers.base import Consumer
from growingio_tracker.model.option_types import (
    DIRECTORY,
    FLAG,
    FUNCTION,
    NAMES,
    NUMBER,
    SECONDS,
    choice,
    instance_of,
    whole,
)
from growingio_tracker.model.options import OptionType, OptionTypes, check_options
from growingio_wire.plan.model import Plan
from growingio_wire.said import Said

_P = ParamSpec("_P")
_R = TypeVar("_R")

MAX_BATCH_ROWS: Final = 100_000
MAX_WORKERS: Final = 64


def _one(kind: type) -> OptionType:
    return instance_of(kind, Said(f"a {kind.__name__}", kind.__name__))


def _many(words: Said) -> OptionType:
    return OptionType(
        words, lambda value: isinstance(value, Iterable) and not isinstance(value, (str, bytes))
    )


RATE: Final = OptionType(
    Said("a number of rows per second, more than 0", "大于 0 的每秒行数"),
    NUMBER.fits,
    lambda value: value > 0,
    float,
).or_none()

ROW_ARGUMENTS: Final[OptionTypes] = {
    "rows": _many(Said("an iterable of mappings, one a row", "映射的可迭代对象，每行一个")),
    "consumer": _one(Consumer),
    "kind": choice(*FIELDS),
    "mapping": _one(RowMapping).or_none(),
    "rate": RATE,
    "batch_rows": whole(1, MAX_BATCH_ROWS),
    "patience_s": SECONDS,
    "redact": NAMES,
    "max_event_bytes": whole(1),
    "on_failed": FUNCTION.or_none(),
    "on_progress": FUNCTION.or_none(),
}
FILE_ARGUMENTS: Final[OptionTypes] = {
    **ROW_ARGUMENTS,
    "paths": _many(Said('an iterable of paths, such as ["a.csv"]', "路径的可迭代对象")),
    "same": OptionType(
        Said('a mapping of names to strings, such as {"event_name": "paid"}', "名称到字符串的映射"),
        lambda value: isinstance(value, Mapping),
    ).or_none(),
    "options": _one(FileOptions).or_none(),
    "workers": whole(1, MAX_WORKERS),
    "state_dir": DIRECTORY.or_none(),
    "stop": _one(threading.Event).or_none(),
    "keep_going": FLAG,
    "tracking_plan": _one(Plan).or_none(),
}


def checked(types: OptionTypes) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Return a decorator that checks the arguments of a function before calling it.

    :raises GrowingParamException: for the first invalid one.
    """

    def decorate(function: Callable[_P, _R]) -> Callable[_P, _R]:
        named = signature(function)

        @wraps(function)
        def call(*positional: _P.args, **keywords: _P.kwargs) -> _R:
            check_options(types, named.bind(*positional, **keywords).arguments)
            return function(*positional, **keywords)

        return call

    return decorate

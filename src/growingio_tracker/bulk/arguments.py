"""Arguments of imports: options of files, types, and the errors for wrong types."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from inspect import signature
from typing import Final, Literal, ParamSpec, TypeAlias, TypeVar, get_args

from msgspec import Struct

from growingio_tracker.bulk.chunks import GB18030, UTF_8
from growingio_tracker.bulk.mapping import FIELDS, RowMapping
from growingio_tracker.consumers import Consumer
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
from growingio_wire.checks import check_fields
from growingio_wire.errors import invalid
from growingio_wire.plan import Plan
from growingio_wire.said import Said

_P = ParamSpec("_P")
_R = TypeVar("_R")

FileFormat: TypeAlias = Literal["csv", "tsv", "ndjson", "parquet"]

Language: TypeAlias = Literal["en", "zh"]
"""Language of the sentences in outcomes."""

ENCODINGS: Final = {
    "utf-8": UTF_8,
    "utf8": UTF_8,
    "utf-8-sig": UTF_8,
    "gbk": GB18030,
    "gb2312": GB18030,
    "gb18030": GB18030,
    "utf-16": "utf-16-le",
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
}
"""Supported encodings by their common names."""

MAX_BATCH_ROWS: Final = 100_000
MAX_WORKERS: Final = 64


class FileOptions(Struct, frozen=True):
    """How to read files.

    :param file_format: ``None`` infers it from the ending of each file's name, ignoring ``.gz``.
    :param delimiter: the character between CSV cells; ``None`` is the most frequent in the header:
        comma, semicolon, tab or bar. A first line ``sep=;`` also sets it.
    :param encoding: ``"utf-8"``, ``"gbk"``, which is read as its superset GB 18030, ``"utf-16"``,
        ``"utf-16-le"`` or ``"utf-16-be"``; ``None`` detects it from the file's first bytes.
    :param skip_lines: lines before the header, or before the first row of NDJSON.
    :param nulls: CSV cells that mean a missing value, besides empty ones, for example
        ``("NULL", "\\\\N")``.
    """

    file_format: FileFormat | None = None
    delimiter: str | None = None
    encoding: str | None = None
    skip_lines: int = 0
    nulls: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_fields(self)
        if self.encoding is not None and self.encoding.lower() not in ENCODINGS:
            raise invalid(
                f"encoding must be one of {', '.join(ENCODINGS)}, got {self.encoding!r}",
                f"encoding 必须是 {'、'.join(ENCODINGS)} 之一，而不是 {self.encoding!r}",
                "encoding",
            )
        delimiter = self.delimiter
        if delimiter is not None and (
            len(delimiter) != 1 or delimiter in '"\r\n' or not delimiter.isascii()
        ):
            raise invalid(
                "delimiter must be one ASCII character other than a quote or a line break, got "
                f"{delimiter!r}",
                f"delimiter 必须是引号和换行之外的一个 ASCII 字符，而不是 {delimiter!r}",
                "delimiter",
            )
        if self.skip_lines < 0:
            raise invalid(
                f"skip_lines must be 0 or more, got {self.skip_lines}",
                f"skip_lines 必须大于等于 0，而不是 {self.skip_lines}",
                "skip_lines",
            )


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
    "language": choice(*get_args(Language)),
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

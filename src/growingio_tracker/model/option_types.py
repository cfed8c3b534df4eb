"""Types of options: how each is described, checked, and parsed from text.

Constructors check their options by tables from names to these types, and the configuration reads
variables and files by the same tables.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Collection
from typing import Final, cast

from growingio_tracker.model.arguments import NON_EMPTY, TEXT_WORDS, valid_text
from growingio_tracker.model.options import OptionType
from growingio_wire.endpoints import base_url
from growingio_wire.errors import invalid
from growingio_wire.said import Said

TRUE_WORDS: Final = frozenset({"1", "true", "yes", "on"})
"""Values of an environment variable that mean true."""
_FALSE_WORDS: Final = frozenset({"0", "false", "no", "off"})
_OF_KUBERNETES: Final = r".*_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_\w+)?)"


def is_of_kubernetes(variable: str) -> bool:
    """Return whether Kubernetes may have set it, to tell a container the address of a service.

    The name of a service may begin as our variables do.
    """
    return re.fullmatch(_OF_KUBERNETES, variable) is not None


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def is_text(value: object) -> bool:
    """Return whether a value is a str."""
    return isinstance(value, str)


def _are_names(value: object) -> bool:
    if isinstance(value, (str, bytes)) or not isinstance(value, Collection):
        return False
    return all(map(is_text, cast("Collection[object]", value)))


def is_path(value: object) -> bool:
    """Return whether a value is a path, not of bytes."""
    return isinstance(value, (str, os.PathLike)) and isinstance(os.fspath(value), str)


def _is_named(path: str | os.PathLike[str]) -> bool:
    return os.fspath(path) != ""


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError
    return number


def _boolean(text: str) -> bool:
    word = text.strip().lower()
    if word not in TRUE_WORDS | _FALSE_WORDS:
        raise ValueError
    return word in TRUE_WORDS


def _boolean_or_text(text: str) -> bool | str:
    try:
        return _boolean(text)
    except ValueError:
        return text


def _split(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def whole(low: int, high: int | None = None) -> OptionType:
    """Return the type of an int between two bounds, inclusive; ``None`` is no upper bound."""
    if high is None:
        words = Said(f"an int of at least {low}", f"不小于 {low} 的整数")
    else:
        words = Said(f"an int from {low} to {high}", f"从 {low} 到 {high} 的整数")
    most = math.inf if high is None else high
    return OptionType(words, _is_whole, lambda value: low <= value <= most, int)


def choice(*words: str) -> OptionType:
    """Return the type of a string that is one of ``words``."""
    said = Said(f"one of {', '.join(words)}", f"以下之一：{'、'.join(words)}")
    return OptionType(said, is_text, lambda value: value in words, str)


def having(words: Said, *methods: str) -> OptionType:
    """Return the type of an object, not a class, that has certain methods."""
    return OptionType(
        words,
        lambda value: (
            not isinstance(value, type)
            and all(callable(getattr(value, name, None)) for name in methods)
        ),
    )


def instance_of(kind: type, words: Said) -> OptionType:
    """Return the type of an instance of a class."""
    return OptionType(words, lambda value: isinstance(value, kind), kind=kind)


def _examine_authorities(value: bool | str, argument: str) -> None:
    if isinstance(value, str):
        # TLS is slow to import, and few programs name a file.
        from growingio_wire.http.tls import trusting  # noqa: PLC0415

        trusting(value)


def _examine_directory(value: str | os.PathLike[str], argument: str) -> None:
    from pathlib import Path  # noqa: PLC0415 - takes a while, and only spools need it

    path = Path(value)
    if path.exists() and not path.is_dir():
        raise invalid(
            f"{argument}={str(path)!r} is a file; it must be a directory",
            f"{argument} 无法使用：{str(path)!r} 是文件，应为目录",
            argument,
            code="not_a_directory",
        )


TEXT: Final = OptionType(TEXT_WORDS, is_text, from_text=str)
NAME: Final = OptionType(NON_EMPTY, is_text, bool, str, valid_text)
IDENTITY: Final = OptionType(NON_EMPTY, is_text, bool, str, valid_text, is_secret=True)
FLAG: Final = OptionType(
    Said("a bool (true or false)", "布尔值（true 或 false）"),
    lambda value: isinstance(value, bool),
    from_text=_boolean,
)
NUMBER: Final = OptionType(Said("a number", "数值"), _is_number, from_text=_number)
SECONDS: Final = OptionType(
    Said("a number of seconds, at least 0", "不小于 0 的秒数"),
    _is_number,
    lambda value: value >= 0,
    _number,
)
SECONDS_ABOVE_0: Final = OptionType(
    Said("a number of seconds, more than 0", "大于 0 的秒数"),
    _is_number,
    lambda value: value > 0,
    _number,
)
NAMES: Final = OptionType(
    Said('a collection of non-empty names, such as ("phone",)', '非空名称的集合，例如 ("phone",)'),
    _are_names,
    all,
    _split,
)
FUNCTION: Final = OptionType(Said("a function", "函数"), callable)
ADDRESS: Final = OptionType(TEXT_WORDS, is_text, from_text=str, examine=base_url)
AUTHORITIES: Final = OptionType(
    Said("true, false or the path of a PEM file", "布尔值或 PEM 文件的路径"),
    lambda value: isinstance(value, (bool, str)),
    from_text=_boolean_or_text,
    examine=_examine_authorities,
)
DIRECTORY: Final = OptionType(
    Said("the path of a directory", "目录的路径"),
    is_path,
    _is_named,
    str,
    _examine_directory,
)
TRANSPORT: Final = having(
    Said("a transport with the methods exchange and close", "带有 exchange 和 close 方法的传输"),
    "exchange",
    "close",
)
CLOCK: Final = having(
    Said("a clock with the methods monotonic and now_ms", "带有 monotonic 和 now_ms 方法的时钟"),
    "monotonic",
    "now_ms",
)
STREAM: Final = having(
    Said("a stream with the methods write and flush", "带有 write 和 flush 方法的流"),
    "write",
    "flush",
)

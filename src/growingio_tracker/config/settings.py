"""Settings: values and where each comes from, read from the environment and from files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any, Final, NamedTuple, cast

import msgspec

from growingio_tracker._extras import missing_extra
from growingio_tracker._near import hint, nearest
from growingio_tracker.config.keys import KEYS, PREFIX
from growingio_tracker.config.lines import Lines
from growingio_tracker.exceptions import GrowingParamException

_TABLE: Final = "growingio"
_SECRET: Final = frozenset({"product_id", "data_source_id"})
_SHOWN: Final = 4
_NOT_OURS: Final = frozenset({"config"})
"""Variables with our prefix that are read elsewhere."""


class Setting(NamedTuple):
    """One value, and where it comes from (``"GROWINGIO_STRATEGY"``, ``"gio.toml, line 3"``)."""

    value: Any
    origin: str


Settings = dict[str, Setting]


class Source(NamedTuple):
    """What one source says: the settings that can be used, and what is wrong with the others."""

    settings: Settings
    mistakes: list[str]


def masked(name: str, value: object) -> str:
    """Return a value as it may be shown: of ids only the beginning."""
    if name in _SECRET and isinstance(value, str):
        return value[:_SHOWN] + "…" if len(value) > 2 * _SHOWN else "…"
    return repr(value)


def read_environment(environ: Mapping[str, str] | None = None) -> Source:
    """Read every ``GROWINGIO_…`` variable; ``None`` is this process's environment."""
    source = Source({}, [])
    for variable, text in (os.environ if environ is None else environ).items():
        name = variable.removeprefix(PREFIX).lower()
        if not variable.startswith(PREFIX) or name in _NOT_OURS or not text.strip():
            continue
        key = KEYS.get(name)
        if key is None:
            source.mistakes.append(_unknown(variable, name, _variable))
            continue
        try:
            source.settings[name] = Setting(key.from_text(text), variable)
        except ValueError:
            source.mistakes.append(f"{variable} must be {key.kind}, got {text!r}")
    return source


def read_file(path: str | os.PathLike[str]) -> Source:
    """Read a TOML file: its table ``[growingio]``, or where it has none, all of it.

    A table whose name is nearly that is read, too, and is one mistake.

    :raises GrowingParamException: when it cannot be read or is not TOML.
    """
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise GrowingParamException(f"{file} cannot be read: {error}") from error
    content = _parse(text, file)
    source, lines = Source({}, []), Lines(text)

    def origin(place: Sequence[str]) -> str:
        line = lines.of(place)
        return f"{file}, line {line}" if line else str(file)

    inside = _table(content)
    if inside not in ([], [_TABLE]):
        problem = f"there is no table [{inside[0]}]; did you mean [{_TABLE}]?"
        source.mistakes.append(f"{origin(inside)}: {problem}")
    for place, value in _flat(content[inside[0]] if inside else content):
        _take(source, "_".join(place), value, origin([*inside, *place]))
    return source


def _table(content: Mapping[str, Any]) -> list[str]:
    """Return the place of our table, be it misspelled; empty when the file has none."""
    tables = [name for name, value in content.items() if isinstance(value, dict)]
    if _TABLE in tables:
        return [_TABLE]
    others = [name for name in tables if not any(key.startswith(name + "_") for key in KEYS)]
    near = nearest(_TABLE, others)
    return [] if near is None else [near]


def read_table(table: Mapping[str, Any], where: str) -> Source:
    """Read settings that a program holds itself, such as those of a framework.

    :param table: a mapping with the keys of a file; a path may be a ``pathlib`` one.
    :param where: what to call it in messages.
    """
    source = Source({}, [])
    for place, value in _flat(table):
        is_path = isinstance(value, PurePath)
        _take(source, "_".join(place), str(value) if is_path else value, where)
    return source


def _take(source: Source, name: str, value: object, origin: str) -> None:
    key = KEYS.get(name)
    if key is None:
        source.mistakes.append(f"{origin}: " + _unknown(name, name, str))
    elif not key.fits(value):
        source.mistakes.append(f"{origin}: {name} must be {key.kind}, got {value!r}")
    else:
        source.settings[name] = Setting(value, origin)


def _variable(name: str) -> str:
    return PREFIX + name.upper()


def _unknown(shown: str, name: str, spelled: Callable[[str], str]) -> str:
    return f"there is no key {shown}{hint(name, KEYS, spelled)}"


def _flat(table: Mapping[str, Any]) -> Iterator[tuple[list[str], object]]:
    for name, value in table.items():
        if isinstance(value, dict):
            for place, inner in _flat(cast("dict[str, Any]", value)):
                yield [name, *place], inner
        else:
            yield [name], value


def _parse(text: str, file: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = msgspec.toml.decode(text)
    except ImportError as error:  # no TOML in the standard library, and no tomli
        raise missing_extra("a configuration file on Python 3.10", "config") from error
    except msgspec.DecodeError as error:
        raise GrowingParamException(f"{file} is not valid TOML: {error}") from error
    return content

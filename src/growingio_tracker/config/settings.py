"""Settings and their origins, read from the environment and from files.

Invalid settings become a :class:`Mistake` with its line; one mistake does not hide another.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any, Final, NamedTuple, TypeAlias, cast

import msgspec

from growingio_tracker.config.keys import (
    KAFKA_PREFIX,
    KEYS,
    PREFIX,
    Mistake,
    key_of,
    meant_by,
    told,
    type_of,
)
from growingio_tracker.kafka.client import is_secret
from growingio_tracker.model.arguments import WRONG_TYPE
from growingio_tracker.model.option_types import is_of_kubernetes
from growingio_wire.endpoints import masked_id
from growingio_wire.errors import GrowingParamException, invalid, missing_extra, plain_reason
from growingio_wire.near import nearest
from growingio_wire.said import NOTHING, Said
from growingio_wire.table import MASK

_TABLE: Final = "growingio"
_NO_TABLE: Final = Said(
    "{place}: unknown table [{name}]; did you mean [{table}]?",
    "{place}：没有表 [{name}]；是否应为 [{table}]？",
)
_TOML: Final = Said("a configuration file on Python 3.10", "在 Python 3.10 上读取配置文件")
_NOT_OURS: Final = frozenset({"config", "import_dsn", "pure"})
"""Variables with this prefix that are read elsewhere."""


class Setting(NamedTuple):
    """One value and its origin.

    :param origin: for example ``"GROWINGIO_STRATEGY"`` or ``"gio.toml, line 3"``.
    :param line: the line in the file; 0 if there is none.
    """

    value: Any
    origin: str
    line: int = 0

    @property
    def place(self) -> Said:
        """The origin in both languages."""
        at_line = _at_line(self.line)
        return Said(self.origin, self.origin.removesuffix(at_line.en) + at_line.zh)


def _at_line(line: int) -> Said:
    return Said(f", line {line}", f" 第 {line} 行") if line else NOTHING


Settings: TypeAlias = dict[str, Setting]


class SourceSettings(NamedTuple):
    """Settings read from one source.

    :param settings: settings of the right type.
    :param mistakes: every mistake found in the source.
    :param unknown: variables with our prefix that are not settings, each with the most similar key,
        or an empty string. They may belong to another program.
    """

    settings: Settings
    mistakes: list[Mistake]
    unknown: dict[str, str]


def masked(name: str, value: object) -> str:
    """Return a value as it is safe to show: only the beginning of ids, and no passwords."""
    if name.startswith(KAFKA_PREFIX) and is_secret(name):
        return MASK
    if name in KEYS and KEYS[name].is_secret and isinstance(value, str):
        return masked_id(value)
    return repr(value)


def checked(name: str, setting: Setting) -> Mistake | None:
    """Return the mistake in a setting, or ``None``."""
    try:
        if (one := type_of(name)) is not None:
            one.check(setting.value, name)
    except GrowingParamException as error:
        return Mistake(told(error, setting.place), name, setting.line, error.code)
    return None


def read_environment(environ: Mapping[str, str] | None = None) -> SourceSettings:
    """Read every ``GROWINGIO_…`` variable; ``None`` is this process's environment."""
    source = SourceSettings({}, [], {})
    for variable, text in (os.environ if environ is None else environ).items():
        name = key_of(variable.removeprefix(PREFIX).lower())
        if not variable.startswith(PREFIX) or name in _NOT_OURS or not text.strip():
            continue
        if is_of_kubernetes(variable):
            continue
        if (one := type_of(name)) is not None:
            _take(source, name, Setting(one.parsed(text), variable))
        else:
            source.unknown[variable] = meant_by(name)
    return source


def read_file(path: str | os.PathLike[str]) -> SourceSettings:
    """Read the table ``[growingio]`` of a TOML file, or the whole file if there is none.

    A table with a similar name is read, too, and reported as one mistake.

    :raises GrowingParamException: if it cannot be read or is not TOML.
    """
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = plain_reason(error)
        raise invalid(
            f"{file} cannot be read: {why}", f"无法读取 {file}：{why}", code="unreadable"
        ) from error
    content = _parse(text, file)
    source, lines = SourceSettings({}, [], {}), Lines(text)
    inside = _table(content)
    if inside not in ([], [_TABLE]):
        line = lines.of(inside)
        table = Setting(inside[0], _origin(file, line), line)
        said = _NO_TABLE.with_values(place=table.place, name=inside[0], table=_TABLE)
        source.mistakes.append(Mistake(said, line=line))
    for place, value in _flat(content[inside[0]] if inside else content):
        line = lines.of([*inside, *place])
        _take(source, "_".join(place), Setting(value, _origin(file, line), line))
    return source


def _origin(file: Path, line: int) -> str:
    return f"{file}{_at_line(line).en}"


def _table(content: Mapping[str, Any]) -> list[str]:
    """Return the path of our table, even if misspelled; empty if the file has none."""
    tables = [name for name, value in content.items() if isinstance(value, dict)]
    if _TABLE in tables:
        return [_TABLE]
    others = [name for name in tables if not any(key.startswith(name + "_") for key in KEYS)]
    near = nearest(_TABLE, others)
    return [] if near is None else [near]


def read_table(table: Mapping[str, Any], where: str, besides: Iterable[str] = ()) -> SourceSettings:
    """Read settings from a mapping in the program, such as those of a framework.

    :param table: a mapping with the keys of a file; paths may be ``pathlib.Path`` objects.
    :param where: the mapping's name in messages.
    :param besides: other keys that it may have, for suggestions.
    """
    source = SourceSettings({}, [], {})
    for place, value in _flat(table):
        setting = Setting(str(value) if isinstance(value, PurePath) else value, where)
        _take(source, "_".join(place), setting, besides)
    return source


def _take(source: SourceSettings, name: str, setting: Setting, besides: Iterable[str] = ()) -> None:
    name = key_of(name)
    if type_of(name) is None:
        near = meant_by(name, besides)
        said = Said(
            f"{setting.place.en}: unknown setting {name}"
            + (f"; did you mean {near}?" if near else ""),
            f"{setting.place.zh}：没有配置项 {name}" + (f"；是否应为 {near}？" if near else ""),
        )
        source.mistakes.append(Mistake(said, near, setting.line, "unknown"))
        return
    mistake = checked(name, setting)
    if mistake is not None:
        source.mistakes.append(mistake)
    if mistake is None or mistake.code != WRONG_TYPE:
        source.settings[name] = setting


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
        raise missing_extra(_TOML, "config") from error
    except msgspec.DecodeError as error:
        raise invalid(
            f"{file} is not valid TOML: {error}",
            f"{file} 不是有效的 TOML：{error}",
            code="no_toml",
        ) from error
    return content


_Place: TypeAlias = tuple[str, ...]
"""Path of a key: its tables, outermost first, and the key."""

_PART: Final = r"""(?:[\w\-]+|"[^"\\]*"|'[^']*')"""
_KEY: Final = rf"\s*({_PART}(?:\s*\.\s*{_PART})*)\s*"
_HEADER: Final = re.compile(rf"\s*\[{{1,2}}{_KEY}\]")
_ASSIGNMENT: Final = re.compile(rf"{_KEY}=")


class Lines:
    """Line numbers of keys and tables in a TOML document, which its decoder does not provide."""

    def __init__(self, text: str) -> None:
        self._found: dict[_Place, int] = {}
        table: _Place = ()
        for number, line in enumerate(text.splitlines(), 1):
            if header := _HEADER.match(line):
                table = _parts(header[1])
                self._found.setdefault(table, number)
            elif assignment := _ASSIGNMENT.match(line):
                self._found.setdefault(table + _parts(assignment[1]), number)

    def of(self, place: Sequence[str]) -> int:
        """Return the line of a key or of the nearest enclosing table; 0 if unknown.

        A key of an inline table has the line where the table begins.
        """
        around = (tuple(place[:depth]) for depth in range(len(place), 0, -1))
        return next((self._found[one] for one in around if one in self._found), 0)


def _parts(key: str) -> _Place:
    return tuple(part.strip("\"'") for part in re.findall(_PART, key))

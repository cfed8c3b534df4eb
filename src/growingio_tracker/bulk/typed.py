"""Sources of values: columns with declared types, and the conversion to these types."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from datetime import datetime, timezone, tzinfo
from typing import Any, Final, Literal, TypeAlias, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Struct

from growingio_wire.checks import check_fields
from growingio_wire.errors import GrowingParamException, invalid
from growingio_wire.said import Said
from growingio_wire.table import text

Row: TypeAlias = dict[str, Any]
"""Column → value."""

ValueType: TypeAlias = Literal[
    "as_is", "text", "int", "float", "bool", "list", "ms", "seconds", "datetime"
]

_MS_DIGITS: Final = 13

Convert: TypeAlias = Callable[[Any], Any]

_TRUE: Final = frozenset({"true", "t", "yes", "y", "1", "是", "真"})
_FALSE: Final = frozenset({"false", "f", "no", "n", "0", "否", "假"})


class Source(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The source and type of one value.

    :param column: the column's name, or a path to a member of the object in it, such as
        ``properties.distinct_id``. Either this or ``value`` is given.
    :param value: the same value for every row.
    :param type: ``"as_is"`` keeps the value of the file: a string from CSV, so ``00123`` stays
        ``00123``. ``"text"``, ``"int"``, ``"float"`` and ``"bool"`` (true/false, yes/no, 1/0)
        convert; ``"list"`` splits a string. For event_time only: ``"ms"`` and ``"seconds"`` since
        1970, and ``"datetime"``. There ``"as_is"`` accepts milliseconds and ISO 8601.
    :param format: the format of ``"datetime"``, as for :meth:`datetime.datetime.strptime`; ``None``
        is ISO 8601.
    :param zone: time zone of times without one, for example ``Asia/Shanghai``; ``None`` is this
        machine's.
    :param separator: the separator of ``"list"``.
    """

    column: str | None = None
    value: str | int | float | bool | None = None
    type: ValueType = "as_is"
    format: str | None = None
    zone: str | None = None
    separator: str = ","

    def __post_init__(self) -> None:
        check_fields(self)


def converter(name: str, source: Source) -> Convert | None:
    """Return a function that converts values to the declared type; ``None`` if none is needed.

    The function raises ValueError or TypeError for values that it cannot convert.

    :raises GrowingParamException: if the source names an unknown time zone.
    """
    if name == "event_time":
        return _time(source)
    if source.type == "list":
        separator = source.separator
        return lambda value: value.split(separator) if isinstance(value, str) else value
    return _SIMPLE.get(source.type)


def _bool(value: object) -> bool:
    word = text(value).strip().lower() if isinstance(value, str | int | bool) else ""
    if word not in _TRUE | _FALSE:
        raise ValueError("not true or false")
    return word in _TRUE


def _int(value: Any) -> int:
    if isinstance(value, float) and not value.is_integer():
        raise ValueError("not a whole number")
    return int(value)


def _text(value: object) -> str:
    # Parquet and pandas turn integers into floats if a column has missing values.
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return text(value) if isinstance(value, int) else str(value)


_SIMPLE: Final[dict[str, Convert]] = {"text": _text, "int": _int, "float": float, "bool": _bool}


def _time(source: Source) -> Convert:
    if source.type == "ms":
        return _int
    if source.type == "seconds":
        return lambda value: round(float(value) * 1000)
    zone = _zone(source.zone)
    shape = source.format
    if shape is not None:
        return lambda value: _in_zone(datetime.strptime(_text(value), shape), zone)
    return lambda value: _any_time(value, zone)


def _any_time(value: object, zone: tzinfo | None) -> object:
    if isinstance(value, str):
        if len(value) == _MS_DIGITS and value.isdecimal():
            return int(value)
        return _written_time(value.strip(), zone)
    if isinstance(value, datetime):
        return _in_zone(value, zone)
    if isinstance(value, int):
        _check_shape(value)
    return value


def _written_time(written: str, zone: tzinfo | None) -> int | datetime:
    if written.isdecimal():
        if len(written) != _MS_DIGITS:
            _check_shape(written)
        return int(written)
    try:
        return _in_zone(_iso(written), zone)
    except ValueError:
        _check_shape(written)
        raise


def _check_shape(value: str | int) -> None:
    if (hint := date_hint(value)) is not None:
        raise GrowingParamException(hint, "event_time")


def _iso(written: str) -> datetime:
    # Python 3.10 does not know that Z means UTC.
    return datetime.fromisoformat(f"{written[:-1]}+00:00" if written.endswith("Z") else written)


def _in_zone(value: datetime, zone: tzinfo | None) -> datetime:
    return value if zone is None or value.tzinfo is not None else value.replace(tzinfo=zone)


def _zone(name: str | None) -> tzinfo | None:
    if name is None:
        return None
    if name.upper() == "UTC":
        return timezone.utc
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise invalid(
            f"mapping: the time zone {name!r} is unknown here; use one such as Asia/Shanghai"
            " (on Windows: pip install tzdata)",
            f"mapping：此环境中没有时区 {name!r}；请使用 Asia/Shanghai 这样的时区"
            "（Windows 上需要 pip install tzdata）",
        ) from error


_COMPACT: Final = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_MONTH_AND_DAY: Final = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_DATE: Final = re.compile(
    r"\d{4}(?:(?P<sep>[/.])\d{1,2}(?P=sep)|(?P<year>年)\d{1,2}月)\d{1,2}(?P<day>日?)"
    r"(?P<gap> ?)(?P<time>\d{1,2}:\d\d)?(?P<seconds>:\d\d)?"
)
_EITHER: Final = re.compile(r"\d{1,2}(?P<sep>[/.-])\d{1,2}(?P=sep)\d{4}\b.*")
_DAYS: Final = re.compile(r"[2-6]\d{4}(?:\.\d+)?")


def date_shape(value: object) -> str | None:
    """Return the ``strptime`` format of a date; ``None`` if it is not a date or ambiguous.

    ISO 8601 needs no format and is not recognised here.
    """
    written = str(value) if isinstance(value, str | int) else ""
    if written.isdecimal():
        shape = _COMPACT.get(len(written))
        return shape if shape is not None and _MONTH_AND_DAY.match(written) else None
    found = _DATE.fullmatch(written)
    if found is None or bool(found["year"]) != bool(found["day"]):
        return None
    day = "%Y年%m月%d日" if found["year"] else f"%Y{found['sep']}%m{found['sep']}%d"
    time = f"{found['gap']}%H:%M" if found["time"] else ""
    return day + time + (":%S" if found["seconds"] else "")


def date_hint(value: object) -> Said | None:
    """Return the advice for a time that would be misread, or not read at all."""
    shape = date_shape(value)
    if shape is not None:
        return _declare(Said(f"is written as {shape}", f"的写法是 {shape}"), shape)
    if not isinstance(value, str):
        return None
    if (found := _EITHER.fullmatch(value)) is not None:
        sep = found["sep"]
        return _declare(_EITHER_ORDER, f"%d{sep}%m{sep}%Y")
    return _IS_SERIAL if _DAYS.fullmatch(value) else None


_EITHER_ORDER: Final = Said("has an ambiguous order of day and month", "无法区分日和月的先后")
_IS_SERIAL: Final = Said(
    "event_time looks like a serial date of Excel; save the column as text",
    "event_time 像是 Excel 的日期序列号；请把该列存为文本格式",
)


def _declare(what: Said, shape: str) -> Said:
    declared = f'{{column: …, type: datetime, format: "{shape}"}}'
    return Said(
        f"event_time {what.en}; declare it: {declared}",
        f"event_time {what.zh}；请在映射中声明：{declared}",
    )


_decode_object: Final = msgspec.json.Decoder(dict[str, Any]).decode


def members_of(value: object, column: str, used: Collection[str] | None) -> Row:
    """Return the members of a column's object, except those ``used`` elsewhere.

    :raises GrowingParamException: if it is not an object.
    """
    if value is None:
        return {}
    found = _as_object(value)
    if found is None:
        got = type(value).__name__
        raise invalid(
            f"{column} must hold an object, got {got}", f"{column} 必须是对象，而不是 {got}"
        )
    # What is a field, or an attribute of another name, is not sent twice.
    return {k: v for k, v in found.items() if k not in used} if used else found


def value_at(row: Row, path: tuple[str, ...]) -> object:
    """Return the value at a path of members, or ``None``."""
    value: object = row
    for name in path:
        found = _as_object(value)
        if found is None:
            return None
        value = found.get(name)
    return value


def _as_object(value: object) -> Row | None:
    """Return an object, also one written as JSON text; ``None`` if it is not an object."""
    if isinstance(value, str) and value[:1] == "{":
        try:
            return _decode_object(value)
        except msgspec.DecodeError:
            return None
    return cast("Row", value) if isinstance(value, dict) else None

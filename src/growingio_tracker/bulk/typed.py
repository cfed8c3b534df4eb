"""From what a file holds to a value of the declared type."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone, tzinfo
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from growingio_tracker.bulk.mapping import Source
from growingio_tracker.exceptions import GrowingParamException
from growingio_tracker.values import text

Convert: TypeAlias = Callable[[Any], Any]

_TRUE: Final = frozenset({"true", "t", "yes", "y", "1", "是", "真"})
_FALSE: Final = frozenset({"false", "f", "no", "n", "0", "否", "假"})


def converter(name: str, source: Source) -> Convert | None:
    """Return what makes of a value one of the declared type; ``None`` when it stays as it is.

    It raises ValueError or TypeError for a value that it cannot make one of.

    :raises GrowingParamException: when the source names a time zone that is not known.
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
    # A whole float is what becomes of an integer beside missing values in Parquet and pandas.
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
        return lambda value: _in_zone(datetime.strptime(value, shape), zone)
    return lambda value: _any_time(value, zone)


def _any_time(value: object, zone: tzinfo | None) -> object:
    if isinstance(value, str):
        written = value.strip()
        return int(written) if written.isdecimal() else _in_zone(_iso(written), zone)
    return _in_zone(value, zone) if isinstance(value, datetime) else value


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
        raise GrowingParamException(
            f"mapping: the zone {name!r} is not known here; name one such as Asia/Shanghai"
            " (on Windows: pip install tzdata)"
        ) from error

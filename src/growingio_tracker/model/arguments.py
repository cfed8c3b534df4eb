"""Names, ids and times passed by callers, checked and normalized."""

from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone
from enum import Enum
from numbers import Real
from typing import Final
from uuid import UUID

from growingio_tracker.model.scalars import builtin_of, has_surrogates, is_a, is_itself, text_of
from growingio_wire.clock import MICROSECONDS_FROM, MILLISECONDS_FROM
from growingio_wire.errors import GrowingParamException, invalid, must_be
from growingio_wire.said import Said

WRONG_TYPE: Final = "wrong_type"
OUT_OF_RANGE: Final = "out_of_range"
MISSING: Final = "missing"
UNREADABLE: Final = "unreadable"
"""Codes of errors."""

TEXT_WORDS: Final = Said("a str", "字符串")
NON_EMPTY: Final = Said("a non-empty str", "非空字符串")
"""What arguments must be."""

_TIME: Final = Said("Unix milliseconds (int) or a datetime", "整数形式的 Unix 毫秒或 datetime")
_SECONDS: Final = Said("seconds", "秒")
_MICROSECONDS: Final = Said("microseconds or less", "微秒或更小的单位")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MILLISECOND: Final = timedelta(milliseconds=1)
_NO_TIME_FROM: Final = 10**21  # beyond nanoseconds; and Python cannot print every larger number
_MAX_ID: Final = 2**128  # as large as a UUID


def identifier(value: object, argument: str) -> str | None:
    """Return an id or key as a string, or ``None`` for ``None`` and ``""``.

    int and UUID are converted, because primary keys are often passed unchanged.

    :raises GrowingParamException: for any other type, and for text that is not valid Unicode.
    """
    if value is None:
        return None
    if type(value) is str:
        return valid_text(value, argument) or None
    try:
        found = _as_text(value)
    except Exception as error:  # from a method of the caller's own class
        raised = type(error).__name__
        raise invalid(
            f"{argument} must be a str; reading it raised {raised}",
            f"{argument} 必须是字符串；读取时引发了 {raised}",
            argument,
            code=UNREADABLE,
        ) from error
    if found is None:
        raise must_be(TEXT_WORDS, type(value).__name__, argument, code=WRONG_TYPE)
    return valid_text(found, argument) or None


def _as_text(value: object) -> str | None:
    # A subclass may answer with anything, so each is read by its base class's method.
    if isinstance(value, Enum):
        return "" if value.value is None else _as_text(value.value)
    if is_a(value, str):
        return str.__str__(value)
    if is_a(value, UUID):
        return UUID.__str__(value)
    if is_a(value, int) and not is_a(value, bool):
        exact = int.__int__(value)
        return str(exact) if -_MAX_ID < exact < _MAX_ID else None
    if is_a(value, bool) or (built_in := builtin_of(value)) is value:
        return None
    return "" if built_in is None else _as_text(built_in)


def required(value: object, argument: str) -> str:
    """Return an id, key or name as a string.

    :raises GrowingParamException: if it is missing, empty, of another type or not valid Unicode.
    """
    found = identifier(value, argument)
    if found is None:
        raise must_be(NON_EMPTY, repr(value), argument, code=MISSING)
    return found


def text_name(value: object, argument: str) -> str:
    """Return a name, which unlike an id must be a str.

    :raises GrowingParamException: if it is missing, empty, of another type or not valid Unicode.
    """
    if _read_text(value) is None:
        raise must_be(NON_EMPTY, type(value).__name__, argument, code=WRONG_TYPE)
    return required(value, argument)


def _read_text(value: object) -> str | None:
    try:
        return text_of(value)
    except Exception:  # from a method of the caller's own class
        return None


def valid_text(value: str, argument: str) -> str:
    """Return ``value`` if it can be written as UTF-8.

    :raises GrowingParamException: if it holds lone surrogates.
    """
    if has_surrogates(value):
        raise invalid(
            f"{argument} holds lone surrogates, which are not valid text; "
            f"decode the bytes that it came from with their real encoding",
            f"{argument} 含有孤立的代理项，不是有效的字符串；请按原始字节的真实编码重新解码",
            argument,
            code="not_unicode",
        )
    return value


def event_time_ms(value: object, argument: str = "event_time") -> int:
    """Return a time as Unix milliseconds. A naive datetime is local time.

    :raises GrowingParamException: for another type, and for numbers that look like seconds or
        microseconds; the message holds the corrected number.
    """
    if type(value) is int and MILLISECONDS_FROM <= value < MICROSECONDS_FROM:
        return value
    if is_a(value, datetime):
        return _datetime_ms(value, argument)
    number = _number(value)
    if number is None:
        raise must_be(_TIME, type(value).__name__, argument, code=WRONG_TYPE)
    if not 0 < number < _NO_TIME_FROM:
        raise invalid(
            f"{argument} must be positive Unix milliseconds, got a number that is "
            f"{'too large' if number > 0 else 'not above 0'}",
            f"{argument} 必须是正的 Unix 毫秒，而该数值{'过大' if number > 0 else '不大于 0'}",
            argument,
            code=OUT_OF_RANGE,
        )
    if number < MILLISECONDS_FROM:
        raise _wrong_unit(argument, number, _SECONDS, int(number * 1000))
    if number >= MICROSECONDS_FROM:
        raise _wrong_unit(argument, number, _MICROSECONDS, _to_milliseconds(int(number)))
    return int(number)


def _datetime_ms(value: datetime, argument: str) -> int:
    try:
        milliseconds = (_exact(value).astimezone(timezone.utc) - _EPOCH) // _MILLISECOND
        usable = MILLISECONDS_FROM <= milliseconds < MICROSECONDS_FROM
    except Exception as error:  # from the ends of the calendar, or from the caller's own tzinfo
        raised = type(error).__name__
        raise invalid(
            f"{argument} must be a datetime that can be converted to UTC; "
            f"converting it raised {raised}",
            f"{argument} 必须是可以转换为 UTC 的 datetime；转换时引发了 {raised}",
            argument,
            code=UNREADABLE,
        ) from error
    # The bounds are those of numbers, so that a checked message passes its next check too.
    if not usable:
        got = type(value).__name__
        raise invalid(
            f"{argument} must be a time from 1973-03-03 to 5138-11-16, got a {got} outside of that",
            f"{argument} 必须是 1973-03-03 到 5138-11-16 之间的时间，而该 {got} 不在此范围内",
            argument,
            code=OUT_OF_RANGE,
        )
    return int(milliseconds)


def _exact(value: datetime) -> datetime:
    """Return an exact datetime, because subclasses may calculate with types of their own."""
    if not is_itself(value):
        raise ValueError("not a time")
    return datetime.combine(value.date(), value.timetz())


def _number(value: object) -> int | float | None:
    if is_a(value, int) and not is_a(value, bool):
        return int.__int__(value)
    if is_a(value, float):
        return float.__float__(value) if math.isfinite(value) else None
    return _number_of_library(value)


def _number_of_library(value: object) -> int | float | None:
    if not issubclass(type(value), Real) or is_a(value, bool):
        return None
    found = builtin_of(value)
    return _number(found) if type(found) in (int, float) else None


def _to_milliseconds(value: int) -> int:
    while value >= MICROSECONDS_FROM:
        value //= 1000
    return value


def _wrong_unit(argument: str, value: float, unit: Said, corrected: int) -> GrowingParamException:
    return invalid(
        f"{argument} must be Unix milliseconds; {value} looks like {unit.en}, "
        f"did you mean {corrected}?",
        f"{argument} 必须是 Unix 毫秒；{value} 的单位像是{unit.zh}，是否应为 {corrected}？",
        argument,
        code="wrong_unit",
        unit=unit.en,
        corrected=corrected,
    )


def one_of(value: object, allowed: tuple[str, ...], argument: str) -> str:
    """Return ``value`` if it is allowed.

    :raises GrowingParamException: otherwise; the message lists what is allowed.
    """
    if not is_a(value, str) or value not in allowed:
        raise invalid(
            f"{argument} must be one of {', '.join(allowed)}",
            f"{argument} 必须是以下之一：{'、'.join(allowed)}",
            argument,
            code=OUT_OF_RANGE,
        )
    return value

"""Names, ids and times as callers pass them, checked and brought to their one form."""

from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone
from enum import Enum
from typing import Final
from uuid import UUID

from growingio_tracker.exceptions import GrowingParamException
from growingio_tracker.values import has_surrogates, is_a

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MILLISECOND: Final = timedelta(milliseconds=1)
# A number of seconds is below this until the year 5138, a number of milliseconds above it since
# March 1973; a number of microseconds is above the second bound since March 1973.
_SECONDS_BELOW: Final = 100_000_000_000
_MICROSECONDS_FROM: Final = 100_000_000_000_000
_NO_TIME_FROM: Final = 10**21  # beyond nanoseconds; and Python cannot print every larger number
_MAX_ID: Final = 2**128  # as large as a UUID


def identifier(value: object, argument: str) -> str | None:
    """Return an id or key as text; ``None`` and ``""`` mean that there is none.

    int and UUID are taken as their text, because primary keys are often passed as they are.

    :raises GrowingParamException: for any other type, and for text that is not valid Unicode.
    """
    if value is None:
        return None
    if type(value) is str:
        return valid_text(value, argument) or None
    try:
        found = _as_text(value)
    except Exception as error:  # from a method of the caller's own class
        raise GrowingParamException(
            f"{argument} must be a str; reading it raised {type(error).__name__}"
        ) from error
    if found is None:
        raise GrowingParamException(f"{argument} must be a str, got {type(value).__name__}")
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
    return None


def required(value: object, argument: str) -> str:
    """Return an id, key or name as text.

    :raises GrowingParamException: when it is missing, empty, of another type or not valid Unicode.
    """
    found = identifier(value, argument)
    if found is None:
        raise GrowingParamException(f"{argument} must be a non-empty str, got {value!r}")
    return found


def text_name(value: object, argument: str) -> str:
    """Return a name, which unlike an id must have been a str.

    :raises GrowingParamException: when it is missing, empty, of another type or not valid Unicode.
    """
    if not is_a(value, str):
        raise GrowingParamException(
            f"{argument} must be a non-empty str, got {type(value).__name__}"
        )
    return required(value, argument)


def valid_text(value: str, argument: str) -> str:
    """Return ``value`` if it can be written as UTF-8.

    :raises GrowingParamException: when it holds lone surrogates.
    """
    if has_surrogates(value):
        raise GrowingParamException(
            f"{argument} holds lone surrogates, which are not valid text; "
            f"decode the bytes that it came from with their real encoding"
        )
    return value


def event_time_ms(value: object, argument: str = "event_time") -> int:
    """Return a time as Unix milliseconds. A naive datetime is local time.

    :raises GrowingParamException: for another type, and for numbers that look like seconds or
        microseconds; the message holds the corrected number.
    """
    if type(value) is int and _SECONDS_BELOW <= value < _MICROSECONDS_FROM:
        return value
    if is_a(value, datetime):
        return _datetime_ms(value, argument)
    number = _number(value)
    if number is None:
        raise GrowingParamException(
            f"{argument} must be Unix milliseconds (int) or a datetime, got {type(value).__name__}"
        )
    if not 0 < number < _NO_TIME_FROM:
        raise GrowingParamException(
            f"{argument} must be positive Unix milliseconds, got a number that is "
            f"{'too large' if number > 0 else 'not above 0'}"
        )
    if number < _SECONDS_BELOW:
        raise _wrong_unit(argument, number, "seconds", int(number * 1000))
    if number >= _MICROSECONDS_FROM:
        raise _wrong_unit(argument, number, "microseconds or less", _to_milliseconds(int(number)))
    return int(number)


def _datetime_ms(value: datetime, argument: str) -> int:
    try:
        milliseconds = (value.astimezone(timezone.utc) - _EPOCH) // _MILLISECOND
        usable = _SECONDS_BELOW <= milliseconds < _MICROSECONDS_FROM
    except Exception as error:  # from the ends of the calendar, or from the caller's own tzinfo
        raise GrowingParamException(
            f"{argument} must be a datetime that can be converted to UTC; "
            f"converting it raised {type(error).__name__}"
        ) from error
    # The bounds are those of numbers, so that a checked message passes its next check too.
    if not usable:
        raise GrowingParamException(
            f"{argument} must be a time from 1973-03-03 to 5138-11-16, "
            f"got a {type(value).__name__} outside of that"
        )
    return int(milliseconds)


def _number(value: object) -> int | float | None:
    if is_a(value, int) and not is_a(value, bool):
        return int.__int__(value)
    if is_a(value, float) and math.isfinite(value):
        return float.__float__(value)
    return None


def _to_milliseconds(value: int) -> int:
    while value >= _MICROSECONDS_FROM:
        value //= 1000
    return value


def _wrong_unit(argument: str, value: float, unit: str, corrected: int) -> GrowingParamException:
    return GrowingParamException(
        f"{argument} must be Unix milliseconds; {value} looks like {unit}, "
        f"did you mean {corrected}?"
    )


def one_of(value: object, allowed: tuple[str, ...], argument: str) -> str:
    """Return ``value`` if it is allowed.

    :raises GrowingParamException: otherwise; the message lists what is allowed.
    """
    if not is_a(value, str) or value not in allowed:
        raise GrowingParamException(f"{argument} must be one of {', '.join(allowed)}")
    return value

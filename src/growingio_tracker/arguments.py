"""Names, ids and times as callers pass them, checked and brought to their one form."""

from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone
from enum import Enum
from typing import Final
from uuid import UUID

from growingio_tracker.exceptions import GrowingParamException
from growingio_tracker.values import has_surrogates

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MILLISECOND: Final = timedelta(milliseconds=1)
# A number of seconds is below this until the year 5138, a number of milliseconds above it since
# March 1973; a number of microseconds is above the second bound since March 1973.
_SECONDS_BELOW: Final = 100_000_000_000
_MICROSECONDS_FROM: Final = 100_000_000_000_000


def identifier(value: object, argument: str) -> str | None:
    """Return an id or key as text; ``None`` and ``""`` mean that there is none.

    int and UUID are taken as their text, because primary keys are often passed as they are.

    :raises GrowingParamException: for any other type, and for text that is not valid Unicode.
    """
    if value is None:
        return None
    if isinstance(value, Enum):
        return identifier(value.value, argument)
    if isinstance(value, str):
        return valid_text(str.__str__(value), argument) or None
    if isinstance(value, UUID) or (isinstance(value, int) and not isinstance(value, bool)):
        return str(value)
    raise GrowingParamException(f"{argument} must be a str, got {type(value).__name__}")


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
    if not isinstance(value, str):
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
    if isinstance(value, datetime):
        return (value.astimezone(timezone.utc) - _EPOCH) // _MILLISECOND
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise GrowingParamException(
            f"{argument} must be Unix milliseconds (int) or a datetime, got {type(value).__name__}"
        )
    if value <= 0:
        raise GrowingParamException(f"{argument} must be positive Unix milliseconds, got {value}")
    if value < _SECONDS_BELOW:
        raise _wrong_unit(argument, value, "seconds", int(value * 1000))
    if value >= _MICROSECONDS_FROM:
        raise _wrong_unit(argument, value, "microseconds or less", _to_milliseconds(int(value)))
    return int(value)


def _to_milliseconds(value: int) -> int:
    while value >= _MICROSECONDS_FROM:
        value //= 1000
    return value


def _wrong_unit(argument: str, value: float, unit: str, corrected: int) -> GrowingParamException:
    return GrowingParamException(
        f"{argument} must be Unix milliseconds; {value} looks like {unit}, "
        f"did you mean {corrected}?"
    )


def one_of(value: str, allowed: tuple[str, ...], argument: str) -> str:
    """Return ``value`` if it is allowed.

    :raises GrowingParamException: otherwise; the message lists what is allowed.
    """
    if value not in allowed:
        raise GrowingParamException(
            f"{argument} must be one of {', '.join(allowed)}, got {value!r}"
        )
    return value

"""Checks of values against planned attributes.

Many clients send every value as text (protobuf and the Web SDK know nothing else), so a number
may be the text ``"3"`` and a list the text ``"a||b"``.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, Literal, NamedTuple, TypeAlias, cast

from growingio_wire.json_text import LongNumber, as_text, encode
from growingio_wire.plan import Property
from growingio_wire.table import LIST_SEPARATOR

_LONGEST_SHOWN: Final = 60

_INTEGER: Final = re.compile(r"[+-]?[0-9]+")
_NUMBER: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_DATE: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?:[.,][0-9]+)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_MILLISECONDS: Final = re.compile(r"[0-9]{12,13}")

_LONGEST_MATCHED: Final = 1000
"""Characters of a value that are matched with a pattern, which may take time for long values."""

MisfitCode: TypeAlias = Literal["wrong_type", "not_in_enum", "not_in_pattern", "out_of_range"]


class Misfit(NamedTuple):
    """Why a value does not fit; ``part`` is the value, or the element that does not fit."""

    code: MisfitCode
    part: object


def misfit(wanted: Property, value: object) -> Misfit | None:
    """Return the first misfit of a value; others would only repeat it."""
    if wanted.type and not TYPES[wanted.type](value):
        return Misfit("wrong_type", value)
    if wanted.enum or wanted.pattern is not None:
        for part in parts(wanted.type, value):
            if wanted.enum and part not in wanted.enum:
                return Misfit("not_in_enum", part)
            if not wanted.matches(part[:_LONGEST_MATCHED]):
                return Misfit("not_in_pattern", part)
    return None if is_within(wanted.min, wanted.max, value) else Misfit("out_of_range", value)


def is_within(low: float | None, high: float | None, value: object) -> bool:
    """Tell whether a number is within bounds; true for anything else, which the type decides."""
    if (low is None and high is None) or not is_number(value):
        return True
    # Integers of hundreds of digits are compared as they are: no float can hold them.
    number = float(value) if isinstance(value, str) else cast("float", value)
    return (low is None or number >= low) and (high is None or number <= high)


def is_string(value: object) -> bool:
    """Tell whether it is a string."""
    return isinstance(value, str) and not isinstance(value, LongNumber)


def is_integer(value: object) -> bool:
    """Tell whether it is a whole number, also as text."""
    if isinstance(value, float):
        return value.is_integer()
    return _is_number_like(value, int, _INTEGER)


def is_number(value: object) -> bool:
    """Tell whether it is a number, also as text; ``NaN`` is none."""
    return _is_number_like(value, (int, float), _NUMBER)


def _is_number_like(
    value: object, types: type | tuple[type, ...], pattern: re.Pattern[str]
) -> bool:
    if isinstance(value, str):
        return pattern.fullmatch(value) is not None
    return isinstance(value, types) and not isinstance(value, bool)


def is_boolean(value: object) -> bool:
    """Tell whether it is true or false, also as text, as Python (``True``) prints them."""
    if isinstance(value, str):
        return value.lower() in ("true", "false")
    return isinstance(value, bool)


def is_list(value: object) -> bool:
    """Tell whether it is a list, or text: a joined list of one element is plain text."""
    return isinstance(value, list | str)


def is_date(value: object) -> bool:
    """Tell whether it is an ISO date, an ISO date and time, or a time in Unix milliseconds."""
    text = as_text(value)
    found = _DATE.fullmatch(text)
    if not found:
        return _MILLISECONDS.fullmatch(text) is not None
    try:
        datetime.fromisoformat(f"{found[1]}T{found[2] or '00:00'}")
    except ValueError:
        return False
    return True


TYPES: Final[Mapping[str, Callable[[object], bool]]] = {
    "string": is_string,
    "number": is_number,
    "integer": is_integer,
    "boolean": is_boolean,
    "list": is_list,
    "date": is_date,
}


def parts(type_: str | None, value: object) -> list[str]:
    """Return the strings to compare with an enum or pattern: a list's elements, or the value."""
    if isinstance(value, list):
        return [as_text(part) for part in cast("list[object]", value)]
    text = as_text(value)
    return text.split(LIST_SEPARATOR) if type_ == "list" else [text]


def shown(value: object) -> str:
    """Return ``value`` as JSON, shortened for a sentence."""
    text = encode(value).decode()
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"

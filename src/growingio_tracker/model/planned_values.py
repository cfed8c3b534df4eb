"""Values of planned attributes: usual ones, which are accepted quickly, and checks of others."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isfinite
from typing import Final, NamedTuple, cast

from growingio_tracker.core.inputs import USUAL_TYPES, UsualValues
from growingio_wire.plan import Property
from growingio_wire.plan.fitting import misfit
from growingio_wire.said import Said

_MISSING: Final = Said("is missing; the tracking plan requires it", "缺失，但埋点方案要求提供")
_LISTED: Final = 10
_MOST_DIGITS: Final = 30
"""Longest number in an enum that is compared as a number: Python limits digits when parsing."""


def usual(name: str, wanted: Property) -> UsualValues:
    """Return the values that need no further check. Other values may still be valid."""
    allowed = _allowed(wanted)
    if wanted.pattern is not None or (wanted.enum and allowed is None):
        return UsualValues(name, wanted.required, "", None)
    low = -inf if wanted.min is None else wanted.min
    high = inf if wanted.max is None else wanted.max
    is_bounded = (wanted.min is not None) or (wanted.max is not None)
    if is_bounded and wanted.type not in ("integer", "number"):
        return UsualValues(name, wanted.required, "", None)
    return UsualValues(name, wanted.required, wanted.type or "", allowed, is_bounded, low, high)


def _allowed(wanted: Property) -> frozenset[object] | None:
    """Return the values of an enum; ``None`` without one, or if they have several spellings."""
    if wanted.enum and wanted.type == "string":
        return frozenset(wanted.enum)
    if wanted.enum and wanted.type == "integer" and max(map(len, wanted.enum)) <= _MOST_DIGITS:
        numbers = frozenset(int(one) for one in wanted.enum)
        return numbers if {str(one) for one in numbers} == set(wanted.enum) else None
    return None


def is_usual(wanted: UsualValues, value: object) -> bool:
    """Return whether a value needs no further check."""
    if value is None:
        return not wanted.is_required
    if type(value) not in USUAL_TYPES.get(wanted.type, ()):
        return False
    if wanted.allowed is not None and value not in wanted.allowed:
        return False
    if isinstance(value, float) and not isfinite(value):
        return False
    return not wanted.is_bounded or wanted.low <= cast("float", value) <= wanted.high


class Deviation(NamedTuple):
    """Violation of a plan: a code, and words that follow the attribute's name, not the value."""

    code: str
    said: Said


def mistake(wanted: Property, value: object) -> Deviation | None:
    """Return what is wrong with a value as it would be sent, or ``None``."""
    if value is None:
        return Deviation("missing", _MISSING) if wanted.required else None
    found = misfit(wanted, value)
    if found is None:
        return None
    if found.code == "wrong_type":
        got = type(value).__name__
        said = Said(
            f"must be of type {wanted.type}, got {got}",
            f"必须是 {wanted.type} 类型，而不是 {got}",
        )
    elif found.code == "not_in_enum":
        said = one_of(wanted.enum)
    elif found.code == "not_in_pattern":
        pattern = wanted.pattern
        said = Said(f"must match the pattern {pattern}", f"必须匹配正则表达式 {pattern}")
    else:
        said = Said(f"must be within {wanted.range}", f"必须在 {wanted.range} 的范围内")
    return Deviation(found.code, said)


def one_of(values: Sequence[str]) -> Said:
    """Return that a value must be one of those allowed, of which it names at most the first ten."""
    listed = [repr(one) for one in values[:_LISTED]]
    if len(values) > _LISTED:
        listed.append("…")
    return Said(f"must be one of {', '.join(listed)}", f"必须是以下之一：{'、'.join(listed)}")

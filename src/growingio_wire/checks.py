"""Checks of arguments and settings: their types, and numbers of seconds.

:data:`Unpack` is what declares the types of keyword arguments, for all houses.
"""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any, Final, TypeGuard, get_type_hints

import msgspec

from growingio_wire.errors import GrowingParamException, invalid, must_be
from growingio_wire.said import Said

# Frameworks evaluate annotations while a program runs, so the name must exist then, too. It may
# need no package, and import none: typing_extensions is slow to import.
if TYPE_CHECKING:
    from typing_extensions import Unpack as Unpack  # noqa: PLC0414 - exports it
elif sys.version_info >= (3, 11):
    from typing import Unpack
else:

    class Unpack:
        """Substitute on Python 3.10, whose annotations cannot tell keyword arguments apart."""

        def __class_getitem__(cls, keywords):
            """Return what is known of the value of each keyword argument: nothing."""
            return Any


_WRONG_TYPE: Final = "wrong_type"
_SECONDS: Final = Said("a number of seconds", "秒数")
_SECONDS_OR_NONE: Final = Said("a number of seconds or None", "秒数或 None")


def check_fields(settings: object) -> None:
    """Check each field of a dataclass, a Struct or a named tuple by its annotation.

    :raises GrowingParamException: for the first of a wrong type.
    """
    for name, kind in get_type_hints(type(settings)).items():
        try:
            msgspec.convert(getattr(settings, name), kind)
        except msgspec.ValidationError as error:
            raise GrowingParamException(_misfit(name, str(error)), name, code=_WRONG_TYPE) from None


def _misfit(name: str, said: str) -> Said:
    """Return what msgspec says of a value, for example "Expected `int`, got `str`"."""
    wanted, comma, got = said.removeprefix("Expected ").partition(", got ")
    zh = f"应为 {wanted}，而不是 {got}" if comma else f"该值无效（{said}）"
    return Said(f"{name}: {said[0].lower()}{said[1:]}", f"{name}：{zh}")


def check_class(value: object, argument: str, *classes: type) -> None:
    """Check that a value is an instance of one of some classes; a bool is not an int.

    :param argument: the caller's name for it.
    :raises GrowingParamException: if it is not.
    """
    if not isinstance(value, classes) or isinstance(value, bool):
        names = ["None" if one is type(None) else one.__name__ for one in classes]
        wanted = Said(f"of type {' or '.join(names)}", f"以下类型：{'、'.join(names)}")
        raise must_be(wanted, type(value).__name__, argument, code=_WRONG_TYPE)


_LONGEST_S: Final = 1e9
"""Practically unlimited wait that every lock accepts."""


def usable_timeout(value: object, argument: str = "timeout") -> float | None:
    """Return ``value`` as a limit in seconds; ``None`` is no limit.

    Any number is accepted: infinity becomes 31 years, and negative numbers do not wait.

    :raises GrowingParamException: if it is not a number.
    """
    if value is None:
        return None
    if not _is_number(value):
        raise must_be(_SECONDS_OR_NONE, repr(value), argument, code=_WRONG_TYPE)
    return min(value, _LONGEST_S)


def check_seconds(value: object, argument: str, *, above: float | None = None) -> float:
    """Return ``value`` as seconds: a finite number of at least 0, or more than ``above``.

    :raises GrowingParamException: otherwise.
    """
    if not _is_number(value) or abs(value) == math.inf:
        raise must_be(_SECONDS, repr(value), argument, code=_WRONG_TYPE)
    if value < 0 or (above is not None and value <= above):
        bound = "at least 0" if above is None else f"more than {above}"
        bound_zh = "不小于 0" if above is None else f"大于 {above}"
        raise invalid(
            f"{argument} must be {bound} seconds, got {value!r}",
            f"{argument} 必须是{bound_zh} 的秒数，而不是 {value!r}",
            argument,
            code="out_of_range",
            got=value,
        )
    return float(min(value, sys.float_info.max))  # an int may be longer


def _is_number(value: object) -> TypeGuard[int | float]:
    if isinstance(value, float):
        return not math.isnan(value)
    return isinstance(value, int) and not isinstance(value, bool)

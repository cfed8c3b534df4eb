"""Scalars: single values passed by callers, normalized to the form that is sent."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from numbers import Integral, Real
from typing import Any, Final, TypeAlias, TypeGuard, TypeVar, cast
from uuid import UUID

from growingio_tracker.model.losses import UnsendableError
from growingio_wire.said import Said

_T = TypeVar("_T")

Scalar: TypeAlias = str | int | float | bool

_UNKNOWN_TYPE: Final = Said("this type cannot be sent", "该类型无法发送")
_SURROGATES: Final = Said("lone surrogates are not valid text", "孤立的代理项不是有效的字符串")
_TOO_LONG: Final = Said("more digits than can be printed", "位数过多，无法输出")
_NOT_FINITE: Final = Said("not a finite number", "不是有限的数值")
_NOT_A_TIME: Final = Said("not a time", "不是时间")


def is_a(value: object, kind: type[_T]) -> TypeGuard[_T]:
    """Return whether the type of ``value`` is a ``kind``, whatever a proxy's ``__class__`` says."""
    return issubclass(type(value), kind)


def scalar(value: object, path: str) -> Scalar | None:
    """Return a scalar as it is sent; ``None`` if it is not sent.

    :param path: its location, for the error.
    :raises UnsendableError: if it cannot be sent.
    """
    if value is None:
        return None
    if isinstance(value, Enum):
        return scalar(value.value, path)
    for accepted, convert in _SCALARS:
        if issubclass(type(value), accepted):
            return convert(value, path)
    built_in = builtin_of(value)
    if built_in is not value:
        return scalar(built_in, path)
    raise UnsendableError(path, value, _UNKNOWN_TYPE)


# A subclass may answer with anything, so each of these reads the value by its base class's method.


def checked_text(value: str, path: str) -> str:
    """Return a string as an exact str.

    :raises UnsendableError: if it cannot be encoded as UTF-8.
    """
    exact = str.__str__(value)
    if has_surrogates(exact):
        raise UnsendableError(path, value, _SURROGATES)
    return exact


def _printable_int(value: int, path: str) -> int:
    exact = int.__int__(value)
    try:
        str(exact)
    except ValueError:  # Python prints only some thousand digits, and so does the encoder
        raise UnsendableError(path, value, _TOO_LONG) from None
    return exact


def _finite_float(value: float, path: str) -> float:
    exact = float.__float__(value)
    if not math.isfinite(exact):
        raise UnsendableError(path, value, _NOT_FINITE)
    return exact


def _finite_decimal(value: Decimal, path: str) -> str:
    if not Decimal.is_finite(value):
        raise UnsendableError(path, value, _NOT_FINITE)
    return Decimal.__str__(value)


def _iso_date(value: date, path: str) -> str:
    if not is_itself(value):
        raise UnsendableError(path, value, _NOT_A_TIME)
    return checked_text(value.isoformat(), path)


def is_itself(value: object) -> bool:
    """Return ``False`` for pandas' NaT, which is a datetime but, like NaN, not equal to itself."""
    return bool(value == value)  # noqa: PLR0124


def builtin_of(value: object) -> object:
    """Return the built-in value that a library's value represents, or ``value`` if there is none.

    Numbers are recognised by ``numbers.Integral`` and ``numbers.Real``, scalars of array libraries
    by ``item()``, strings and proxies by their behaviour. Exceptions of their methods are passed
    on.
    """
    if _dtype_kind(value) == "m":  # a length of time, which numpy counts among the integers
        return value
    if issubclass(type(value), Integral):
        return int(cast("Integral", value))
    if issubclass(type(value), Real):
        return float(cast("Real", value))
    for read in (_lazy_text, _proxied, _array_scalar):
        found = read(value)
        if type(found) in _BUILT_IN:
            return found
    return value


def text_of(value: object) -> str | None:
    """Return a string, also a lazy one, as an exact str; ``None`` if it is not a string."""
    if is_a(value, str):
        return str.__str__(value)
    found = builtin_of(value)
    return found if type(found) is str else None


def _lazy_text(value: object) -> object:
    """Evaluate an object with the methods of a str, such as a lazy translation or a proxy.

    Mocks have every method, too, but their results differ from those of a string.
    """
    fold = getattr(value, "casefold", None)
    if fold is None or isinstance(value, type):
        return value
    found = str(value)
    return found if fold() == found.casefold() else value


def _proxied(value: object) -> object:
    """Evaluate a proxy, whose ``__class__`` is not its type, as the object behind it."""
    claimed = value.__class__
    if claimed is not type(value):
        for kind, read in _PROXIED.items():
            if issubclass(claimed, kind):
                return read(value)
    return value


def _array_scalar(value: Any) -> object:
    """Evaluate a scalar of numpy, or of a library with the same interface."""
    ndim: object = getattr(value, "ndim", None)
    if type(ndim) is not int or ndim != 0 or not callable(getattr(value, "item", None)):
        return value
    if _dtype_kind(value) == "M":  # for finer units, item() returns an int
        return value.astype("datetime64[us]").item()
    return value.item()


def _dtype_kind(value: object) -> object:
    return getattr(getattr(value, "dtype", None), "kind", None)


def has_surrogates(value: str) -> bool:
    """Return whether ``value`` has lone surrogates, which cannot be encoded as UTF-8."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return True
    return False


_PROXIED: Final[Mapping[type, Callable[[Any], object]]] = {
    type(None): lambda _: None,
    bool: bool,
    int: lambda value: int(str(value)),
    float: lambda value: float(str(value)),
    Decimal: lambda value: Decimal(str(value)),
    UUID: lambda value: UUID(str(value)),
    date: lambda value: value.isoformat(),
}
_BUILT_IN: Final = frozenset(
    {type(None), str, bool, int, float, Decimal, UUID, date, datetime},
)

# bool comes before int, because it is a subclass; date includes datetime.
_SCALARS: Final[tuple[tuple[type, Callable[[Any, str], Scalar]], ...]] = (
    (str, checked_text),
    (bool, lambda value, _: bool(value)),
    (int, _printable_int),
    (float, _finite_float),
    (Decimal, _finite_decimal),
    (UUID, lambda value, _: UUID.__str__(value)),
    (date, _iso_date),
)

"""What a caller may pass, and the one form in which it is sent.

========================  =====================================================================
value                     sent as
========================  =====================================================================
``str``                   itself
``int``, finite ``float`` a number in JSON, its decimal text in protobuf
``bool``                  ``true`` or ``false``
``Decimal``, ``UUID``     its ``str()``
``date``, ``datetime``    its ISO 8601 text
``Enum``                  its value, by these same rules
list, tuple, set          the elements' texts joined by ``||``; ``None`` and ``""`` are left out,
                          sets are sorted so that the text is the same every time
one-level ``dict``        its compact JSON text; ``None`` values are left out
``None``                  nothing: the attribute is left out
========================  =====================================================================

Everything else, NaN, infinities and lone surrogates are *unsendable*: the one attribute is left
out and reported by path and type, never by value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Set
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Final, NamedTuple, TypeAlias, TypeGuard, TypeVar, cast
from uuid import UUID

import msgspec

from growingio_tracker.exceptions import GrowingParamException
from growingio_tracker.wire import LIST_SEPARATOR

_T = TypeVar("_T")

Scalar: TypeAlias = str | int | float | bool
# Not a union of what can be sent: checkers infer dict[str, object] for a dict of several types.
Attributes: TypeAlias = Mapping[str, object]
EventTime: TypeAlias = int | datetime

_AnyMap: TypeAlias = Mapping[Any, object]
_AnyItems: TypeAlias = Iterable[object]

MASK: Final = "***"
"""What stands where a redacted value was."""


class Unsendable(NamedTuple):
    """One attribute that was left out. It holds the path and the type, never the value."""

    path: str
    type_name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path} ({self.type_name}): {self.reason}"


class _UnsendableError(Exception):
    """Carries an :class:`Unsendable` out of the depth of a value."""

    def __init__(self, path: str, value: object, reason: str) -> None:
        self.unsendable = Unsendable(path, type(value).__name__, reason)


def is_a(value: object, kind: type[_T]) -> TypeGuard[_T]:
    """Return whether ``value`` is a ``kind`` by its type, not by what a proxy says of itself."""
    return issubclass(type(value), kind)


def is_plain(attributes: object) -> bool:
    """Return whether ``attributes`` can be encoded as it stands.

    True only for a dict of non-empty keys whose values are exactly str, int, bool or a finite
    float. This runs on every call, so it looks at types and touches nothing; lone surrogates
    show when the text is encoded.
    """
    if type(attributes) is not dict:
        return False
    try:
        for key, value in attributes.items():  # pyright: ignore[reportUnknownVariableType]
            if type(key) is not str or not key:  # pyright: ignore[reportUnknownArgumentType]
                return False
            kind = type(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
            if kind is str or kind is int or kind is bool:
                continue
            # NaN and the infinities are the floats that, taken from themselves, do not leave 0.
            if kind is float and value - value == 0:
                continue
            return False
    except RuntimeError:  # another thread is changing it; normalise works on a copy
        return False
    return True


def normalise(attributes: object, argument: str) -> tuple[dict[str, Scalar], list[Unsendable]]:
    """Return a sendable copy of ``attributes``, and what had to be left out of it.

    :raises GrowingParamException: when it is not a mapping, or a key is not a non-empty str.
    """
    sendable: dict[str, Scalar] = {}
    left_out: list[Unsendable] = []
    for key, value in pairs(attributes, argument):
        name = _key(key, argument)
        path = f"{argument}.{name.encode('utf-8', 'backslashreplace').decode()}"
        try:
            _check_text(name, path)
            sent = _value(value, path)
        except _UnsendableError as error:
            left_out.append(error.unsendable)
        except Exception as error:  # from a method of the caller's own class
            left_out.append(_UnsendableError(path, value, _reading_raised(error)).unsendable)
        else:
            if sent is not None:
                sendable[name] = sent
    return sendable, left_out


def pairs(mapping: object, argument: str) -> list[tuple[Any, Any]]:
    """Return the keys and values of ``mapping``, which another thread may be changing.

    :raises GrowingParamException: when it is not a mapping, or its methods fail.
    """
    try:
        if type(mapping) is dict:
            return list(mapping.copy().items())  # pyright: ignore[reportUnknownArgumentType]
        if isinstance(mapping, Mapping):
            return [(key, value) for key, value in cast(_AnyMap, mapping).items()]
    except Exception as error:
        raise GrowingParamException(f"{argument}: {_reading_raised(error)}") from error
    raise GrowingParamException(
        f"{argument} must be a mapping of names to values, got {type(mapping).__name__}"
    )


def _reading_raised(error: Exception) -> str:
    return f"reading it raised {type(error).__name__}"


def redacted(attributes: object, names: Set[str], argument: str) -> dict[Any, Any]:
    """Return a copy in which the values of ``names`` are masked, also inside one-level maps.

    :raises GrowingParamException: when it is not a mapping that can be read.
    """
    return {
        _key(key, argument): MASK if _key(key, argument) in names else _redacted(value, names)
        for key, value in pairs(attributes, argument)
    }


def _redacted(value: object, names: Set[str]) -> object:
    try:
        if isinstance(value, Enum):
            return _redacted(value.value, names)
        if not isinstance(value, Mapping):
            return value
        return {
            key: MASK if isinstance(key, str) and str.__str__(key) in names else inner
            for key, inner in pairs(cast(_AnyMap, value), "")
        }
    except Exception:  # what cannot be read cannot be searched for names either
        return MASK


def text(value: Scalar) -> str:
    """Return the text of a scalar: the same inside lists and in protobuf."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _key(key: object, argument: str) -> str:
    name = str.__str__(key) if is_a(key, str) else None
    if not name:
        raise GrowingParamException(
            f"{argument} must have non-empty str keys, got a key of type {type(key).__name__}"
            f"{' that is empty' if name == '' else ''}"
        )
    return name


def _value(value: object, path: str) -> Scalar | None:
    if isinstance(value, Enum):
        return _value(value.value, path)
    if isinstance(value, (list, tuple)):
        return LIST_SEPARATOR.join(_elements(cast(_AnyItems, value), path))
    if isinstance(value, (set, frozenset)):
        return LIST_SEPARATOR.join(sorted(_elements(cast(_AnyItems, value), path)))
    if isinstance(value, Mapping):
        return _map_text(cast(_AnyMap, value), path)
    return _scalar(value, path)


def _elements(values: Iterable[object], path: str) -> list[str]:
    scalars = (_scalar(value, f"{path}[{index}]") for index, value in enumerate(values))
    return [text(scalar) for scalar in scalars if scalar is not None and scalar != ""]


def _map_text(value: Mapping[Any, object], path: str) -> str:
    scalars: dict[str, Scalar] = {}
    for key, inner in pairs(value, path):
        if not isinstance(key, str):
            raise _UnsendableError(path, key, "a map must have str keys")
        name = _check_text(key, path)
        scalar = _scalar(inner, f"{path}.{name}")
        if scalar is not None:
            scalars[name] = scalar
    return msgspec.json.encode(scalars).decode()


def _scalar(value: object, path: str) -> Scalar | None:
    if value is None:
        return None
    if isinstance(value, Enum):
        return _scalar(value.value, path)
    for accepted, convert in _SCALARS:
        if isinstance(value, accepted):
            return convert(value, path)
    raise _UnsendableError(path, value, "this type cannot be sent")


# A subclass may answer with anything, so each of these reads the value by its base class's method.


def _check_text(value: str, path: str) -> str:
    exact = str.__str__(value)
    if has_surrogates(exact):
        raise _UnsendableError(path, value, "lone surrogates are not valid text")
    return exact


def _printable_int(value: int, path: str) -> int:
    exact = int.__int__(value)
    try:
        str(exact)
    except ValueError:  # Python prints some thousand digits, and the encoder no more than that
        raise _UnsendableError(path, value, "more digits than can be printed") from None
    return exact


def _finite_float(value: float, path: str) -> float:
    exact = float.__float__(value)
    if not math.isfinite(exact):
        raise _UnsendableError(path, value, "not a finite number")
    return exact


def _finite_decimal(value: Decimal, path: str) -> str:
    if not Decimal.is_finite(value):
        raise _UnsendableError(path, value, "not a finite number")
    return Decimal.__str__(value)


def _iso_date(value: date, path: str) -> str:
    if value != value:  # noqa: PLR0124 - pandas' NaT is a datetime, and like NaN not itself
        raise _UnsendableError(path, value, "not a time")
    return _check_text(value.isoformat(), path)


def has_surrogates(value: str) -> bool:
    """Return whether ``value`` cannot be written as UTF-8."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return True
    return False


# bool stands before int, which it is a kind of; date covers datetime.
_SCALARS: Final[tuple[tuple[type, Callable[[Any, str], Scalar]], ...]] = (
    (str, _check_text),
    (bool, lambda value, _: bool(value)),
    (int, _printable_int),
    (float, _finite_float),
    (Decimal, _finite_decimal),
    (UUID, lambda value, _: UUID.__str__(value)),
    (date, _iso_date),
)

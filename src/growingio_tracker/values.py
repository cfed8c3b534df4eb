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
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Final, NamedTuple, TypeAlias, cast
from uuid import UUID

import msgspec

from growingio_tracker.exceptions import GrowingParamException
from growingio_tracker.wire import LIST_SEPARATOR

Scalar: TypeAlias = str | int | float | bool
ScalarLike: TypeAlias = Scalar | Decimal | UUID | date | Enum | None
AttributeValue: TypeAlias = (
    ScalarLike | Sequence[ScalarLike] | Set[ScalarLike] | Mapping[str, ScalarLike]
)
Attributes: TypeAlias = Mapping[str, AttributeValue]
EventTime: TypeAlias = int | datetime

_AnyMap: TypeAlias = Mapping[Any, object]
_AnyItems: TypeAlias = Iterable[object]

MASK: Final = "***"
"""What stands where a redacted value was."""

# Python refuses to print integers beyond some thousand digits; no float, and so no other SDK's
# number, is larger than this.
_MAX_INT_BITS: Final = 1024


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


def is_plain(attributes: object) -> bool:
    """Return whether ``attributes`` can be encoded as it stands.

    True only for a dict of non-empty keys whose values are exactly str, int, bool or a finite
    float. This runs on every call, so it looks at types and touches nothing; lone surrogates
    show when the text is encoded.
    """
    if type(attributes) is not dict:
        return False
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
    return True


def normalise(attributes: object, argument: str) -> tuple[dict[str, Scalar], list[Unsendable]]:
    """Return a sendable copy of ``attributes``, and what had to be left out of it.

    :raises GrowingParamException: when it is not a mapping, or a key is not a non-empty str.
    """
    sendable: dict[str, Scalar] = {}
    left_out: list[Unsendable] = []
    for key, value in _mapping(attributes, argument).items():
        path = f"{argument}.{_key(key, argument)}"
        try:
            _check_text(key, path)
            sent = _value(value, path)
        except _UnsendableError as error:
            left_out.append(error.unsendable)
        else:
            if sent is not None:
                sendable[key] = sent
    return sendable, left_out


def redacted(attributes: Mapping[str, Any], names: Set[str]) -> dict[str, Any]:
    """Return a copy in which the values of ``names`` are masked, also inside one-level maps."""
    return {
        key: MASK if key in names else _redacted(value, names) for key, value in attributes.items()
    }


def _redacted(value: object, names: Set[str]) -> object:
    return redacted(cast(_AnyMap, value), names) if isinstance(value, Mapping) else value


def text(value: Scalar) -> str:
    """Return the text of a scalar: the same inside lists and in protobuf."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _mapping(attributes: object, argument: str) -> Mapping[Any, object]:
    if not isinstance(attributes, Mapping):
        raise GrowingParamException(
            f"{argument} must be a mapping of names to values, got {type(attributes).__name__}"
        )
    return cast(_AnyMap, attributes)


def _key(key: object, argument: str) -> str:
    if not isinstance(key, str) or not key:
        raise GrowingParamException(
            f"{argument} must have non-empty str keys, got a key of type {type(key).__name__}"
            f"{' that is empty' if key == '' else ''}"
        )
    return key.encode("utf-8", "backslashreplace").decode()


def _value(value: object, path: str) -> Scalar | None:
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
    for key in value:
        if not isinstance(key, str):
            raise _UnsendableError(path, key, "a map must have str keys")
        _check_text(key, path)
    scalars = {key: _scalar(inner, f"{path}.{key}") for key, inner in value.items()}
    return msgspec.json.encode({k: v for k, v in scalars.items() if v is not None}).decode()


def _scalar(value: object, path: str) -> Scalar | None:
    if value is None:
        return None
    if isinstance(value, Enum):
        return _scalar(value.value, path)
    for accepted, convert in _SCALARS:
        if isinstance(value, accepted):
            return convert(value, path)
    raise _UnsendableError(path, value, "this type cannot be sent")


def _check_text(value: str, path: str) -> str:
    if has_surrogates(value):
        raise _UnsendableError(path, value, "lone surrogates are not valid text")
    return str.__str__(value)


def _bounded_int(value: int, path: str) -> int:
    if value.bit_length() > _MAX_INT_BITS:
        raise _UnsendableError(path, value, "more digits than a number can have")
    return int(value)


def _finite_float(value: float, path: str) -> float:
    if not math.isfinite(value):
        raise _UnsendableError(path, value, "not a finite number")
    return float(value)


def _finite_decimal(value: Decimal, path: str) -> str:
    if not value.is_finite():
        raise _UnsendableError(path, value, "not a finite number")
    return str(value)


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
    (int, _bounded_int),
    (float, _finite_float),
    (Decimal, _finite_decimal),
    (UUID, lambda value, _: str(value)),
    (date, lambda value, _: str(value.isoformat())),
)

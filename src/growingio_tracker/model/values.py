"""Attribute values passed by callers, normalized to the form that is sent.

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

Values of libraries, such as scalars of numpy and pandas and lazy translations, are sent as the
built-in values that they represent; see :func:`~growingio_tracker.model.scalars.builtin_of`.
Everything else, NaN, infinities and lone surrogates are *unsendable*: that attribute is left out,
and reported by path and type, never by value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import Enum
from typing import Any, Final, TypeAlias, cast

import msgspec

from growingio_tracker.core import is_plain
from growingio_tracker.model.arguments import UNREADABLE, WRONG_TYPE
from growingio_tracker.model.losses import LeftOut, Unsendable, UnsendableError
from growingio_tracker.model.scalars import Scalar, checked_text, scalar, text_of
from growingio_wire.errors import invalid, must_be
from growingio_wire.said import Said
from growingio_wire.table import LIST_SEPARATOR, text

# Not a union of what can be sent: checkers infer dict[str, object] for a dict of several types.
Attributes: TypeAlias = Mapping[str, object]
EventTime: TypeAlias = int | datetime

_AnyMap: TypeAlias = Mapping[Any, object]
_AnyItems: TypeAlias = Iterable[object]

_MAPPING: Final = Said("a mapping of names to values", "名称到值的映射")
_NO_TEXT_KEY: Final = Said("a map must have str keys", "映射的键必须是字符串")


def sendable(
    attributes: Mapping[str, Any] | None, argument: str
) -> tuple[Mapping[str, Any] | None, LeftOut]:
    """Return the sendable part of ``attributes``, as a copy if anything had to change."""
    if attributes is None or is_plain(attributes):
        return attributes, ()
    copied, left_out = normalise(attributes, argument)
    return copied, tuple(left_out)


def normalise(attributes: object, argument: str) -> tuple[dict[str, Scalar], list[Unsendable]]:
    """Return a sendable copy of ``attributes``, and what was left out.

    :raises GrowingParamException: if it is not a mapping, or a key is not a non-empty str.
    """
    sendable: dict[str, Scalar] = {}
    left_out: list[Unsendable] = []
    for key, value in pairs(attributes, argument):
        name = checked_key(key, argument)
        path = f"{argument}.{name.encode('utf-8', 'backslashreplace').decode()}"
        try:
            checked_text(name, path)
            sent = _value(value, path)
        except UnsendableError as error:
            left_out.append(error.unsendable)
        except Exception as error:  # from a method of the caller's own class
            left_out.append(UnsendableError(path, value, _reading_raised(error)).unsendable)
        else:
            if sent is not None:
                sendable[name] = sent
    return sendable, left_out


def pairs(mapping: object, argument: str) -> list[tuple[Any, Any]]:
    """Return the keys and values of ``mapping``, even if another thread is changing it.

    :raises GrowingParamException: if it is not a mapping, or its methods fail.
    """
    try:
        if type(mapping) is dict:
            return list(mapping.copy().items())  # pyright: ignore[reportUnknownArgumentType]
        if isinstance(mapping, Mapping):
            return [(key, value) for key, value in cast(_AnyMap, mapping).items()]
    except Exception as error:
        why = _reading_raised(error)
        raise invalid(
            f"{argument}: {why.en}", f"{argument}：{why.zh}", argument, code=UNREADABLE
        ) from error
    raise must_be(_MAPPING, type(mapping).__name__, argument, code=WRONG_TYPE)


def _reading_raised(error: Exception) -> Said:
    raised = type(error).__name__
    return Said(f"reading it raised {raised}", f"读取时引发了 {raised}")


def checked_key(key: object, argument: str) -> str:
    """Return the name of an attribute as an exact str.

    :raises GrowingParamException: if it is not a str, or empty.
    """
    name = text_of(key)
    if not name:
        got, is_empty = type(key).__name__, name == ""
        raise invalid(
            f"{argument} must have non-empty str keys, got a key of type {got}"
            f"{' that is empty' if is_empty else ''}",
            f"{argument} 的键必须是非空字符串，而有一个{'空的 ' if is_empty else ' '}{got} 键",
            argument,
            code=WRONG_TYPE,
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
    return scalar(value, path)


def _elements(values: Iterable[object], path: str) -> list[str]:
    forms = (scalar(value, f"{path}[{index}]") for index, value in enumerate(values))
    return [text(form) for form in forms if form is not None and form != ""]


def _map_text(value: Mapping[Any, object], path: str) -> str:
    scalars: dict[str, Scalar] = {}
    for key, inner in pairs(value, path):
        if not isinstance(key, str):
            raise UnsendableError(path, key, _NO_TEXT_KEY)
        name = checked_text(key, path)
        form = scalar(inner, f"{path}.{name}")
        if form is not None:
            scalars[name] = form
    return msgspec.json.encode(scalars).decode()

"""Reader of messages as JSON text, which accepts any text and preserves every number.

Messages are kept as they were written, so that ``1.0``, ``1e2`` and 20 digits are shown and copied
unchanged. Python values are parsed here on demand; text that is invalid, nested too deeply, or
damaged in the file has none.
"""

import json
import re
from collections.abc import Callable
from typing import Any, Final, TypeAlias, cast

import msgspec

_TYPES: Final = {
    b"[": "array",
    b"{": "object",
    b'"': "string",
    b"t": "boolean",
    b"f": "boolean",
    b"n": "null",
}
_FRACTION: Final = (b".", b"e", b"E")
_NEITHER_VALUE_NOR_STOP: Final = (msgspec.MsgspecError, ValueError, RecursionError)
_ESCAPED: Final = re.compile(r"(?:\\u[0-9a-fA-F]{4})+")

Text: TypeAlias = str | bytes | msgspec.Raw


class LongNumber(str):
    """A number that Python cannot hold, such as ``1e999`` or one of 5,000 digits, as written."""

    __slots__ = ()


class Pairs(list[tuple[str, object]]):
    """The members of an object in order, including repeated names."""


class WrittenNumber(str):
    """A number as it was written."""

    __slots__ = ()


def verbatim_decoder(parse_constant: Callable[[str], object] | None = None) -> json.JSONDecoder:
    """Return a decoder that makes :class:`Pairs` of objects and :class:`WrittenNumber` of numbers.

    :param parse_constant: makes a value of ``NaN``, ``Infinity`` and ``-Infinity``.
    """
    return json.JSONDecoder(
        object_pairs_hook=Pairs,
        parse_int=WrittenNumber,
        parse_float=WrittenNumber,
        parse_constant=parse_constant,
    )


def _read(text: Text) -> object:
    """Return the Python value of ``text``; None if it has none."""
    try:
        return msgspec.json.decode(text)
    except msgspec.ValidationError:
        return _read_long_numbers(text if isinstance(text, str) else bytes(text))
    except _NEITHER_VALUE_NOR_STOP:
        return None


def _read_long_numbers(text: str | bytes) -> object:
    try:
        return json.loads(text, parse_int=_integer, parse_float=_float)
    except _NEITHER_VALUE_NOR_STOP:
        return None


def _integer(digits: str) -> int | LongNumber:
    try:
        return int(digits)
    except ValueError:  # more digits than Python converts
        return LongNumber(digits)


def _float(digits: str) -> float | LongNumber:
    number = float(digits)
    return LongNumber(digits) if abs(number) == float("inf") else number


def as_object(value: object) -> dict[str, Any] | None:
    """Return ``value``, decoded JSON, if it is an object, and None if not."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def read_object(text: Text) -> dict[str, Any] | None:
    """Return the object in ``text``; None if it is not an object, or not JSON."""
    return as_object(_read(text))


def is_json(text: Text) -> bool:
    """Return whether ``text`` is one JSON value, with numbers of any size."""
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except _NEITHER_VALUE_NOR_STOP:
        return False
    return True


def stored_json(text: str | None) -> msgspec.Raw:
    """Return the JSON to show for a stored ``text``; damaged text is shown as a string."""
    if text is None:
        return msgspec.Raw(b"null")
    return msgspec.Raw(text if is_json(text) else json.dumps(text))


def type_of(text: bytes) -> str:
    """Return the JSON type of ``text``, which is one well-formed value without white space before.

    It is one of the names in the collector's ``rules.issue``.
    """
    by_start = _TYPES.get(text[:1])
    if by_start:
        return by_start
    return "number" if any(mark in text for mark in _FRACTION) else "integer"


class _OpenParts(msgspec.Struct):
    attributes: msgspec.Raw = msgspec.Raw()
    identifies: msgspec.Raw = msgspec.Raw()


_parts: Final = msgspec.json.Decoder(_OpenParts)
_elements: Final = msgspec.json.Decoder(list[msgspec.Raw])
_members: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def read_attributes(text: Text | None) -> dict[str, Any] | None:
    """Return the attributes of a message's JSON text, empty when it has none.

    None when they, or the message, cannot be read as an object.
    """
    return _read_part(text, "attributes")


def read_identities(text: Text | None) -> dict[str, Any] | None:
    """Return the identities of a mapping's JSON text, as for ``read_attributes``."""
    return _read_part(text, "identifies")


def _read_part(text: Text | None, name: str) -> dict[str, Any] | None:
    if not text:
        return None
    try:
        part: msgspec.Raw = getattr(_parts.decode(text), name)
    except _NEITHER_VALUE_NOR_STOP:
        return None
    return {} if bytes(part) in (b"", b"null") else read_object(part)


def written_attributes(text: Text | None) -> dict[str, msgspec.Raw]:
    """Return a message's attributes, or a mapping's identities, each value as it was written.

    Empty when there are none.
    """
    try:
        parts = _parts.decode(text or "null")
    except _NEITHER_VALUE_NOR_STOP:
        return {}
    return written_members(parts.attributes) or written_members(parts.identifies)


def written_members(text: Text) -> dict[str, msgspec.Raw]:
    """Return the members of the object in ``text`` as they were written; none for anything else."""
    try:
        return _members.decode(text)
    except _NEITHER_VALUE_NOR_STOP:
        return {}


def written_elements(text: Text) -> list[msgspec.Raw]:
    """Return the elements of the array in ``text`` as they were written; none for anything else."""
    try:
        return _elements.decode(text)
    except _NEITHER_VALUE_NOR_STOP:
        return []


def as_text(value: object) -> str:
    """Return a JSON value as text, to compare and show it: strings as they are, all else as JSON.

    :param value: a Python value, or JSON text.
    """
    if isinstance(value, str):
        return str(value)
    if isinstance(value, msgspec.Raw):
        return _written_as_text(bytes(value))
    return encode(value).decode()


def _written_as_text(text: bytes) -> str:
    if text[:1] == b'"':
        return cast("str", msgspec.json.decode(text))
    return compact(text).decode() if text[:1] in b"[{" else text.decode()


def compact(text: bytes) -> bytes:
    """Return JSON without white space between its values, which stay as they were written."""
    try:
        return msgspec.json.format(text, indent=-1)
    except _NEITHER_VALUE_NOR_STOP:
        return text


def _encoded(value: object) -> msgspec.Raw:
    if isinstance(value, LongNumber):
        return msgspec.Raw(str(value))
    raise TypeError(f"JSON has no {type(value).__name__}")


encode: Final[Callable[[object], bytes]] = msgspec.json.Encoder(enc_hook=_encoded).encode
"""Encodes any Python value that this module returns."""


def attribute_is(text: str | None, key: str, wanted: str) -> bool:
    """Tell whether the message has an attribute ``key`` that reads ``wanted``.

    Numbers are equal if they are written alike, or the way Python writes them.
    """
    found = written_attributes(text).get(key)
    if found is None:
        return False
    return as_text(found) == wanted or as_text(_read(found)) == wanted


def mentions(text: str | None, wanted: str) -> bool:
    r"""Tell whether the message contains ``wanted`` in any case, with ``\uXXXX`` decoded."""
    text, wanted = text or "", wanted.casefold()
    if wanted in text.casefold():
        return True
    return "\\" in text and wanted in _ESCAPED.sub(_unescaped, text).casefold()


def _unescaped(found: re.Match[str]) -> str:
    return cast("str", json.loads(f'"{found[0]}"'))

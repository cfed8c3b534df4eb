"""JSON bodies, split into messages that keep their original text."""

import codecs
import json
import re
from collections.abc import Iterator
from typing import Final, NoReturn

import msgspec

from growingio_collector.decode.json_repair import repair
from growingio_collector.rules.bodies import (
    MAX_COMMAS,
    MAX_DEPTH,
    MAX_EVENTS,
    MAX_REPAIRED_BYTES,
    MAX_VALUES,
    TOO_DEEP,
    TOO_MANY_VALUES,
)
from growingio_collector.rules.checked import DecodedMessage
from growingio_wire.errors import DecodeError
from growingio_wire.json_text import type_of

_ARRAY = msgspec.json.Decoder(list[msgspec.Raw])

_WHITE: Final = b" \t\r\n"
_WHITE_TEXT: Final = _WHITE.decode()
_WORDS: Final = ("true", "false", "null")
_PIECE_BYTES: Final = 200_000
_INNERMOST = re.compile(rb"\[,*\]")
_AS_SQUARE = bytes.maketrans(b"{}", b"[]")
_NOT_OUTLINE = bytes(set(range(256)) - set(b"[],"))


def looks_like_json(body: bytes) -> bool:
    """Tell whether ``body`` begins with an array or an object."""
    return body.lstrip(_WHITE)[:1] in (b"[", b"{")


def looks_like_text(body: bytes) -> bool:
    """Tell whether ``body`` begins with a printable character or a byte order mark."""
    return body.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or (
        body[:1].isascii() and body[:1].decode().isprintable()
    )


def too_many(count: int) -> DecodeError:
    """Return the error for a body of ``count`` messages."""
    return DecodeError("too_many_events", count=count, most=MAX_EVENTS)


def read_json(body: bytes) -> list[DecodedMessage]:
    """Return the messages of ``body``, a JSON array.

    :raises DecodeError: if it is not JSON, not an array, or holds too many messages.
    """
    text = _utf8(body)
    _count_before_reading(body)
    try:
        elements = _ARRAY.decode(body)
    except msgspec.ValidationError:
        raise DecodeError("not_an_array", got=type_of(body.lstrip(_WHITE))) from None
    except msgspec.DecodeError:
        return _repaired(text)
    except RecursionError:
        raise DecodeError("too_deep", most=MAX_DEPTH) from None
    if not elements:
        raise DecodeError("no_messages")
    if len(elements) > MAX_EVENTS:
        raise too_many(len(elements))
    return [_message(element) for element in elements]


def _utf8(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        at = error.start
        raise DecodeError("not_json", at, detail="not_utf8", at=at) from None


def _count_before_reading(body: bytes) -> None:
    if body.count(b",") <= MAX_COMMAS:
        return
    count = count_elements(body, MAX_DEPTH + 1)
    if count is None:
        raise DecodeError("not_json", detail="unmatched_brackets")
    if count > MAX_EVENTS:
        raise too_many(count)


def _message(element: msgspec.Raw) -> DecodedMessage:
    text = bytes(element)
    if len(text) > MAX_VALUES and text.count(b",") > MAX_VALUES:
        return DecodedMessage(None, (TOO_MANY_VALUES.issue(most=MAX_VALUES),))
    if deeper_than(MAX_DEPTH, text):
        return DecodedMessage(None, (TOO_DEEP.issue(most=MAX_DEPTH),))
    return DecodedMessage(text)


def _repaired(text: str) -> list[DecodedMessage]:
    messages = repair(text) if len(text) <= MAX_REPAIRED_BYTES else None
    if messages is None:
        raise _not_json(text)
    if len(messages) > MAX_EVENTS:
        raise too_many(len(messages))
    return messages


class _ConstantError(Exception):
    """A constant that JSON does not have; its name is the argument."""


def _refuse(constant: str) -> NoReturn:
    raise _ConstantError(constant)


def _nothing(_digits: str) -> None:
    """Build no number: some have more digits than Python converts."""


_LOCATING: Final = json.JSONDecoder(
    parse_constant=_refuse, parse_int=_nothing, parse_float=_nothing
)
"""Locates the error in invalid JSON, which msgspec only describes in words."""


def _not_json(text: str) -> DecodeError:
    """Return why and where ``text``, which msgspec rejects, is not JSON."""
    if text.count(",") > MAX_COMMAS:
        return DecodeError("not_json", detail="too_long")
    start = len(text) - len(text.lstrip(_WHITE_TEXT))
    try:
        _, end = _LOCATING.raw_decode(text, start)
    except json.JSONDecodeError as error:
        return _broken(text, error.pos)
    except _ConstantError as error:
        return DecodeError("not_json", detail="constant", shown=str(error))
    except RecursionError:
        return DecodeError("too_deep", most=MAX_DEPTH)
    rest = text[end:].lstrip(_WHITE_TEXT)
    if rest:
        return _at(text, len(text) - len(rest), "trailing")
    # The only input that one parser accepts and the other rejects.
    return DecodeError("not_json", detail="half_character")


def _broken(text: str, position: int) -> DecodeError:
    if _is_cut_off(text[position:]):
        return DecodeError("not_json", len(text.encode()), detail="truncated")
    return _at(text, position, "invalid")


def _is_cut_off(rest: str) -> bool:
    if not rest or any(word.startswith(rest) for word in _WORDS):
        return True
    return rest[0] == '"' and '"' not in _without_escapes(rest[1:])


def _without_escapes(text: str) -> str:
    """Return ``text`` without escaped quotes; the remaining ones end strings."""
    return text.replace("\\\\", "").replace('\\"', "")


def _at(text: str, position: int, detail: str) -> DecodeError:
    offset = len(text[:position].encode())
    return DecodeError("not_json", offset, detail=detail, at=offset)


def _outline(text: bytes) -> bytes:
    r"""Return only the brackets (all as square ones) and commas of ``text``.

    Removing ``\\`` and then ``\"`` leaves quotes that can only be the ends of strings.
    """
    bare = text.replace(b"\\\\", b"").replace(b'\\"', b"")
    return b"".join(_outside_strings(bare)).translate(_AS_SQUARE).translate(None, _NOT_OUTLINE)


def _outside_strings(bare: bytes) -> Iterator[bytes]:
    """Yield what is between strings, in pieces, so that other threads get their turn."""
    is_inside = False
    for start in range(0, len(bare), _PIECE_BYTES):
        parts = bare[start : start + _PIECE_BYTES].split(b'"')
        yield from parts[is_inside::2]
        is_inside ^= len(parts) % 2 == 0


def deeper_than(limit: int, text: bytes) -> bool:
    """Tell whether well-formed JSON is nested deeper than ``limit`` levels."""
    if text.count(b"[") + text.count(b"{") <= limit:
        return False
    outline = _outline(text)
    for _ in range(limit):
        if not outline:
            return False
        outline = _INNERMOST.sub(b"", outline)
    return b"[" in outline


def count_elements(text: bytes, max_depth: int) -> int | None:
    """Return about how many elements the outermost array has: exact, but 1 for an empty one.

    None when the brackets do not match or are deeper than ``max_depth``.
    """
    inside = _outline(text)[1:-1]
    for _ in range(max_depth):
        inside, changed = _INNERMOST.subn(b"", inside)
        if not changed:
            break
    return None if b"[" in inside or b"]" in inside else inside.count(b",") + 1

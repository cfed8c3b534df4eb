"""A JSON array of messages. The messages stay the text they are: nothing is built but slices."""

import codecs
import re

import msgspec

from growingio_tracker.collector.decode.errors import DecodeError
from growingio_tracker.collector.decode.json_repair import repair
from growingio_tracker.collector.decode.json_shape import count_elements, deeper_than
from growingio_tracker.collector.decode.limits import (
    MAX_COMMAS,
    MAX_DEPTH,
    MAX_EVENTS,
    MAX_REPAIRED_BYTES,
)
from growingio_tracker.collector.decode.message import Message
from growingio_tracker.collector.problems.problem import Problem

_ARRAY = msgspec.json.Decoder(list[msgspec.Raw])

_PLACE = re.compile(r"byte (\d+)")
"""Where msgspec stopped; it names no place when the text ends too early."""

_TOO_DEEP = Problem("too_deep", values={"most": MAX_DEPTH})


def looks_like_json(body: bytes) -> bool:
    """Tell whether the first thing in ``body`` is an array or an object."""
    return body.lstrip(b" \t\r\n")[:1] in (b"[", b"{")


def looks_like_text(body: bytes) -> bool:
    """Tell whether ``body`` begins with a printable character or a byte order mark."""
    return body.startswith(codecs.BOM_UTF8) or (
        body[:1].isascii() and body[:1].decode().isprintable()
    )


def too_many(count: int) -> DecodeError:
    """Return the error for a body of ``count`` messages."""
    return DecodeError("too_many_events", count=count, most=MAX_EVENTS)


def read_json(body: bytes) -> list[Message]:
    """Return the messages of ``body``, a JSON array.

    :raises DecodeError: when it is not JSON, not an array, or holds too many messages.
    """
    text = _utf8(body)
    _count_before_reading(body)
    try:
        elements = _ARRAY.decode(body)
    except msgspec.ValidationError as error:
        raise DecodeError("not_an_array", detail=str(error)) from None
    except msgspec.DecodeError as error:
        return _repaired(text, error)
    except RecursionError:
        raise DecodeError("too_deep", most=MAX_DEPTH) from None
    if len(elements) > MAX_EVENTS:
        raise too_many(len(elements))
    return [_message(element) for element in elements]


def _utf8(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        detail = f"it is not UTF-8 at byte {error.start}"
        raise DecodeError("not_json", offset=error.start, detail=detail) from None


def _count_before_reading(body: bytes) -> None:
    if body.count(b",") <= MAX_COMMAS:
        return
    count = count_elements(body, MAX_DEPTH + 1)
    if count is None:
        raise DecodeError("not_json", detail="its brackets do not match")
    if count > MAX_EVENTS:
        raise too_many(count)


def _message(element: msgspec.Raw) -> Message:
    text = bytes(element)
    return Message(None, (_TOO_DEEP,)) if deeper_than(MAX_DEPTH, text) else Message(text)


def _repaired(text: str, error: msgspec.DecodeError) -> list[Message]:
    messages = repair(text) if len(text) <= MAX_REPAIRED_BYTES else None
    if messages is None:
        place = _PLACE.search(str(error))
        offset = int(place[1]) if place else len(text.encode())
        raise DecodeError("not_json", offset=offset, detail=str(error))
    if len(messages) > MAX_EVENTS:
        raise too_many(len(messages))
    return messages

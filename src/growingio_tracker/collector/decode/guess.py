"""Other ways to read a body that cannot be read as it is declared.

Every way is tried on the first bytes; only what begins like a list of messages is read whole, and
only a whole list of messages counts. Random bytes therefore cost little and prove nothing.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from growingio_tracker.collector.decode.codings import (
    BEGINNING,
    CODINGS,
    LZ4,
    PLAIN,
    SNAPPY,
    Coding,
)
from growingio_tracker.collector.decode.errors import DecodeError
from growingio_tracker.collector.decode.parse import Parsed, parse
from growingio_tracker.collector.decode.xor import unmask
from growingio_tracker.wire import SCHEMAS, Kind

_LENGTH_DELIMITED: Final = 2
_WHITE: Final = b" \t\r\n"

_TELLING: Final = tuple(
    f'"{name}":'.encode()
    for name in ("dataSourceId", "projectKey", "timestamp", "key", "identifies")
)
"""Bytes that protobuf happens to take for a message rarely have one of these."""


class Reading(NamedTuple):
    """A way that works: the compression, the plain bytes and what they hold."""

    coding: Coding
    content: bytes
    parsed: Parsed

    @property
    def form(self) -> str:
        """The way in words that need no translation: ``"snappy, json"``."""
        names = (self.coding.name,) if self.coding is not PLAIN else ()
        return ", ".join((*names, self.parsed.format))


class KeyReading(NamedTuple):
    """A way that works after XOR with ``key``; 0 means without XOR."""

    key: int
    reading: Reading


def begins_like_messages(kind: Kind, start: bytes) -> bool:
    """Tell whether ``start`` may be the beginning of a list of messages, as JSON or protobuf."""
    text = start.lstrip(_WHITE)
    if text[:1] == b"[" and text[1:].lstrip(_WHITE)[:1] == b"{":
        return True
    return start[:1] == bytes([SCHEMAS[kind].list_number << 3 | _LENGTH_DELIMITED])


def _read(kind: Kind, coding: Coding, body: bytes) -> Reading | None:
    try:
        content = coding.decode(body)
        parsed = parse(kind, None, content)
    except DecodeError:
        return None
    return Reading(coding, content, parsed) if _convincing(parsed) else None


def _convincing(parsed: Parsed) -> bool:
    texts = [message.text or b"" for message in parsed.messages]
    if parsed.format == "json":
        return all(text.startswith(b"{") for text in texts)
    return all(any(name in text for name in _TELLING) for text in texts)


def find_coding(kind: Kind, body: bytes, declared: Coding | None) -> Reading | None:
    """Return how ``body`` can be read with another compression than ``declared``, if it can."""
    for coding in CODINGS:
        if coding is declared:
            continue
        if begins_like_messages(kind, coding.start(body[:BEGINNING])):
            reading = _read(kind, coding, body)
            if reading:
                return reading
    return None


def find_key(kind: Kind, body: bytes, declared: Coding | None) -> KeyReading | None:
    """Return the key with which ``body`` can be read, if there is one.

    There are only 256. ``declared`` is tried first, and then what is sent encrypted.
    """
    first = () if declared is None else (declared,)
    for coding in dict.fromkeys((*first, PLAIN, SNAPPY, LZ4)):
        for key in _promising_keys(kind, body[:BEGINNING], coding):
            reading = _read(kind, coding, unmask(body, key))
            if reading:
                return KeyReading(key, reading)
    return None


def _promising_keys(kind: Kind, beginning: bytes, coding: Coding) -> Iterable[int]:
    return (
        key
        for key in range(256)
        if begins_like_messages(kind, coding.start(unmask(beginning, key)))
    )

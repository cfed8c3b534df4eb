"""Guesses at how to read a body that does not match its declared encoding.

Every decoding is tried on the first bytes. Only a body that begins like a list of messages is read
completely, and only a complete list counts. Random bytes therefore cost little and match nothing.
"""

import zlib
from collections.abc import Iterable
from contextlib import suppress
from typing import Final, NamedTuple

from growingio_collector.decode.codings import (
    BEGINNING,
    CODINGS,
    LZ4,
    PLAIN,
    SNAPPY,
    Coding,
    Envelope,
    known_coding,
)
from growingio_collector.decode.parsing import Parsed, parse
from growingio_collector.rules.compression import FOREIGN_COMPRESSION
from growingio_collector.rules.encryption import (
    ENCRYPTED_UNDECLARED,
    KEY_NOT_GIVEN,
    NOT_ENCRYPTED,
    WRONG_KEY,
)
from growingio_collector.rules.issue import Issue
from growingio_wire.errors import DecodeError
from growingio_wire.protobuf_fields import LENGTH
from growingio_wire.table import SCHEMAS, Kind
from growingio_wire.xor import CODEC, key_of, xor

_PUZZLING: Final = frozenset(
    {
        "no_messages",
        "not_json",
        "not_lz4",
        "not_lz_string",
        "not_protobuf",
        "not_snappy",
        "too_large_decoded",
        "unknown_codec",
        "wrong_list_field",
        "xor_key_not_a_number",
        "xor_without_key",
    }
)
"""Codes that a wrong declaration may have caused."""

_MAGIC: Final = {
    b"\xff\x06\x00\x00sNaPpY": "snappy (framed)",
    b"\x04\x22\x4d\x18": "LZ4 (frame)",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\x1f\x8b\x08": "gzip",
}

_TRIED: Final = 1000
"""Bytes to try zlib on, whose magic number is too short to tell."""

_ENOUGH: Final = 100

_WHITE: Final = b" \t\r\n"

_TELLING: Final = tuple(
    f'"{name}":'.encode()
    for name in ("dataSourceId", "projectKey", "timestamp", "key", "identifies")
)
"""Bytes that happen to be valid protobuf rarely contain one of these."""


class Reading(NamedTuple):
    """A successful attempt: the compression, the plain bytes and their messages."""

    coding: Coding
    content: bytes
    parsed: Parsed

    @property
    def form(self) -> str:
        """The attempt in words that need no translation: ``"snappy, json"``."""
        names = (self.coding.name,) if self.coding is not PLAIN else ()
        return ", ".join((*names, self.parsed.format))


class KeyReading(NamedTuple):
    """A successful attempt after XOR with ``key``; 0 means without XOR."""

    key: int
    reading: Reading


def begins_like_messages(kind: Kind, start: bytes) -> bool:
    """Tell whether a list of messages, as JSON or protobuf, may begin with ``start``."""
    text = start.lstrip(_WHITE)
    if text[:1] == b"[" and text[1:].lstrip(_WHITE)[:1] == b"{":
        return True
    return start[:1] == bytes([SCHEMAS[kind].list_number << 3 | LENGTH])


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
    """Read ``body`` with another compression than ``declared``; None if none works."""
    for coding in CODINGS:
        if coding is declared:
            continue
        if begins_like_messages(kind, coding.start(body[:BEGINNING])):
            reading = _read(kind, coding, body)
            if reading:
                return reading
    return None


def find_key(kind: Kind, body: bytes, declared: Coding | None) -> KeyReading | None:
    """Find the key that decrypts ``body``; None if there is none.

    There are only 256 keys. ``declared`` is tried first, then the usual compressions.
    """
    first = () if declared is None else (declared,)
    for coding in dict.fromkeys((*first, PLAIN, SNAPPY, LZ4)):
        for key in _promising_keys(kind, body[:BEGINNING], coding):
            reading = _read(kind, coding, xor(body, key))
            if reading:
                return KeyReading(key, reading)
    return None


def _promising_keys(kind: Kind, beginning: bytes, coding: Coding) -> Iterable[int]:
    return (
        key for key in range(256) if begins_like_messages(kind, coding.start(xor(beginning, key)))
    )


def is_puzzling(error: DecodeError) -> bool:
    """Tell whether it makes sense to try other encodings."""
    return error.code in _PUZZLING


def diagnose(kind: Kind, envelope: Envelope, body: bytes) -> Issue | None:
    """Return what is actually wrong with ``body``; None if no attempt succeeds."""
    foreign = _foreign(envelope, body)
    if foreign:
        return FOREIGN_COMPRESSION.issue(found=foreign)
    found = find_key(kind, body, known_coding(envelope))
    return _about_key(envelope, found) if found else None


def _foreign(envelope: Envelope, body: bytes) -> str | None:
    found = _foreign_compression(body)
    if found or envelope.crypt != CODEC:
        return found
    with suppress(DecodeError):
        return _foreign_compression(xor(body, key_of(envelope.stm, envelope.x_timestamp).byte))
    return None


def _about_key(envelope: Envelope, found: KeyReading) -> Issue | None:
    form = found.reading.form
    if found.key == 0:
        return NOT_ENCRYPTED.issue(form=form)
    good = f"0x{found.key:02x}"
    if envelope.crypt != CODEC:
        return ENCRYPTED_UNDECLARED.issue(good=good, form=form)
    try:
        given = key_of(envelope.stm, envelope.x_timestamp)
    except DecodeError:
        return KEY_NOT_GIVEN.issue(good=good, form=form)
    return WRONG_KEY.issue(given=f"0x{given.byte:02x}", source=given.source, good=good, form=form)


def _foreign_compression(body: bytes) -> str | None:
    """Return the name of an unsupported compression of ``body``; None if there is none."""
    for magic, name in _MAGIC.items():
        if body.startswith(magic):
            return name
    return "zlib" if _is_zlib(body[:_TRIED]) else None


def _is_zlib(beginning: bytes) -> bool:
    try:
        start = zlib.decompressobj().decompress(beginning, _ENOUGH)
    except zlib.error:
        return False
    return bool(start)

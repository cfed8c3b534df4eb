"""Encoder and decoder of a raw snappy block (``X-Compress-Codec: 2``).

A library does the work. It is imported on demand, with import statements that freezing tools can
find.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from growingio_wire.errors import DecodeError, DecodeLimits, missing_extra

CODEC: Final = "2"
"""Its number in ``X-Compress-Codec``."""

_Convert: TypeAlias = Callable[[bytes], bytes]

# Snappy's densest element makes 64 bytes of 3; a block that declares more is not snappy.
_MOST_BYTES, _FROM_BYTES = 64, 3

_LENGTH_BYTES: Final = 5

_LONGEST_SHORT_LITERAL: Final = 59


def compressor() -> Callable[[bytes], bytes]:
    """Return a function that compresses to one raw snappy block.

    It comes from cramjam, or else from python-snappy, whichever is installed.

    :raises MissingExtraError: if neither is.
    """
    for find in (_from_cramjam, _from_python_snappy):
        try:
            return find()
        except (ImportError, AttributeError):  # not installed, or another package of that name
            continue
    raise missing_extra("SnappyParser", "snappy")


def _from_cramjam() -> _Convert:
    import cramjam

    compress = cramjam.snappy.compress_raw
    return lambda body: bytes(compress(body))


def _from_python_snappy() -> _Convert:
    import snappy  # pyright: ignore[reportMissingImports]

    untyped: Any = snappy
    compress: _Convert = untyped.compress
    return compress


def decompress(body: bytes, limits: DecodeLimits) -> bytes:
    """Return the content of the snappy block ``body``.

    :raises DecodeError: if it is not snappy, or declares a length that is over the limit or
        that its size cannot yield. The length is checked before memory is reserved for it.
    """
    length, _ = _declared_length(body)
    if length > limits.decoded_bytes:
        raise DecodeError("too_large_decoded", size=length, most=limits.decoded_bytes)
    if length * _FROM_BYTES > len(body) * _MOST_BYTES:
        raise DecodeError("not_snappy", detail="cannot_hold", declared=length, size=len(body))
    import cramjam

    try:
        return bytes(cramjam.snappy.decompress_raw(body))
    except cramjam.DecompressionError:
        raise DecodeError("not_snappy", detail="corrupt") from None


def start_of(beginning: bytes, limits: DecodeLimits) -> bytes:
    """Return the first bytes of the content of a block with this beginning; empty if it is invalid.

    They are those of the first literal, with which every block begins.
    """
    try:
        declared, place = _declared_length(beginning)
    except DecodeError:
        return b""
    tag = beginning[place : place + 1]
    if not tag or tag[0] & 0b11:
        return b""
    length = tag[0] >> 2
    # Longer literals have their length in one to four bytes after the tag.
    extra = max(0, length - _LONGEST_SHORT_LITERAL)
    if extra:
        length = int.from_bytes(beginning[place + 1 : place + 1 + extra], "little")
    literal = beginning[place + 1 + extra :][: length + 1]
    return literal if len(literal) <= declared <= limits.decoded_bytes else b""


def _declared_length(body: bytes) -> tuple[int, int]:
    """Return the declared length, and how many bytes encode it."""
    length = 0
    for place, byte in enumerate(body[:_LENGTH_BYTES]):
        length |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return length, place + 1
    raise DecodeError("not_snappy", detail="no_length")

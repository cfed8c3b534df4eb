"""One raw snappy block: ``X-Compress-Codec: 2``."""

import cramjam

from growingio_tracker.collector.decode.errors import DecodeError
from growingio_tracker.collector.decode.limits import MAX_DECODED_BYTES

# Snappy's densest element makes 64 bytes of 3; a block that declares more is not snappy.
_MOST_BYTES, _FROM_BYTES = 64, 3

_LENGTH_BYTES = 5

_LONGEST_SHORT_LITERAL = 59


def _declared_length(body: bytes) -> tuple[int, int]:
    """Return the declared length and how many bytes say so."""
    length = 0
    for place, byte in enumerate(body[:_LENGTH_BYTES]):
        length |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return length, place + 1
    raise DecodeError("not_snappy", detail="it does not start with the length of one")


def decompress(body: bytes) -> bytes:
    """Return the content of the snappy block ``body``.

    :raises DecodeError: when it is not snappy, or declares a length that is over the limit or
        that its size cannot yield. The length is checked before memory is reserved for it.
    """
    length, _ = _declared_length(body)
    if length > MAX_DECODED_BYTES:
        raise DecodeError("too_large_decoded", size=length, most=MAX_DECODED_BYTES)
    if length * _FROM_BYTES > len(body) * _MOST_BYTES:
        detail = f"it declares {length:,} bytes, which {len(body):,} bytes cannot hold"
        raise DecodeError("not_snappy", detail=detail)
    try:
        return bytes(cramjam.snappy.decompress_raw(body))
    except cramjam.DecompressionError as error:
        raise DecodeError("not_snappy", detail=str(error)) from None


def start_of(beginning: bytes) -> bytes:
    """Return the first bytes of what a block with this beginning may hold, empty if it is none.

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
    return literal if len(literal) <= declared <= MAX_DECODED_BYTES else b""

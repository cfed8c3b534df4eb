"""XOR with one byte (``X-Crypt-Codec: 1``), and the choice of that byte.

It is the low byte of ``stm``, the send time in the URL. Each attempt has a new URL, and so a new
key.
"""

from __future__ import annotations

from functools import cache
from typing import Final, NamedTuple

from growingio_wire.errors import DecodeError

CODEC: Final = "1"
"""Its number in ``X-Crypt-Codec``."""

_MAX_DIGITS: Final = 20


class Key(NamedTuple):
    """The key (0 to 255), and the source of the time whose low byte it is."""

    byte: int
    source: str


@cache
def _table(key: int) -> bytes:
    return bytes(byte ^ key for byte in range(256))


def xor(body: bytes, stm: int) -> bytes:
    """Return ``body`` with every byte XORed with the low byte of ``stm``."""
    return body.translate(_table(stm & 0xFF))


def key_of(stm: str | None, x_timestamp: str | None) -> Key:
    """Return the key of a received request: the low byte of its send time.

    The header counts only if the URL has no ``stm``: some clients send different times in the two,
    and all of those encrypt with the URL's.

    :raises DecodeError: if there is no time, or it is not a number.
    """
    source, text = ("stm", stm) if stm is not None else ("X-Timestamp", x_timestamp)
    if text is None:
        raise DecodeError("xor_without_key")
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS):
        raise DecodeError("xor_key_not_a_number", source=source)
    return Key(int(text) & 0xFF, source)

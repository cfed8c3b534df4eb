"""XOR with one byte: ``X-Crypt-Codec: 1``."""

from functools import cache
from typing import NamedTuple

from growingio_tracker.collector.decode.errors import DecodeError

_MAX_DIGITS = 20


class Key(NamedTuple):
    """The key (0 to 255) and where the time was found whose low byte it is."""

    byte: int
    source: str


@cache
def _table(key: int) -> bytes:
    return bytes(byte ^ key for byte in range(256))


def unmask(body: bytes, key: int) -> bytes:
    """Return ``body`` with every byte XORed with ``key`` (0 to 255); it undoes itself."""
    return body.translate(_table(key))


def key_of(stm: str | None, x_timestamp: str | None) -> Key:
    """Return the key, the low byte of the send time.

    The header counts only when the URL has no ``stm``: clients exist whose header differs from
    the URL, and all of them encrypt with the URL's.

    :raises DecodeError: when there is no time, or it is not a number.
    """
    source, text = ("stm", stm) if stm is not None else ("X-Timestamp", x_timestamp)
    if text is None:
        raise DecodeError("xor_without_key")
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS):
        raise DecodeError("xor_key_not_a_number", source=source)
    return Key(int(text) & 0xFF, source)

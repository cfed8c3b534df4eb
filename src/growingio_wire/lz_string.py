"""Decoder of LZ-String, the compression of the Web and mini-program SDKs, in three packings.

The dictionary holds no texts: each entry is the previous one plus the next character, and therefore
a range of the output. Memory and time grow only with the input and the output.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Final

from growingio_wire.errors import DecodeError, DecodeLimits

CODEC: Final = "1"
"""The number of UTF-16 characters in ``X-Compress-Codec``; the others are named in the query."""

_BYTE_LITERAL, _UNIT_LITERAL, _END = 0, 1, 2
_FIRST_ENTRY: Final = 3
"""The dictionary's first codes are the three instructions above."""

_MIRRORED: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
"""Mirrored bytes: units have their highest bit first, but numbers their lowest."""

_URI: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-"
_URI_PADDING: Final = ord("$")
_URI_VALUES: Final = {letter: _MIRRORED[value] >> 2 for value, letter in enumerate(_URI)}
# Forms turn a plus into a space; the SDK's own decoder accepts that as well.
_URI_VALUES[ord(" ")] = _URI_VALUES[ord("+")]

_UTF16_OFFSET: Final = 32
"""Added to every 15 bits to avoid control characters."""

_UTF16: Final = "utf-16-le" if sys.byteorder == "little" else "utf-16-be"


class _EndedError(Exception):
    """The input ends before its end mark."""


class _Bits:
    """Numbers of any width from units of ``width`` bits, lowest bit first."""

    def __init__(self, units: Iterable[int], width: int) -> None:
        self._units = iter(units)
        self._width = width
        self._held = self._count = 0
        self.taken = 0

    def take(self, count: int) -> int:
        """Return the next ``count`` bits as a number."""
        while self._count < count:
            try:
                self._held |= next(self._units) << self._count
            except StopIteration:
                raise _EndedError from None
            self._count += self._width
            self.taken += 1
        number = self._held & ((1 << count) - 1)
        self._held >>= count
        self._count -= count
        return number


def _run(bits: _Bits, output: array[int], limits: DecodeLimits) -> None:
    """Expand ``bits`` into ``output`` up to the end mark.

    :raises DecodeError: at a number that names no entry, and beyond the limits.
    """
    starts = array("L", bytes(_FIRST_ENTRY * array("L").itemsize))
    ends = array("L", starts)
    last = 0
    while (code := bits.take(len(starts).bit_length())) != _END:
        place = len(output)
        if code < _END:
            output.append(bits.take(16 if code == _UNIT_LITERAL else 8))
            starts.append(place)
            ends.append(place + 1)
        elif code < len(starts):
            output.extend(output[starts[code] : ends[code]])
        elif code == len(starts) and place:
            # The entry being created ends with its own first character.
            output.extend(output[last:place])
            output.append(output[last])
        else:
            raise DecodeError("not_lz_string", bits.taken, detail="no_entry", entry=code)
        if len(output) > limits.decoded_bytes:
            raise DecodeError("expands_too_far", most=limits.decoded_bytes)
        if len(starts) > limits.steps:
            raise DecodeError("too_many_steps", bits.taken, most=limits.steps)
        if place:
            starts.append(last)
            ends.append(place + 1)
        last = place


def _as_utf8(units: array[int]) -> bytes:
    # A lone surrogate becomes a JSON escape, so that it spoils only its own event.
    text = units.tobytes().decode(_UTF16, "surrogatepass")
    return text.encode("utf-8", "backslashreplace")


def _expand(units: Iterable[int], width: int, limits: DecodeLimits) -> bytes:
    bits, output = _Bits(units, width), array("H")
    try:
        _run(bits, output, limits)
    except _EndedError:
        raise DecodeError("not_lz_string", bits.taken, detail="no_end_mark") from None
    content = _as_utf8(output)
    if len(content) > limits.decoded_bytes:
        raise DecodeError("expands_too_far", most=limits.decoded_bytes)
    return content


def _start(units: Iterable[int], width: int, limits: DecodeLimits) -> bytes:
    output = array("H")
    # The text before the error or the end is still valid.
    with suppress(_EndedError, DecodeError):
        _run(_Bits(units, width), output, limits)
    return _as_utf8(output)


def _uri_units(body: bytes) -> Iterator[int]:
    for place, letter in enumerate(body):
        if letter == _URI_PADDING:
            yield 0
        elif letter in _URI_VALUES:
            yield _URI_VALUES[letter]
        else:
            shown = repr(chr(letter))
            raise DecodeError("not_lz_string", place, detail="not_in_alphabet", shown=shown)


def _utf16_units(text: str) -> Iterator[int]:
    for place, character in enumerate(text):
        value = ord(character) - _UTF16_OFFSET
        if not 0 <= value < 1 << 15:
            shown = f"U+{ord(character):04X}"
            raise DecodeError("not_lz_string", place, detail="not_in_range", shown=shown)
        yield (_MIRRORED[value & 0xFF] << 8 | _MIRRORED[value >> 8]) >> 1


def expand_bytes(body: bytes, limits: DecodeLimits) -> bytes:
    """Return the UTF-8 content of LZ-String in 16-bit big-endian bytes (Web, ``compress=1``).

    :raises DecodeError: if it is not that, or is beyond the limits.
    """
    return _expand(body.translate(_MIRRORED), 8, limits)


def expand_uri(body: bytes, limits: DecodeLimits) -> bytes:
    """Return the UTF-8 content of LZ-String in the URI alphabet (Web images, ``compress=11``).

    :raises DecodeError: if it is not that, or is beyond the limits.
    """
    return _expand(_uri_units(body), 6, limits)


def expand_utf16(body: bytes, limits: DecodeLimits) -> bytes:
    """Return the UTF-8 content of LZ-String in 15-bit characters (``X-Compress-Codec: 1``).

    :raises DecodeError: if it is not that, or is beyond the limits.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        at = error.start
        raise DecodeError("not_lz_string", at, detail="not_utf8", at=at) from None
    return _expand(_utf16_units(text), 15, limits)


def start_of_bytes(beginning: bytes, limits: DecodeLimits) -> bytes:
    """Return the first bytes of what ``expand_bytes`` may give for a body with this beginning."""
    return _start(beginning.translate(_MIRRORED), 8, limits)


def start_of_uri(beginning: bytes, limits: DecodeLimits) -> bytes:
    """Return the first bytes of what ``expand_uri`` may give for a body with this beginning."""
    return _start(_uri_units(beginning), 6, limits)


def start_of_utf16(beginning: bytes, limits: DecodeLimits) -> bytes:
    """Return the first bytes of what ``expand_utf16`` may give for a body with this beginning."""
    return _start(_utf16_units(beginning.decode("utf-8", "ignore")), 15, limits)

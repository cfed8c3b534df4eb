"""Decoder of a raw LZ4 block without its length (``X-Compress-Codec: 3``).

cramjam decodes. Its errors do not say where a block is broken, or whether it is only too large, so
a block that it rejects is scanned again here up to the first invalid byte.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Final, NoReturn

import cramjam

from growingio_wire.errors import DecodeError, DecodeLimits

CODEC: Final = "3"
"""Its number in ``X-Compress-Codec``."""

_MORE: Final = 15
"""A length of 15 continues in the next bytes."""

_FULL: Final = re.compile(rb"\xff*")

_MOST_PER_BYTE: Final = 255
"""Maximum number of bytes that one byte of a block expands to."""

_SHORTEST_MATCH: Final = 4


def decompress(body: bytes, limits: DecodeLimits) -> bytes:
    """Return the content of the LZ4 block ``body``.

    :raises DecodeError: if it is not such a block, or is beyond the limits.
    """
    most = min(limits.decoded_bytes, _MOST_PER_BYTE * len(body))
    content = bytearray(most)
    try:
        size = cramjam.lz4.decompress_block_into(body, content, output_len=most)
    except cramjam.DecompressionError:
        _explain(body, limits)
    return bytes(memoryview(content)[:size])


def start_of(beginning: bytes, limits: DecodeLimits) -> bytes:
    """Return the first bytes of the content of a block with this beginning."""
    block = _Block(beginning, limits)
    # The bytes before the error or the end are still valid.
    with suppress(DecodeError):
        block.run()
    return bytes(block.output)


def _explain(body: bytes, limits: DecodeLimits) -> NoReturn:
    _Block(body, limits).run()
    raise DecodeError("not_lz4", detail="corrupt")


class _Block:
    """A block being expanded; ``output`` is what came out so far."""

    def __init__(self, body: bytes, limits: DecodeLimits) -> None:
        self._body = body
        self._limits = limits
        self._position = 0
        self.output = bytearray()

    def run(self) -> None:
        """Expand to the end of the block.

        :raises DecodeError: at the first invalid byte, or beyond the limits.
        """
        for _ in range(self._limits.steps):
            token = self._byte()
            self._literals(self._length(token >> 4))
            if self._position == len(self._body):
                return
            self._match(token & 0x0F)
        raise DecodeError("too_many_steps", self._position, most=self._limits.steps)

    def _byte(self) -> int:
        if self._position >= len(self._body):
            raise self._broken("ends_early")
        self._position += 1
        return self._body[self._position - 1]

    def _length(self, length: int) -> int:
        if length < _MORE:
            return length
        # A run of full bytes is one step: a body may consist of nothing else.
        run = _FULL.match(self._body, self._position)
        full = len(run[0]) if run else 0
        self._position += full
        return length + 0xFF * full + self._byte()

    def _literals(self, length: int) -> None:
        self._check_room(length)
        literals = self._body[self._position : self._position + length]
        self._position += len(literals)
        self.output += literals
        if len(literals) < length:
            raise self._broken("ends_in_literal", length=length)

    def _match(self, length: int) -> None:
        distance = self._byte() | self._byte() << 8
        length = self._length(length) + _SHORTEST_MATCH
        if not 0 < distance <= len(self.output):
            raise self._broken("refers_too_far_back", distance=distance, exist=len(self.output))
        self._check_room(length)
        start = len(self.output) - distance
        pattern = self.output[start : start + length]
        self.output += (pattern * (length // len(pattern) + 1))[:length]

    def _check_room(self, more: int) -> None:
        most = self._limits.decoded_bytes
        if len(self.output) + more > most:
            raise DecodeError("expands_too_far", most=most)

    def _broken(self, detail: str, **values: int) -> DecodeError:
        return DecodeError("not_lz4", self._position, detail=detail, **values)

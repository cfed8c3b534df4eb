"""One raw LZ4 block without its length: ``X-Compress-Codec: 3``.

Read here and not by a library, because libraries want the size beforehand, and say neither where
a block is broken nor whether it was only too large.
"""

from contextlib import suppress
from typing import Final

from growingio_tracker.collector.decode.errors import DecodeError
from growingio_tracker.collector.decode.limits import MAX_DECODED_BYTES, MAX_STEPS

_MORE: Final = 15
"""A length of so much goes on in the next bytes."""

_SHORTEST_MATCH: Final = 4


class _Block:
    """A block being expanded; ``output`` is what came out so far."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._position = 0
        self.output = bytearray()

    def run(self) -> None:
        """Expand to the end of the block.

        :raises DecodeError: at the first byte that cannot be right, and beyond the limits.
        """
        for _ in range(MAX_STEPS):
            token = self._byte()
            self._literals(self._length(token >> 4))
            if self._position == len(self._body):
                return
            self._match(token & 0x0F)
        raise DecodeError("too_many_steps", offset=self._position, most=MAX_STEPS)

    def _byte(self) -> int:
        if self._position >= len(self._body):
            raise self._broken("it ends too early")
        self._position += 1
        return self._body[self._position - 1]

    def _length(self, length: int) -> int:
        if length < _MORE:
            return length
        while (more := self._byte()) == 0xFF:
            length += more
        return length + more

    def _literals(self, length: int) -> None:
        self._check_room(length)
        literals = self._body[self._position : self._position + length]
        self._position += len(literals)
        self.output += literals
        if len(literals) < length:
            raise self._broken(f"it ends within {length:,} literal bytes")

    def _match(self, length: int) -> None:
        distance = self._byte() | self._byte() << 8
        length = self._length(length) + _SHORTEST_MATCH
        if not 0 < distance <= len(self.output):
            raise self._broken(f"it refers {distance:,} bytes back, and {len(self.output):,} exist")
        self._check_room(length)
        pattern = self.output[-distance:][:length]
        self.output += (pattern * (length // len(pattern) + 1))[:length]

    def _check_room(self, more: int) -> None:
        if len(self.output) + more > MAX_DECODED_BYTES:
            raise DecodeError("expands_too_far", most=MAX_DECODED_BYTES)

    def _broken(self, detail: str) -> DecodeError:
        return DecodeError("not_lz4", offset=self._position, detail=detail)


def decompress(body: bytes) -> bytes:
    """Return the content of the LZ4 block ``body``.

    :raises DecodeError: when it is not such a block, or is beyond the limits.
    """
    block = _Block(body)
    block.run()
    return bytes(block.output)


def start_of(beginning: bytes) -> bytes:
    """Return the first bytes of what a block with this beginning may hold."""
    block = _Block(beginning)
    # What stands before the fault or the cut is still the beginning.
    with suppress(DecodeError):
        block.run()
    return bytes(block.output)

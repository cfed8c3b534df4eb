"""Bodies as the store keeps them: the longer ones compressed."""

import zlib
from typing import Final

_WORTH_IT: Final = 1000
"""Bytes from which a body is compressed."""

# Receiving is what must be fast. Higher levels save a fifth more and take three times as long, and
# zlib's usual window (15, 8) takes ten times as long to set up as to compress a small body.
_LEVEL: Final = 1
_WINDOW_BITS: Final = 13
_MEMORY_LEVEL: Final = 6


def pack(body: bytes) -> tuple[bytes, bool]:
    """Return ``body`` as it is stored, and whether that is compressed."""
    if len(body) <= _WORTH_IT:
        return body, False
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW_BITS, _MEMORY_LEVEL)
    packed = compressor.compress(body) + compressor.flush()
    return (packed, True) if len(packed) < len(body) else (body, False)


def unpack(stored: bytes, packed: bool) -> bytes:
    """Return the body of which ``pack`` made ``stored``."""
    return zlib.decompress(stored) if packed else stored

"""Compressions that the wire does not know, recognised by their first bytes."""

import zlib
from typing import Final

_MAGIC: Final = {
    b"\xff\x06\x00\x00sNaPpY": "snappy (framed)",
    b"\x04\x22\x4d\x18": "LZ4 (frame)",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\x1f\x8b\x08": "gzip",
}

_TRIED: Final = 1000
"""Bytes that zlib, whose first bytes are not telling, is tried on."""

_ENOUGH: Final = 100


def foreign_compression(body: bytes) -> str | None:
    """Return the name of the foreign compression of ``body``; None when none is recognised."""
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

"""The two steps that may follow the encoding of a body: compression, then XOR."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from typing import Any

from growingio_tracker._extras import missing_extra


@lru_cache(maxsize=256)
def _xor_table(key: int) -> bytes:
    return bytes(byte ^ key for byte in range(256))


def xor(body: bytes, stm: int) -> bytes:
    """Return ``body`` with every byte XORed with the low byte of ``stm``. It is its own inverse."""
    return body.translate(_xor_table(stm & 0xFF))


def snappy_compressor() -> Callable[[bytes], bytes]:
    """Return a function that compresses to one raw snappy block.

    It comes from cramjam, or else from python-snappy, whichever is installed.

    :raises MissingExtraError: when neither is.
    """
    for find in (_from_cramjam, _from_python_snappy):
        try:
            return find()
        except (ImportError, AttributeError):  # not installed, or another package of that name
            continue
    raise missing_extra("SnappyParser", "snappy")


def _from_cramjam() -> Callable[[bytes], bytes]:
    compress: Callable[[bytes], Any] = import_module("cramjam").snappy.compress_raw
    return lambda body: bytes(compress(body))


def _from_python_snappy() -> Callable[[bytes], bytes]:
    compress: Callable[[bytes], bytes] = import_module("snappy").compress
    return compress

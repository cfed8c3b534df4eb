"""Small bodies that would become very large ones."""

import time
import tracemalloc
from collections.abc import Callable

import pytest

from growingio_tracker.collector.decode import DecodeError, lz4, lz_string
from growingio_tracker.collector.decode.limits import MAX_BODY_BYTES, MAX_DECODED_BYTES, MAX_STEPS
from lz_packing import numbers_as_bytes

GROWING = numbers_as_bytes(
    [(0, 2), (ord("a"), 8), *((size, size.bit_length()) for size in range(4, 10_000))]
)
"""LZ-String whose every number is the longest entry there is: 50 MB from 17 kB."""

WIDE = numbers_as_bytes(
    [(1, 2), (0x4E00, 16), *((size, size.bit_length()) for size in range(4, 5_000)), (2, 13)]
)
"""The same with three bytes a character: few characters, and still too many bytes."""

LONG_MATCH = b"\x1fa\x01\x00" + b"\xff" * (MAX_DECODED_BYTES // 255 + 1) + b"\x00\x10a"
"""LZ4 with one match of 16 MB."""


@pytest.mark.parametrize(
    ("decode", "body"),
    [
        (lz_string.expand_bytes, GROWING),
        (lz_string.expand_bytes, WIDE),
        (lz4.decompress, LONG_MATCH),
    ],
)
def test_bomb(decode: Callable[[bytes], bytes], body: bytes) -> None:
    """It is refused while it is decoded, in a moment and within a few times the limit."""
    start = time.monotonic()
    tracemalloc.start()
    with pytest.raises(DecodeError) as error:
        decode(body)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert error.value.problem.code == "expands_too_far"
    assert len(body) < 100_000
    assert peak < 8 * MAX_DECODED_BYTES
    assert time.monotonic() - start < 5


@pytest.mark.parametrize(
    ("decode", "body"),
    [
        # Zero bits are a literal, and again a literal: the most work for the fewest bits.
        (lz_string.expand_bytes, bytes(MAX_BODY_BYTES)),
        (lz_string.expand_uri, b"A" * MAX_BODY_BYTES),
        (lz_string.expand_utf16, b" " * MAX_BODY_BYTES),
        (lz4.decompress, b"\x10a\x01\x00" + b"\x00\x01\x00" * (MAX_BODY_BYTES // 3)),
    ],
)
def test_tedious_body(decode: Callable[[bytes], bytes], body: bytes) -> None:
    """A body of very many small steps is left off after the most steps there may be."""
    with pytest.raises(DecodeError) as error:
        decode(body)
    assert error.value.problem.code == "too_many_steps"
    most_units_a_step = 5
    assert error.value.offset
    assert error.value.offset < most_units_a_step * MAX_STEPS < MAX_BODY_BYTES

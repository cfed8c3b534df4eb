"""Small bodies that would become very large ones."""

import gc
import time
import tracemalloc
from collections.abc import Callable

import pytest

from growingio_wire import lz4, lz_string
from growingio_wire.errors import DecodeError, DecodeLimits
from growingio_wire.protobuf import split_list
from growingio_wire.protobuf_fields import Budget, WireField
from growingio_wire.table import Kind
from lz_packing import numbers_as_bytes

Decode = Callable[[bytes, DecodeLimits], bytes]

MAX_BODY_BYTES, MAX_DECODED_BYTES, MAX_STEPS = 10_000_000, 16_000_000, 500_000
LIMITS = DecodeLimits(decoded_bytes=MAX_DECODED_BYTES, steps=MAX_STEPS, fields=500_000)

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
def test_bomb(decode: Decode, body: bytes) -> None:
    """It is refused while it is decoded, in a moment and within a few times the limit."""
    start = time.thread_time()
    tracemalloc.start()
    with pytest.raises(DecodeError) as error:
        decode(body, LIMITS)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert error.value.code == "expands_too_far"
    assert len(body) < 100_000
    assert peak < 8 * MAX_DECODED_BYTES
    assert time.thread_time() - start < 5


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
def test_tedious_body(decode: Decode, body: bytes) -> None:
    """A body of very many small steps is left off after the most steps there may be."""
    with pytest.raises(DecodeError) as error:
        decode(body, LIMITS)
    assert error.value.code == "too_many_steps"
    most_units_a_step = 5
    assert error.value.offset
    assert error.value.offset < most_units_a_step * MAX_STEPS < MAX_BODY_BYTES


@pytest.mark.parametrize(
    "body",
    [
        b"\xff" * (MAX_BODY_BYTES - 100_000),
        b"\x1fa\x01\x00" + b"\xff" * (MAX_BODY_BYTES - 100_000),
        # Each match copies a few bytes from as far back as there is.
        b"\xf0\xff" + b"\xff" * 256 + b"\x10" + b"a" * 65_561 + b"\x00\xff\xff" * 3_000_000,
    ],
    ids=["literals", "match", "far"],
)
def test_long_lengths(body: bytes) -> None:
    """An LZ4 block that consists of lengths, or of far references, is refused in a moment."""
    start = time.thread_time()
    with pytest.raises(DecodeError):
        lz4.decompress(body, LIMITS)
    assert time.thread_time() - start < 2


class _Counting(Budget):
    """Counts at every thousandth field how many others are in memory."""

    def __init__(self) -> None:
        super().__init__(10_000)
        self.most = self._seen = 0

    def spend(self) -> None:
        super().spend()
        self._seen += 1
        if self._seen % 1000 == 0:
            alive = sum(type(one) is WireField for one in gc.get_objects())
            self.most = max(self.most, alive)


def test_fields_are_not_collected() -> None:
    """The fields of a list are read one by one: very many objects would slow the whole process."""
    counting = _Counting()
    assert len(split_list(Kind.EVENT, b"\x0a\x00\x12\x00" * 5000, counting)) == 5000
    assert counting.most <= 2

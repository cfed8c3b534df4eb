"""Records that were read of a segment, and what damage does to them."""

from __future__ import annotations

import struct
from typing import Any
from zlib import crc32

import pytest

from growingio_tracker.core import HEAD_BYTES

KIND = 1


def framed(core: Any, *seqs: int, record: bytes = b"record") -> bytes:
    return b"".join(core.packed(KIND, seq, 1000 + seq, record) for seq in seqs)


def entries(core: Any, data: bytes, first: int = 0) -> Any:
    found = core.Entries(KIND)
    found.add(data, first)
    return found


def numbers(found: Any) -> list[int]:
    seqs: list[int] = []
    seq = 0
    while (one := found.next(seq)) is not None:
        seqs.append(one[0])
        seq = one[0] + 1
    return seqs


def test_frame(core: Any) -> None:
    """G2: A record on disk has the head that segment.py describes."""
    head = struct.pack("<2sBxIQq", b"\xf6\xf7", 2, 6, 2**40 + 1, -5)
    expected = head + struct.pack("<I", crc32(head + b"record")) + b"record"
    assert core.packed(2, 2**40 + 1, -5, b"record") == expected
    assert len(expected) == HEAD_BYTES + 6


@pytest.mark.parametrize("size", [*range(40), 1000, 100_003])
def test_checksum(core: Any, size: int) -> None:
    """It is zlib's, whatever the length."""
    record = bytes(number * 7 % 251 for number in range(size))
    [checksum] = struct.unpack_from("<I", packed := core.packed(0, 1, 2, record), HEAD_BYTES - 4)
    assert checksum == crc32(record, crc32(packed[: HEAD_BYTES - 4]))


def test_in_order(core: Any) -> None:
    """They are there by their numbers, however they stand in the file, and each one once."""
    found = entries(core, framed(core, 7, 5, 6, 5, 9))
    assert numbers(found) == [5, 6, 7, 9]
    assert (len(found), found.size, found.end) == (4, 24, 10)
    found.add(framed(core, 8, 6, 4), 5)
    assert numbers(found) == [5, 6, 7, 8, 9]
    assert found.next(8) == (8, 1008, b"record")
    assert found.next(10) is None


def test_none(core: Any) -> None:
    """Of nothing, and of what is no record, there are none."""
    for data in (b"", b"\xf6", b"\xf6\xf7", b"\xf6\xf7" * 100, bytes(200)):
        found = entries(core, data)
        assert (len(found), found.size, found.end, found.next(0)) == (0, 0, 0, None)
        assert found.run(3, 10, 100) == (3, (), 0)


def test_runs(core: Any) -> None:
    """A run has no gap, no more than is asked for, and at least one record."""
    found = entries(core, framed(core, 2, 3, 4, 6))
    records = (b"record",) * 3
    assert found.run(0, 10, 100) == (2, records, 18)
    assert found.run(0, 2, 100) == (2, records[:2], 12)
    assert found.run(3, 10, 100) == (3, records[:2], 12)
    assert found.run(0, 10, 17) == (2, records[:2], 12)
    assert found.run(0, 10, 1) == (2, records[:1], 6)
    assert found.run(5, 10, 100) == (6, records[:1], 6)
    assert found.run(0, 0, 100) == (0, (), 0)
    assert found.run(7, 10, 100) == (7, (), 0)


def test_gaps(core: Any) -> None:
    """The gaps are the numbers that no record has."""
    found = entries(core, framed(core, 2, 3, 6, 9))
    assert found.gaps(1, 12) == [(1, 2), (4, 6), (7, 9), (10, 12)]
    assert found.gaps(2, 7) == [(4, 6)]
    assert found.gaps(2, 5) == [(4, 5)]
    assert found.gaps(2, 4) == []
    assert found.gaps(20, 22) == [(20, 22)]
    assert entries(core, b"").gaps(1, 1) == []


def test_damage(core: Any) -> None:
    """G2: A damaged record is left out, whichever of its bits is another; those around it stay."""
    whole = framed(core, 1, 2, 3)
    size = len(whole) // 3
    for bit in range(8 * size):
        data = bytearray(whole)
        data[size + bit // 8] ^= 1 << bit % 8
        # The two bytes that belong to nothing are 0, and are checked like all others.
        assert numbers(entries(core, bytes(data))) == [1, 3], bit
    for cut in range(1, size + 1):
        assert numbers(entries(core, whole[:-cut])) == [1, 2]
        assert numbers(entries(core, whole[cut:])) == [2, 3]


def test_other_kinds(core: Any) -> None:
    """A record of another kind is none."""
    assert len(entries(core, core.packed(KIND + 1, 1, 1, b"record"))) == 0


def test_a_length_beyond_the_end(core: Any) -> None:
    """A length that is longer than the file, up to the largest, is damage."""
    for length in (7, 2**31, 2**32 - 1):
        head = struct.pack("<2sBxIQq", b"\xf6\xf7", KIND, length, 1, 1)
        data = head + struct.pack("<I", crc32(head + b"record")) + b"record"
        assert numbers(entries(core, data + framed(core, 2))) == [2]

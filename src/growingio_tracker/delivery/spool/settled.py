"""Numbers of a journal's records that have an outcome, and how a control file keeps them.

Records get their outcome in about the order of their numbers. What gets one before an older record
makes a range of its own, such as what is dropped while an older batch is being sent. The control
file has two copies of these ranges, which are written alternately, so one is intact whenever the
process dies::

    0     u32    CRC-32 of what follows
    4     u32    the number of ranges, at most 15
    8     u64    how often a copy has been written before
    16    u64s   the first number of each range, and the number after its last

A range that does not fit is forgotten: its records are sent again after a crash.
"""

from __future__ import annotations

import contextlib
import mmap
import struct
from bisect import insort
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Final, TypeAlias
from zlib import crc32

Range: TypeAlias = "tuple[int, int]"
"""The first number of a range, and the number after its last."""

_COPY_BYTES: Final = 256
COPIES_BYTES: Final = 2 * _COPY_BYTES
_CHECKSUM: Final = struct.Struct("<I")
_HEAD: Final = struct.Struct("<IQ")
_RANGE: Final = struct.Struct("<QQ")
_RANGES_AT: Final = _CHECKSUM.size + _HEAD.size
MOST_RANGES: Final = (_COPY_BYTES - _RANGES_AT) // _RANGE.size


class SettledNumbers:
    """The numbers of records that have an outcome.

    A signal handler may run during any call, and a destructor whenever an object is created; both
    may settle more.

    :param before: every number before this one is settled; :attr:`before` tells it later.
    :param ranges: further ranges of settled numbers.
    """

    __slots__ = ("_ranges", "before")

    def __init__(self, before: int, ranges: Iterable[Range] = ()) -> None:
        self.before = before
        self._ranges = sorted(ranges)
        self.advance()

    @property
    def ranges(self) -> tuple[Range, ...]:
        """The ranges that are settled besides, sorted and joined."""
        joined: list[Range] = []
        for first, end in tuple(self._ranges):  # a signal handler may change the list
            if joined and first <= joined[-1][1]:
                joined[-1] = joined[-1][0], max(end, joined[-1][1])
            else:
                joined.append((first, end))
        return tuple(joined)

    @property
    def are_scattered(self) -> bool:
        """Whether others are settled than those before :attr:`before`."""
        return bool(self._ranges)

    def __contains__(self, seq: int) -> bool:
        # Of a copy, because a signal handler may change the list.
        ranges = tuple(self._ranges)
        return seq < self.before or any(first <= seq < end for first, end in ranges)

    def note(self, first: int, end: int) -> None:
        """Settle the numbers from ``first`` to before ``end``, at least one."""
        # No call before the range is in the list, because a signal handler could run during it; a
        # destructor may run when the tuple is created. Ranges are joined, as there would be very
        # many when records are dropped while an older batch is being sent.
        ranges = self._ranges
        if ranges and ranges[-1][1] == first:
            last = ranges[-1]
            joined = (last[0], end)
            if ranges[-1] is last:
                ranges[-1] = joined
                return
        insort(ranges, (first, end))

    def unsettled(self, first: int, end: int) -> int:
        """Return how many numbers from ``first`` to before ``end`` are not settled."""
        count, seq = 0, max(first, self.before)
        for begin, behind in self.ranges:
            count += max(0, min(begin, end) - seq)
            seq = max(seq, behind)
        return count + max(0, end - seq)

    def advance(self) -> int:
        """Advance :attr:`before` over the ranges that touch it; return it."""
        for one in tuple(self._ranges):
            # No max(): a signal handler that runs during the call may settle more.
            if one[0] <= self.before < one[1]:
                self.before = one[1]
            if one[0] > self.before:
                break
            with contextlib.suppress(ValueError):  # a signal handler has done the same
                self._ranges.remove(one)
        return self.before

    def next_unsettled(self, seq: int) -> int:
        """Return the first number from ``seq`` on that is not settled."""
        for first, end in self._ranges:
            if first <= seq < end:
                seq = end
        return max(seq, self.before)


def write_ranges(page: bytearray | mmap.mmap, at: int, ranges: Sequence[Range]) -> None:
    """Write ranges over the older of the two copies at ``at``."""
    one, other = (_read_copy(page, place)[0] for place in (at, at + _COPY_BYTES))
    place = at if one < other else at + _COPY_BYTES
    kept = ranges[:MOST_RANGES]
    numbers = struct.pack(f"<{2 * len(kept)}Q", *chain.from_iterable(kept))
    content = _HEAD.pack(len(kept), max(one, other) + 1) + numbers
    page[place : place + _CHECKSUM.size + len(content)] = _CHECKSUM.pack(crc32(content)) + content


def read_ranges(page: bytes | bytearray | mmap.mmap, at: int) -> list[Range]:
    """Return the ranges of the newer intact copy at ``at``; none if neither is intact."""
    return max(_read_copy(page, at), _read_copy(page, at + _COPY_BYTES))[1]


def _read_copy(page: bytes | bytearray | mmap.mmap, at: int) -> tuple[int, list[Range]]:
    """Return how often a copy had been written with this one, and its ranges; 0 if damaged."""
    copy = bytes(page[at : at + _COPY_BYTES])
    count, turn = _HEAD.unpack_from(copy, _CHECKSUM.size)
    end = _RANGES_AT + count * _RANGE.size
    if count > MOST_RANGES or _CHECKSUM.pack(crc32(copy[_CHECKSUM.size : end])) != copy[:4]:
        return 0, []
    return turn, [(first, behind) for first, behind in _RANGE.iter_unpack(copy[_RANGES_AT:end])]

"""Set of the record numbers in a journal that have an outcome, in any order."""

from __future__ import annotations

import contextlib
import sys
from bisect import bisect_right, insort


class SettledNumbers:
    """The numbers of records that have an outcome.

    A signal handler may come in amid any call, and a destructor amid making any object; both may
    settle more.

    :ivar before: every number before this one is settled.
    """

    __slots__ = ("_ranges", "before")

    def __init__(self, before: int) -> None:
        self.before = before
        self._ranges: list[tuple[int, int]] = []  # beyond those, by their first numbers

    @property
    def are_scattered(self) -> bool:
        """Whether there are others than those before :attr:`before`."""
        return bool(self._ranges)

    def __contains__(self, seq: int) -> bool:
        ranges = tuple(self._ranges)  # a signal handler may change the list
        at = bisect_right(ranges, (seq, sys.maxsize)) - 1
        return seq < self.before or (at >= 0 and seq < ranges[at][1])

    def note(self, first: int, end: int) -> None:
        """Settle the numbers from ``first`` to before ``end``, which are some."""
        # No call before the range is there, because a signal handler comes in with those, and a
        # destructor with each new tuple. What is dropped while an older batch is on its way would
        # become very many ranges otherwise.
        ranges = self._ranges
        if ranges and ranges[-1][1] == first:
            last = ranges[-1]
            joined = (last[0], end)
            if ranges[-1] is last:
                ranges[-1] = joined
                return
        insort(ranges, (first, end))

    def advance(self) -> int:
        """Let :attr:`before` take in the ranges that touch it; return it."""
        for one in tuple(self._ranges):
            # No max(): in a call a signal handler comes in, which may settle more.
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

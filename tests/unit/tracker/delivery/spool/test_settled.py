"""Which records of a journal have an outcome."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from delivering.rig import record
from delivering.spools import HERE
from drawing import examples
from growingio_tracker.delivery.spool.journal import Journal
from growingio_tracker.delivery.spool.settled import (
    COPIES_BYTES,
    MOST_RANGES,
    SettledNumbers,
    read_ranges,
    write_ranges,
)
from growingio_tracker.delivery.spool.store import Store, usage_of
from growingio_wire.table import Kind

SEGMENT_BYTES = 2000
numbers = st.tuples(*[st.integers(0, 2**64 - 1)] * 2)
ranges = st.lists(st.tuples(st.integers(1, 60), st.integers(1, 6)), max_size=20)


@given(ranges, st.booleans())
def test_against_a_set(noted: list[tuple[int, int]], advances: bool) -> None:
    """It says what a set of all numbers would, whether it has closed up or not."""
    settled, done = SettledNumbers(1), {0}
    for first, length in noted:
        new = set(range(first, first + length)) - done
        for seq in sorted(new):
            settled.note(seq, seq + 1)
        done |= new
        if advances:
            settled.advance()
    unsettled = next(seq for seq in range(100) if seq not in done)
    assert all((seq in settled) == (seq in done) for seq in range(100))
    assert settled.advance() == settled.before == unsettled
    assert settled.next_unsettled(0) == unsettled
    assert all(seq in settled for seq in done)
    assert settled.are_scattered == (max(done) > unsettled)


def test_neighbours_are_one_range() -> None:
    """What is noted in order is remembered as one range, however much it is."""
    settled = SettledNumbers(1)
    for seq in range(10, 1000):
        settled.note(seq, seq + 1)
    assert settled.next_unsettled(10) == 1000
    settled.note(1, 10)
    assert settled.advance() == 1000
    assert not settled.are_scattered


@given(st.lists(st.tuples(st.integers(1, 90), st.integers(1, 9))), st.integers(0, 99))
def test_unsettled_are_counted(noted: list[tuple[int, int]], first: int) -> None:
    """How many numbers of a range are not settled, whatever ranges lie across it."""
    settled = SettledNumbers(5, [(begin, begin + length) for begin, length in noted])
    for end in range(first, 110):
        expected = sum(seq not in settled for seq in range(first, end))
        assert settled.unsettled(first, end) == expected


@given(st.lists(st.lists(numbers, max_size=MOST_RANGES + 3), min_size=1, max_size=5))
def test_what_is_written_is_read(written: list[list[tuple[int, int]]]) -> None:
    """The ranges that were written last are read, except for those that have no room."""
    page = bytearray(COPIES_BYTES + 8)
    assert read_ranges(page, 4) == []
    for ranges in written:
        write_ranges(page, 4, ranges)
        assert read_ranges(page, 4) == ranges[:MOST_RANGES]
    assert page[:4] == page[-4:] == bytes(4)


@given(*[st.lists(numbers, max_size=MOST_RANGES)] * 3, st.data())
def test_a_write_that_was_cut_off(
    before: list[tuple[int, int]],
    ranges: list[tuple[int, int]],
    new: list[tuple[int, int]],
    data: st.DataObject,
) -> None:
    """G2: Whichever bytes of it arrived, the ranges before or those after it are read."""
    old = bytearray(COPIES_BYTES)
    write_ranges(old, 0, before)
    write_ranges(old, 0, ranges)
    page = old.copy()
    write_ranges(page, 0, new)
    begin = data.draw(st.integers(0, COPIES_BYTES))
    end = data.draw(st.integers(begin, COPIES_BYTES))
    page[begin:end] = old[begin:end]
    assert read_ranges(page, 0) in (ranges, new)


class Reopened(RuleBasedStateMachine):
    """G1: A journal whose records get outcomes in any order, and which is reopened at any time."""

    @initialize()
    def create(self) -> None:
        self.directory = TemporaryDirectory(prefix="growingio-test-")
        self.store = Store.create(Path(self.directory.name), HERE, segment_bytes=SEGMENT_BYTES)
        self.waiting: list[int] = []

    @property
    def journal(self) -> Journal:
        return self.store.journals[Kind.EVENT]

    @rule(count=st.integers(1, 40))
    def append(self, count: int) -> None:
        for _ in range(count):
            self.waiting.append(self.journal.append(1, record(f"{self.journal.entered}")))

    @rule(at=st.integers(0, 60), length=st.integers(1, 40))
    def settle(self, at: int, length: int) -> None:
        chosen = self.waiting[at : at + length]
        gaps = sum(one + 1 != next_ for one, next_ in pairwise(self.waiting))
        if chosen and gaps < MOST_RANGES:
            self.journal.settle(chosen[0], chosen[-1] + 1)
            del self.waiting[at : at + length]

    @rule()
    def reopen(self) -> None:
        base, count = self.store.base, len(self.waiting)
        self.store.close()
        assert usage_of(base)[0] == count
        adopted = Store.adopt(base, segment_bytes=SEGMENT_BYTES)
        assert adopted is not None
        self.store = adopted
        size = sum(len(record(f"{seq}")) for seq in self.waiting)
        assert self.journal.contents() == ((count, size), (0, 0))

    @invariant()
    def waits(self) -> None:
        if hasattr(self, "store"):
            found = [json.loads(one.record)["eventName"] for one in self.journal.waiting_from(0)]
            assert found == [f"{seq}" for seq in self.waiting]

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            self.directory.cleanup()


TestReopened = Reopened.TestCase
TestReopened.settings = settings(max_examples=examples(100), stateful_step_count=20, deadline=None)

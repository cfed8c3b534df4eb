"""Which records of a journal have an outcome."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from growingio_tracker.delivery.spool.segment import SettledNumbers

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

"""Turns of threads are short while a large body is read, and as before afterwards."""

import sys
from collections.abc import Iterator

import pytest

from growingio_collector.receiving.receiver import TURN_S, ShortTurns


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    before = sys.getswitchinterval()
    yield
    sys.setswitchinterval(before)


def test_overlapping_blocks() -> None:
    """Turns are short from the first block's begin to the last one's end, also after an error."""
    before, turns = sys.getswitchinterval(), ShortTurns()
    with turns:
        with pytest.raises(ZeroDivisionError), turns:
            raise ZeroDivisionError
        assert sys.getswitchinterval() == pytest.approx(TURN_S)
    assert sys.getswitchinterval() == before


def test_somebody_else_sets_it() -> None:
    """What the program sets meanwhile stays, and turns that are shorter anyway stay, too."""
    turns = ShortTurns()
    with turns:
        sys.setswitchinterval(0.002)
    assert sys.getswitchinterval() == pytest.approx(0.002)
    sys.setswitchinterval(0.0001)
    shorter = sys.getswitchinterval()
    for _ in range(3):
        with turns:
            assert sys.getswitchinterval() == shorter
        assert sys.getswitchinterval() == shorter

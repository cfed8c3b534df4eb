"""A segment that is read in parts holds what it holds when it is read at once."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from delivering.rig import record
from drawing import examples
from growingio_tracker.core import packed
from growingio_tracker.delivery.spool.files import DISK
from growingio_tracker.delivery.spool.segment import Segment

KIND = 2


@st.composite
def contents(draw: st.DrawFn) -> bytes:
    """Draw records in about their order, with other bytes in between and at the end."""
    numbers = draw(st.lists(st.integers(0, 30), max_size=12))
    framed = [packed(KIND, seq, 1000, record("x" * draw(st.integers(0, 40)))) for seq in numbers]
    damage = st.binary(max_size=4) | st.just(framed[0][:-3] if framed else b"")
    return b"".join(part for one in framed for part in (draw(damage), one)) + draw(damage)


@settings(max_examples=examples(300), deadline=None)
@given(contents(), st.lists(st.integers(1, 300), max_size=8))
def test_g2_read_in_parts(content: bytes, parts: list[int]) -> None:
    """G2: However it is read, damage hides nothing but itself, and each record is there once."""
    with TemporaryDirectory() as directory:
        path = Path(directory) / "one.seg"
        path.write_bytes(content)
        at_once, in_parts = (Segment(path, 0, 31, 0, KIND) for _ in range(2))
        for most in parts:
            in_parts.look_ahead(DISK, most)
        for segment in (at_once, in_parts):
            assert segment.look(DISK)
            assert not segment.look(DISK)
    assert list(in_parts.entries_from(0)) == list(at_once.entries_from(0))
    assert in_parts.found() == at_once.found()
    assert in_parts.gaps(31) == at_once.gaps(31)

"""The ring of a lane, and the bounds that it asks."""

from __future__ import annotations

from typing import Any

import pytest

from cores import Taken
from growingio_tracker.core import NEWS, NOT_LET_IN


def enter(core: Any, ring: Any, *records: bytes, admission: Any = None) -> list[int]:
    admission = admission or core.Admission()
    return [ring.enter(admission, record) for record in records]


def test_order(core: Any) -> None:
    """Records leave as they came, each batch as full as may be, with the size of all."""
    ring, admission = core.Ring(2, 100), core.Admission()
    enter(core, ring, b"a", b"bb", b"ccc", admission=admission)
    assert (len(ring), ring.size, ring.next_seq, ring.first_seq()) == (3, 6, 3, 0)
    assert admission.snapshot() == (3, 6)
    assert ring.take() == (0, (b"a", b"bb"), 3)
    assert ring.take() == (2, (b"ccc",), 3)
    assert (len(ring), ring.size, ring.first_seq()) == (0, 0, 3)
    assert admission.snapshot() == (3, 6), "what is on its way is pending"


def test_empty(core: Any) -> None:
    """Of nothing an empty batch is taken, and nothing can be dropped."""
    ring = core.Ring(2, 100)
    assert ring.take() == (0, (), 0)
    assert ring.drop_all() == (0, 0)
    with pytest.raises(IndexError):
        ring.drop_oldest()


def test_batch_bytes(core: Any) -> None:
    """A batch keeps to its bytes, unless one record alone is larger."""
    ring = core.Ring(10, 5)
    enter(core, ring, b"123", b"12", b"1", b"1234567", b"1")
    assert [ring.take()[1] for _ in range(4)] == [(b"123", b"12"), (b"1",), (b"1234567",), (b"1",)]


def test_news(core: Any) -> None:
    """News is the record that begins a wait, the one that fills a batch, and no other."""
    assert enter(core, core.Ring(3, 100), *[b"x"] * 5) == [NEWS, 1, NEWS - 2, 3, 4]
    assert enter(core, core.Ring(9, 4), *[b"xx"] * 4) == [NEWS, NEWS - 1, 2, 3]
    ring = core.Ring(2, 100)
    enter(core, ring, b"x", b"x")
    ring.take()
    assert enter(core, ring, b"x") == [NEWS - 2]


def test_bounds(core: Any) -> None:
    """C1: Bounds of events and of bytes are asked before, and what is refused counts nowhere."""
    ring, admission = core.Ring(9, 100), core.Admission()
    admission.max_events, admission.max_bytes = 2, 5
    assert enter(core, ring, b"123", b"123", b"12", b"", admission=admission) == [
        NEWS,
        NOT_LET_IN,
        1,
        NOT_LET_IN,
    ]
    assert (admission.pending, admission.pending_bytes) == (2, 5)
    assert (admission.has_room(0), admission.has_room(1)) == (False, False)
    admission.gone(1, 3)
    assert (admission.has_room(3), admission.has_room(4)) == (True, False)


def test_counts(core: Any) -> None:
    """C4: What came and what went is counted together with its bytes."""
    admission = core.Admission()
    admission.came(5, 50)
    admission.gone(2, 20)
    assert admission.snapshot() == (3, 30)
    admission.pending, admission.pending_bytes = 7, 70
    assert admission.snapshot() == (7, 70)


def test_closed(core: Any) -> None:
    """A closed admission lets nothing in."""
    ring, admission = core.Ring(9, 100), core.Admission()
    assert not admission.closed
    admission.close()
    assert admission.closed
    assert enter(core, ring, b"x", admission=admission) == [NOT_LET_IN]


def test_put_back(core: Any) -> None:
    """D2: What comes back stands at the head, and shares a batch with what came meanwhile."""
    ring = core.Ring(4, 100)
    enter(core, ring, b"a", b"b")
    first, records, _ = ring.take()
    enter(core, ring, b"c", b"d", b"e")
    assert not ring.came_back()
    ring.put_back(Taken(records, first))
    assert ring.came_back()
    assert (len(ring), ring.size, ring.first_seq()) == (5, 5, 0)
    assert ring.take() == (0, (b"a", b"b", b"c", b"d"), 4)
    assert not ring.came_back()
    assert ring.take() == (4, (b"e",), 1)


def test_gap(core: Any) -> None:
    """A batch ends before a gap, so that its seqs follow from the first."""
    ring = core.Ring(4, 100)
    enter(core, ring, b"a", b"b")
    first, records, _ = ring.take()
    enter(core, ring, b"c", b"d")
    ring.drop_oldest()
    ring.put_back(Taken(records, first))
    assert ring.take() == (0, (b"a", b"b"), 2)
    assert ring.take() == (3, (b"d",), 1)


def test_partly_put_back(core: Any) -> None:
    """What was not settled of a batch keeps its seqs."""
    ring = core.Ring(4, 100)
    enter(core, ring, b"a", b"b", b"c")
    first, records, _ = ring.take()
    ring.put_back(Taken(records[1:], first + 1))
    assert ring.take() == (1, (b"b", b"c"), 2)


def test_drops(core: Any) -> None:
    """Dropping tells the size, and with all of it how many."""
    ring = core.Ring(4, 100)
    enter(core, ring, b"a", b"bb", b"ccc")
    assert ring.drop_oldest() == 1
    assert (ring.first_seq(), len(ring), ring.size) == (1, 2, 5)
    assert ring.drop_all() == (2, 5)
    assert (ring.first_seq(), len(ring), ring.size) == (3, 0, 0)
    assert enter(core, ring, b"x") == [NEWS - 3]


def test_large(core: Any) -> None:
    """Many records keep their order while the ring grows, wraps and shrinks."""
    ring, admission = core.Ring(1000, 1 << 20), core.Admission()
    sent: list[bytes] = []
    for number in range(30_000):
        ring.enter(admission, str(number).encode())
        if number % 3000 == 2999:
            sent += ring.take()[1]
    while ring:
        sent += ring.take()[1]
    assert sent == [str(number).encode() for number in range(30_000)]


def test_wrong_types(core: Any) -> None:
    """Nothing but records comes in."""
    if core.__name__.endswith("pure"):
        pytest.skip("not here: the pure core leaves types to the type checker")
    ring, admission = core.Ring(4, 100), core.Admission()
    counters = (admission.came, admission.gone)
    wrong: list[tuple[Any, ...]] = [
        *((ring.enter, admission, other) for other in ("text", bytearray(1), None)),
        (ring.enter, ring, b"x"),
        (ring.enter, admission),
        *((ring.put_back, Taken(records, 0)) for records in ([b"x"], ("x",), None)),
        (ring.put_back, Taken((), "0")),
        *((core.Ring, *arguments) for arguments in ((), (1,), ("1", 2))),
        *((call, *more) for call in counters for more in ((1,), (1, "2"), ("1", 2))),
        (admission.has_room, "1"),
    ]
    for call, *arguments in wrong:
        with pytest.raises(TypeError):
            call(*arguments)
    with pytest.raises(AttributeError):
        ring.put_back((b"x",))
    assert len(ring) == 0
    assert admission.snapshot() == (0, 0)

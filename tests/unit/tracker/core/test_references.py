"""References of the compiled core: what it takes it gives back, on good ways and on bad ones."""

from __future__ import annotations

import gc
import os
import sys
import threading
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cores import COMPILED, NOW_MS, Taken, entrance_to, opened, plain_events, protobuf_list
from growingio_tracker.core import NEWS
from growingio_wire.table import Kind

pytestmark = pytest.mark.skipif(COMPILED is None, reason="not here: the core is pure")

ROUNDS = int(os.environ.get("CORE_ROUNDS", "500"))  # `make core-leaks` makes 100,000
# What an interpreter, and threads of other tests, keep meanwhile: free lists, a resized dict.
SPARE_BYTES = 100_000

OWNED: list[Any] = ["event name", "user é", b'{"deviceId":"d"}', b"not a record", print, NOW_MS]


class Receipt(COMPILED.ReceiptBase if COMPILED else object):  # type: ignore[misc]
    __slots__ = ()


def refused(call: Callable[..., Any], *arguments: Any) -> None:
    try:
        call(*arguments)
    except (TypeError, ValueError, IndexError, ZeroDivisionError):
        return
    raise AssertionError("it was not refused")


def encoding(name: Any, user: Any) -> Callable[[], Any]:
    events, small = plain_events(COMPILED), plain_events(COMPILED, 10)
    attributes = {"text": user, "int": 10**30, "float": 0.1 + 0.2, "short": 1.5, "yes": True}
    odd = {"a": 1, "b": None}

    def call() -> None:
        events.encode(name, None, user, None, attributes, OWNED[5])
        events.encode(name, name, user, user, {})
        for wrong in (odd, {"a": "\ud800"}, {"a": 10**5000}, [1]):
            events.encode(name, None, user, None, wrong)
        small.encode(name, None, user, None, attributes)
        refused(events.encode, name)
        refused(events.encode, name, None, user, None, None, "no time")

    return call


def constructing(name: Any, user: Any) -> Callable[[], Any]:
    def call() -> None:
        plain_events(COMPILED)
        refused(COMPILED.PlainEvents, ("a", "b"), ("c",) * 6, (("d", ""),), 5)
        refused(COMPILED.PlainEvents, ("a", ""), ("c",) * 6, (), 5)
        refused(COMPILED.PlainEvents, ("a", "b"), ("c", "d", "", "f", "g", "h"), (), 5)
        entrance_to(COMPILED, COMPILED.Admission(), COMPILED.Ring(1, 2), print)
        refused(entrance_to, COMPILED, name, COMPILED.Ring(1, 2), print)
        COMPILED.Ring(1, 2)
        COMPILED.Admission()
        Receipt(name, 1, 2)
        refused(Receipt, name, 1, user)
        protobuf_list(COMPILED, Kind.EVENT)
        refused(COMPILED.ProtobufList, 1, ((name, 1, "message", ((user, 1, "?", None),)),), print)

    return call


def filling(name: Any, user: Any) -> Callable[[], Any]:
    ring, admission, record = COMPILED.Ring(3, 100), COMPILED.Admission(), OWNED[2]

    def call() -> None:
        for _ in range(5):
            ring.enter(admission, record)
        first, records, _ = ring.take()
        ring.put_back(Taken(records, first))
        ring.drop_oldest()
        ring.take()
        ring.drop_all()
        refused(ring.drop_oldest)
        refused(ring.put_back, Taken((record, name), 0))
        refused(ring.put_back, Taken((record,), name))
        refused(ring.enter, admission, name)
        dropped = COMPILED.Ring(3, 100)
        dropped.enter(admission, record)

    return call


def raising(seq: int) -> None:
    raise ZeroDivisionError


def offering(name: Any, user: Any) -> Callable[[], Any]:
    there, record = opened(COMPILED), OWNED[2]
    raises = entrance_to(COMPILED, there.admission, there.ring, raising, outcomes=name)
    raises.open()

    def call() -> None:
        for _ in range(2):
            assert there.entrance.offer(record)
        there.ring.drop_all()
        refused(raises.offer, record)
        there.ring.drop_all()
        there.senders.add(1)
        assert there.entrance.offer(record)
        there.senders.add(threading.get_ident())
        there.entrance.offer(record)
        there.senders.clear()
        there.news.clear()
        there.admission.max_events = 0
        there.entrance.offer(record)
        there.admission.max_events = 1 << 40
        there.entrance.shut()
        there.entrance.offer(record)
        there.entrance.open()
        refused(there.entrance.offer, user)
        there.ring.drop_all()

    return call


def writing(name: Any, user: Any) -> Callable[[], Any]:
    good, bad = OWNED[2], OWNED[3]
    writer = protobuf_list(COMPILED, Kind.EVENT)
    numbers = b'{"eventType":"CUSTOM","attributes":{"a":0.30000000000000004}}'
    odd_writer = protobuf_list(COMPILED, Kind.EVENT, lambda record: b"x")
    wrong_writer = protobuf_list(COMPILED, Kind.EVENT, lambda record: user)

    def call() -> None:
        writer.encode([good, numbers])
        odd_writer.encode((bad, good))
        refused(writer.encode, (good, bad))
        refused(writer.encode, (good, name))
        refused(wrong_writer.encode, (good, bad))
        refused(writer.encode, 5)
        COMPILED.join_array([good, bad])
        refused(COMPILED.join_array, (good, name))

    return call


def counts() -> tuple[list[int], int]:
    gc.collect()
    return [sys.getrefcount(one) for one in OWNED], len(gc.get_objects())


def on_disk(name: Any, user: Any, control: int, segment: int) -> Callable[[], Any]:
    record, admission, content = OWNED[2], COMPILED.Admission(), COMPILED.packed(1, 5, 6, b"x")
    os.truncate(control, 4096)
    newest = COMPILED.SegmentBase()
    newest.number = segment
    way = entrance_to(COMPILED, admission, None, None, outcomes=name)
    way.open()

    def call() -> None:
        end = COMPILED.JournalEnd(1, 5, 1 << 40)
        end.keep_time(raising, None)
        end.write_directly(control, 2048)
        end.newest = newest
        refused(end.enter, admission, record)
        end.keep_time(lambda: 5, None)
        assert end.enter(admission, record) == NEWS - 5
        refused(end.enter, admission, user)
        refused(setattr, end, "newest", name)
        way.lead_to(end, 7, raising)
        assert way.offer(record)
        end.waiting = 0
        refused(way.offer, record)
        way.lead_to(None, 0, None)
        os.truncate(segment, 0)
        entries = COMPILED.Entries(1)
        entries.add(content * 3, 0)
        entries.add(COMPILED.packed(1, 1, 6, b"y"), 0)
        for told in (entries.run(0, 9, 99), entries.gaps(0, 99), entries.next(0)):
            assert told
        refused(entries.add, name, 0)
        refused(entries.next, name)

    return call


def assert_nothing_leaks(call: Callable[[], Any]) -> None:
    """After many rounds everything has as many references as before, and memory is the same."""
    for _ in range(100):
        call()
    tracemalloc.start()
    try:
        before, size_before = counts(), tracemalloc.get_traced_memory()[0]
        nones = sys.getrefcount(None)  # once what is garbage has given its own back
        for _ in range(ROUNDS):
            call()
        after, size_after = counts(), tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert after[0] == before[0]
    # It has those of others, too; from 3.12 on they are not counted.
    assert abs(sys.getrefcount(None) - nones) < min(ROUNDS, 1000)
    assert abs(after[1] - before[1]) < 100
    assert size_after - size_before < SPARE_BYTES


@pytest.mark.parametrize("make", [encoding, constructing, filling, offering, writing])
def test_nothing_leaks(make: Callable[[Any, Any], Callable[[], Any]]) -> None:
    """What a call takes it gives back."""
    assert_nothing_leaks(make(*OWNED[:2]))


@pytest.mark.skipif(os.name == "nt", reason="not here: no call is direct")
def test_nothing_leaks_on_disk(tmp_path: Path) -> None:
    """So do calls whose records go to disk."""
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND
    control, segment = (os.open(tmp_path / name, flags) for name in ("control", "segment"))
    try:
        assert_nothing_leaks(on_disk(OWNED[0], OWNED[1], control, segment))
    finally:
        os.close(control)
        os.close(segment)

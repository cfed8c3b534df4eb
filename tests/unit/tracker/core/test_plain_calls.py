"""Whole calls: from what they were given to a receipt."""

from __future__ import annotations

import contextlib
import gc
import signal
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest

from cores import COMPILED, Opened, entrance_to, opened, plain_events
from growingio_tracker.core import NOT_PLAIN, pure

EVENT = ("paid", None, "u", None, {"n": 1})


class Calls:
    """Calls whose way leads to an open entrance, and what is accepted besides."""

    def __init__(self, core: Any) -> None:
        self.there: Opened = opened(core, max_events=100, max_bytes=10_000)
        self.accepted: list[tuple[object, bytes]] = []
        self.bound: object = None
        self.way = core.ShortWay()
        self.way.lead_to(self.there.entrance)
        self.calls = core.PlainCalls(
            plain_events(core, 500), self.way, self.accept, "kind", lambda: self.bound
        )

    def accept(self, kind: object, record: bytes) -> str:
        self.accepted.append((kind, record))
        return "accepted"


@pytest.fixture
def some(core: Any) -> Calls:
    return Calls(core)


def test_short_way(core: Any, some: Calls) -> None:
    """A plain event goes into the ring, and nobody else is asked."""
    receipt = some.calls.track(*EVENT)
    assert type(receipt) is core.ReceiptBase
    assert some.accepted == []
    [record] = some.there.ring.take()[1]
    assert msgspec.json.decode(record)["attributes"] == {"n": 1}


def test_long_way(some: Calls) -> None:
    """Where the entrance is shut, or there is none, the record is accepted."""
    some.there.entrance.shut()
    assert some.calls.track(*EVENT) == "accepted"
    some.there.entrance.open()
    some.way.lead_to(None)
    assert some.calls.take(*EVENT) == "accepted"
    [(kind, record), (_, other)] = some.accepted
    assert kind == "kind"
    assert len(record) == len(other)
    assert len(some.there.ring) == 0


def test_other_entrance(core: Any, some: Calls) -> None:
    """Another entrance may take the place of the first."""
    other = opened(core)
    some.way.lead_to(other.entrance)
    some.calls.track(*EVENT)
    assert (len(some.there.ring), len(other.ring)) == (0, 1)


def test_bound(some: Calls) -> None:
    """While something is bound track() leaves the call alone, and take() does not ask."""
    some.bound = object()
    assert some.calls.track(*EVENT) is NOT_PLAIN
    assert some.calls.take(*EVENT) is not NOT_PLAIN
    assert len(some.there.ring) == 1


@pytest.mark.parametrize(
    "event", [("", None, "u", None, None), ("e", None, None, None, None), ("e" * 500, *EVENT[1:])]
)
def test_not_plain(some: Calls, event: Any) -> None:
    """What is not plain is left alone by both."""
    assert some.calls.track(*event) is NOT_PLAIN
    assert some.calls.take(*event) is NOT_PLAIN
    assert len(some.there.ring) == 0
    assert some.accepted == []


def test_errors(core: Any, some: Calls) -> None:
    """What accepting raises comes through, and so does what the bindings raise."""

    def broken(*_: object) -> object:
        raise ZeroDivisionError

    events = plain_events(core)
    for way, accept, bindings in (
        (core.ShortWay(), broken, lambda: None),
        (some.way, print, broken),
    ):
        with pytest.raises(ZeroDivisionError):
            core.PlainCalls(events, way, accept, "kind", bindings).track(*EVENT)
    for count in (4, 7):
        for call in (some.calls.track, some.calls.take):
            with pytest.raises(TypeError):
                call(*["e"] * count)


def test_no_room(some: Calls) -> None:
    """What finds no room is accepted, where the policy decides."""
    some.calls.track(*EVENT)
    some.there.admission.max_events = 1
    assert some.calls.track(*EVENT) == "accepted"
    assert some.there.admission.snapshot()[0] == len(some.there.ring) == 1


def test_news(some: Calls) -> None:
    """The record that begins a wait and the one that fills a batch are announced."""
    for _ in range(150):
        assert some.calls.track(*EVENT) != "accepted"
    size = some.there.ring.size // 150
    assert some.there.news == [0, (10_000 - 1) // size, 99]


def test_sending_thread(some: Calls) -> None:
    """The event of a thread that is making a request is accepted."""
    some.there.senders.add(threading.get_ident())
    assert some.calls.track(*EVENT) == "accepted"
    assert len(some.there.ring) == 0


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="not here: there is no timer")
def test_c4_signals() -> None:
    """C4: A signal handler that tracks and raises amid a call in Python splits nothing.

    Its exception comes through, the counts are right, and others can get in afterwards.
    """
    some, raised = Calls(pure), [0]
    some.there.admission.max_bytes = some.there.admission.max_events = 1 << 40
    amid = some.calls.track.__code__

    class Stop(Exception):
        pass

    def handler(_: int, frame: Any) -> None:
        some.calls.take(*EVENT)
        signal.setitimer(signal.ITIMER_REAL, 0.0002)
        if frame.f_code is amid:
            raised[0] += 1
            raise Stop

    before = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.0002)
    try:
        while raised[0] < 300:
            with contextlib.suppress(Stop):
                for _ in range(1000):
                    some.calls.track(*EVENT)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    ring, admission = some.there.ring, some.there.admission
    assert admission.snapshot() == (len(ring), ring.size)
    assert ring.next_seq == len(ring)
    assert ring.size == sum(map(len, ring.waiting))
    lock = some.there.entrance.inside[1].lock
    with ThreadPoolExecutor(1) as another:
        assert another.submit(lock.acquire, timeout=10).result(), "nobody can get in any more"


def test_c4_entering_interrupted() -> None:
    """C4: Who is interrupted while waiting to get in leaves the room to whom it belongs."""
    lock = InterruptedLock()
    there = opened(pure, max_events=100, max_bytes=10_000)
    entrance = entrance_to(pure, there.admission, there.ring, there.news.append, lock=lock)
    entrance.open()
    way = pure.ShortWay()
    way.lead_to(entrance)
    calls = pure.PlainCalls(plain_events(pure), way, print, "kind", lambda: None)
    with lock:
        lock.interrupts = True
        with ThreadPoolExecutor(1) as another, pytest.raises(KeyboardInterrupt):
            another.submit(calls.track, *EVENT).result(10)
        lock.interrupts = False
        assert lock.is_owned()
    assert calls.track(*EVENT) is not NOT_PLAIN
    assert there.admission.snapshot()[0] == len(there.ring) == 1


class InterruptedLock:
    """A lock whose waiting threads are interrupted, while that is wished."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self.release = self._lock.release
        self.is_owned: Any = getattr(self._lock, "_is_owned")  # noqa: B009 - it has no public name
        self.interrupts = False

    def acquire(self) -> bool:
        if self.interrupts:
            raise KeyboardInterrupt
        return self._lock.acquire()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


def test_garbage(core: Any) -> None:
    """Calls that are part of a cycle are collected."""
    some = Calls(core)
    gone = weakref.ref(some)
    del some
    gc.collect()
    assert gone() is None


@pytest.mark.skipif(COMPILED is None, reason="not here: the core is pure")
def test_wrong_types() -> None:
    """What it cannot work with is refused when it is made."""
    events, way = plain_events(COMPILED), COMPILED.ShortWay()
    for wrong in ((way, events), (events, None), (events,), (None, way)):
        with pytest.raises(TypeError):
            COMPILED.PlainCalls(*wrong, print, "kind", print)
    with pytest.raises(TypeError):
        way.lead_to("elsewhere")

"""The short way into the waiting room."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
import threading
import time
import weakref
from typing import Any

import pytest

from cores import COMPILED, entrance_to, opened


def test_receipt(core: Any) -> None:
    """A receipt says where its event is."""
    there = opened(core)
    for seq in range(2):
        receipt = there.entrance.offer(b"x")
        assert type(receipt) is core.ReceiptBase
        assert (receipt._outcomes, receipt._lane, receipt._seq) == (there.outcomes, 7, seq)
    assert there.admission.snapshot() == (2, 2)
    assert len(there.ring) == 2


def test_own_receipts(core: Any) -> None:
    """Receipts are of the class that it was made with, and of no other."""

    class Receipt(core.ReceiptBase):  # type: ignore[misc]
        if core is COMPILED:
            __slots__ = ()

    there = opened(core)
    entrance = entrance_to(
        core, there.admission, there.ring, there.news.append, outcomes="o", receipt_type=Receipt
    )
    entrance.open()
    receipt = entrance.offer(b"x")
    assert type(receipt) is Receipt
    assert (receipt._outcomes, receipt._lane, receipt._seq) == ("o", 7, 0)
    made = Receipt("another", 3, 4)
    assert (made._outcomes, made._lane, made._seq) == ("another", 3, 4)


def test_news(core: Any) -> None:
    """It announces the record that begins a wait, and the one that fills a batch."""
    there = opened(core, max_events=3)
    for _ in range(5):
        there.entrance.offer(b"x")
    assert there.news == [0, 2]


def test_news_go_the_long_way(core: Any) -> None:
    """Where there is nobody to tell, it lets in only what begins no wait and fills no batch."""
    there = opened(core, max_events=4, max_bytes=10)
    entrance = entrance_to(core, there.admission, there.ring, None)
    entrance.open()
    assert entrance.offer(b"x") is None
    assert there.entrance.offer(b"x")
    assert [entrance.offer(b"x") is None for _ in range(3)] == [False, False, True]
    assert there.entrance.offer(b"x")
    assert entrance.offer(b"x"), "a batch was full before"
    assert there.admission.snapshot() == (5, 5)
    there.ring.take()
    assert entrance.offer(b"x" * 9) is None
    assert entrance.offer(b"x" * 8)
    assert len(there.ring) == 2


def test_many_waiting(core: Any) -> None:
    """A call costs the same with 1,000,000 events waiting as with 1,000."""
    offer = opened(core, max_events=10**9, max_bytes=10**9).entrance.offer

    def quickest() -> float:
        """Offer 20,000 events; return what the quickest thousand of them took."""
        took: list[float] = []
        for _ in range(20):
            begun = time.perf_counter()
            for _ in range(1000):
                offer(b"x")
            took.append(time.perf_counter() - begun)
        return min(took)

    few = quickest()
    for _ in range(1_000_000):
        offer(b"x")
    assert any(quickest() < 2 * few for _ in range(5)), "not even once on a machine that is busy"


def test_announcing_raises(core: Any) -> None:
    """What announcing raises comes through, and the record is in."""
    there = opened(core)

    def announce(seq: int) -> None:
        raise KeyboardInterrupt

    entrance = entrance_to(core, there.admission, there.ring, announce)
    entrance.open()
    with pytest.raises(KeyboardInterrupt):
        entrance.offer(b"x")
    assert there.admission.snapshot() == (1, 1)
    assert len(there.ring) == 1


def test_announcing_shuts(core: Any) -> None:
    """Announcing may shut it, and track."""
    there = opened(core)
    entrances: list[Any] = []

    def announce(seq: int) -> None:
        entrances[0].shut()
        assert entrances[0].offer(b"x") is None
        entrances[0].open()
        assert entrances[0].offer(b"x")._seq == seq + 1

    entrances.append(entrance_to(core, there.admission, there.ring, announce))
    entrances[0].open()
    assert entrances[0].offer(b"x")._seq == 0
    assert there.admission.snapshot() == (2, 2)


def test_full(core: Any) -> None:
    """What finds no room goes the long way, which knows the policy."""
    there = opened(core)
    there.admission.max_events = 1
    assert there.entrance.offer(b"x") is not None
    assert there.entrance.offer(b"x") is None
    assert there.admission.snapshot() == (1, 1)


def test_shut(core: Any) -> None:
    """It is shut until it is opened, and again afterwards."""
    there = opened(core)
    entrance = entrance_to(core, there.admission, there.ring, print)
    assert not entrance.is_open
    assert entrance.offer(b"x") is None
    assert there.entrance.is_open
    there.entrance.shut()
    assert not there.entrance.is_open
    assert there.entrance.offer(b"x") is None
    assert len(there.ring) == 0


def test_sending_thread(core: Any) -> None:
    """The event of a thread that is amid a request goes the long way, others do not."""
    there = opened(core)
    there.senders.add(1)
    assert there.entrance.offer(b"x") is not None
    there.senders.add(threading.get_ident())
    assert there.entrance.offer(b"x") is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="not here: there is no fork")
def test_fork(core: Any) -> None:
    """F1: A forked child finds its parent's entrance shut, and can open one of its own."""
    there = opened(core)
    assert there.entrance.offer(b"x") is not None
    assert answer_of_child(lambda: child(core, there)) == b"shut open 1"
    assert there.entrance.offer(b"x") is not None
    assert len(there.ring) == 2


@pytest.mark.skipif(sys.platform != "linux", reason="not here: it needs Linux's pages")
def test_fork_past_python(core: Any) -> None:
    """F1: It holds also when no hook of Python's runs at the fork."""
    ctypes = pytest.importorskip("ctypes")
    there = opened(core)
    fork = ctypes.PyDLL(None).fork
    assert answer_of_child(lambda: child(core, there), fork) == b"shut open 1"


def child(core: Any, there: Any) -> bytes:
    shut = there.entrance.offer(b"x") is None and not there.entrance.is_open
    own = opened(core)
    own.entrance.offer(b"x")
    nested = answer_of_child(lambda: b"%d" % (own.entrance.offer(b"x") is None))
    return b" ".join(
        [b"shut" if shut else b"open", b"open" if own.entrance.is_open else b"shut", nested]
    )


def answer_of_child(answer: Any, fork: Any = None) -> bytes:
    reading, writing = os.pipe()
    child = (fork or os.fork)()
    if child == 0:
        try:
            os.write(writing, answer())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        found = pipe.read()
    os.waitpid(child, 0)
    return found


@pytest.mark.skipif(not hasattr(os, "fork"), reason="not here: there is no fork")
def test_process_number(core: Any) -> None:
    """F1: A process keeps its number; no process that descends from it has the same."""
    number = core.process_number
    assert number() == number() > 0

    def grandchild() -> bytes:
        own = number()
        return b"%d %s" % (own, answer_of_child(lambda: b"%d" % number()))

    numbers = [number(), *map(int, answer_of_child(grandchild).split())]
    assert len(set(numbers)) == 3


@pytest.mark.parametrize("threads", [1, 8])
def test_threads(core: Any, threads: int) -> None:
    """C4: Under threads every event is counted once, has a seq of its own, and is in."""
    there = opened(core, max_events=100, max_bytes=1 << 20)
    rounds = 2000
    seqs: list[list[int]] = [[] for _ in range(threads)]

    def offer(own: list[int]) -> None:
        for _ in range(rounds):
            own.append(there.entrance.offer(b"xy")._seq)

    started = [threading.Thread(target=offer, args=(own,)) for own in seqs]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    assert sorted(seq for own in seqs for seq in own) == list(range(threads * rounds))
    assert all(own == sorted(own) for own in seqs)
    assert there.admission.snapshot() == (threads * rounds, 2 * threads * rounds)
    assert (len(there.ring), there.ring.size) == there.admission.snapshot()


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="not here: there is no timer")
@pytest.mark.skipif(COMPILED is None, reason="not here: the core is pure")
def test_signals() -> None:
    """C4: A signal handler that tracks, or raises, never splits what one call does."""
    there = opened(COMPILED, max_events=50, max_bytes=1 << 20)
    inside = [0]

    class Stop(Exception):
        pass

    def handler(_: int, frame: Any) -> None:
        there.entrance.offer(b"sig")
        inside[0] += 1
        if inside[0] >= 200:
            signal.setitimer(signal.ITIMER_REAL, 0)
        elif inside[0] % 2 and frame.f_code is track.__code__:  # elsewhere nobody would catch it
            raise Stop

    def track() -> None:
        while inside[0] < 200:
            there.entrance.offer(b"abc")
            if len(there.ring) > 5000:
                there.ring.take()

    before = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    while inside[0] < 200:
        with contextlib.suppress(Stop):
            track()
    signal.signal(signal.SIGALRM, before)
    assert there.ring.size == 3 * len(there.ring)
    assert there.admission.pending_bytes == 3 * there.admission.pending
    assert there.admission.pending == there.ring.next_seq


def test_garbage(core: Any) -> None:
    """A consumer that refers to itself through its entrance, or through receipts, is collected."""

    class Owner:
        receipt: Any

    there, owner = opened(core), Owner()
    entrance = entrance_to(core, there.admission, there.ring, owner.__repr__, outcomes=owner)
    owner.receipt = entrance, core.ReceiptBase(owner, 1, 2)
    gone = weakref.ref(owner)
    del owner, there, entrance
    gc.collect()
    assert gone() is None


@pytest.mark.skipif(COMPILED is None, reason="not here: the core is pure")
def test_wrong_types() -> None:
    """What it cannot work with is refused when it is made."""
    there = opened(COMPILED)
    base = COMPILED.ReceiptBase
    good: Any = (base, None, there.admission, there.ring, 1, set(), print, None)
    assert COMPILED.Entrance(*good)
    for at, wrong in ((0, int), (0, 5), (2, there.ring), (3, there.admission), (4, "1"), (5, [])):
        arguments = [*good]
        arguments[at] = wrong
        with pytest.raises(TypeError):
            COMPILED.Entrance(*arguments)
    with pytest.raises(TypeError):
        there.entrance.offer("text")
    for arguments in ([], [None, 1], [None, 1, "2"]):
        with pytest.raises(TypeError):
            base(*arguments)

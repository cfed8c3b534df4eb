"""Signal handlers, which run in the midst of our calls."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from delivering.processes import run_well
from delivering.servers import Server
from drawing import examples

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="not here: no setitimer")

PREAMBLE = """
    import signal, sys, threading
    from growingio_tracker import *
    from growingio_tracker.testing import MemoryTransport

    transport = MemoryTransport()
    # Calls are faster than any delivery, and so many signals take a while.
    options = dict(max_size=50, transport=transport, queue=QueueLimits(10**7, 2**31))
    consumer = eval(sys.argv[1])
    tracker = GrowingTracker.consumer(consumer)

    def track():
        tracker.track_custom_event("a", anonymous_id="x")
"""


CONSUMERS = {
    "async": 'AsyncBufferedConsumer("p", "d", "http://x.example", **options)',
    "durable": 'DurableConsumer("p", "d", "http://x.example", spool=sys.argv[2], **options)',
}
consumers = pytest.mark.parametrize("consumer", CONSUMERS.values(), ids=CONSUMERS)


def test_e1_handlers_that_raise() -> None:
    """A signal handler that raises out of a call, as servers do to end, locks nothing for ever.

    Five hundred signals come at any moment of a call. After that others can still track, and
    every event that was accepted is delivered.
    """
    code = f"""{PREAMBLE}
    class End(BaseException):
        pass

    armed = False
    def handler(number, frame):
        global armed
        if armed:
            armed = False  # nobody would catch a second one
            raise End
    signal.signal(signal.SIGALRM, handler)
    sys.unraisablehook = lambda error: None  # it may hit a destructor, where nobody can catch it

    for number in range(500):
        try:
            armed = True
            signal.setitimer(signal.ITIMER_REAL, 0.0002 + number % 97 * 1e-6)
            for _ in range(2000):
                track()
        except End:
            pass
        armed = False
    other = threading.Thread(target=track, daemon=True)
    other.start()
    other.join(60)
    assert not other.is_alive(), "the lock stayed locked"
    assert consumer.flush(20), consumer.stats()
    assert consumer.close(20), consumer.stats()
    stats = consumer.stats()
    assert stats.delivered == stats.accepted, stats
    """
    run_well(code, CONSUMERS["async"])


@consumers
def test_e3_handlers_that_track_and_close(consumer: str, tmp_path: Path) -> None:
    """A signal handler may track, flush and in the end close, whatever call it interrupts."""
    code = f"""{PREAMBLE}
    calls = 0
    def handler(number, frame):
        global calls
        calls += 1
        track()
        consumer.flush(0)
        consumer.stats()
        if calls < 300:
            signal.setitimer(signal.ITIMER_REAL, 0.0005)
        else:
            # What the interrupted call has found a place for, but not put there, cannot leave.
            assert consumer.close(5) or consumer.stats().pending == 1, consumer.stats()
    signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.0005)
    while calls < 300:
        track()
    stats = consumer.stats()
    assert set(stats.dropped) <= {{"closed"}}, stats
    # A call that was interrupted between finding a place and taking it comes after the end.
    assert stats.pending <= 1, stats
    lost = stats.dropped.get("closed", 0)
    assert stats.accepted == stats.delivered + lost + stats.pending, stats
    """
    run_well(code, consumer, str(tmp_path))


@consumers
def test_e1_handlers_that_flush_and_raise(consumer: str, tmp_path: Path) -> None:
    """Handlers that interrupt each other, flush, track and raise break no call and lose nothing."""
    code = f"""{PREAMBLE}
    import random

    class End(BaseException):
        pass

    depth, tracking, raised, random = 0, False, 0, random.Random(1)
    def handler(number, frame):
        global depth, raised, tracking
        if depth > 2:
            return
        depth += 1
        try:
            what = random.random()
            if what < 0.6:
                track()
            elif what < 0.8:
                consumer.flush(0)
            elif what < 0.9 and tracking:
                raised += 1
                tracking = False  # nobody would catch a second one
                raise End
        finally:
            depth -= 1
    signal.signal(signal.SIGALRM, handler)
    sys.unraisablehook = lambda error: None
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.0005)
    while raised < 200:
        try:
            tracking = True
            track()
            tracking = False
        except End:
            pass
    signal.setitimer(signal.ITIMER_REAL, 0)
    assert consumer.flush(20), consumer.stats()
    stats = consumer.stats()
    assert stats.delivered == stats.accepted, stats
    """
    run_well(code, consumer, str(tmp_path))


@pytest.mark.parametrize("core", ["compiled", "pure"])
@pytest.mark.parametrize("overflow", ["drop_new", "drop_oldest", "block", "raise"])
@consumers
def test_c2_storms(consumer: str, overflow: str, core: str, tmp_path: Path) -> None:
    """C2, C4: Handlers and destructors that track amid calls to a full queue break no call.

    Signals come all the time, and so does the garbage collector. The counts agree afterwards, and
    what is counted as pending is there.
    """
    code = f"""{PREAMBLE}
    import gc, time
    options = dict(
        max_size=50,
        retry_limit=0,
        queue=QueueLimits(50, overflow={overflow!r}, block_s=0.0005),
        transport=MemoryTransport([503] * 9999),
    )
    consumer = eval(sys.argv[1])
    tracker = GrowingTracker.consumer(consumer)
    tracked = inside = 0

    def track_once():
        global tracked
        tracked += 1
        try:
            track()
        except QueueFullError:
            assert {overflow!r} == "raise"

    def handler(number, frame):
        global inside
        if not inside:
            inside = 1
            track_once()
            inside = 0

    class Garbage:
        def __init__(self):
            self.me = self

        def __del__(self):
            handler(0, None)

    gc.set_threshold(20, 2, 2)
    signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.0003)
    for _ in range({examples(600 if overflow == "block" else 3000)}):
        Garbage()
        track_once()
    signal.setitimer(signal.ITIMER_REAL, 0)
    gc.disable()
    before = None
    while tracked != before:  # the worker's thread may still be collecting garbage
        before = tracked
        while inside:
            time.sleep(0.001)
        stats = consumer.stats()
    assert stats.accepted == before, (stats, before)
    assert 0 < stats.pending <= 51, stats  # a call interrupted amid finding room comes second
    consumer.close(0)
    left = consumer.stats().dropped.get("undelivered", 0)
    if len(sys.argv) > 2:
        from pathlib import Path
        from growingio_tracker.delivery.spool.inspection import waiting_in
        deadline = time.monotonic() + 60
        while not (there := sum(1 for _ in waiting_in(Path(sys.argv[2])))):
            if time.monotonic() > deadline:
                break
            time.sleep(0.01)  # the worker may still have the store
        left += there
    assert stats.pending - left in (0, 1), (stats, left)
    """
    folder = [str(tmp_path)] if "spool" in consumer else []
    run_well(code, consumer, *folder, GROWINGIO_PURE="1" if core == "pure" else "")


def test_e1_sigterm_that_exits() -> None:
    """A process whose SIGTERM handler calls sys.exit, as many do, delivers what it queued."""
    with Server() as server:
        run_well(
            """
    import os, signal, sys, time
    from growingio_tracker import *
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    consumer = AsyncBufferedConsumer("p", "d", sys.argv[1], flush_after=3600)
    GrowingTracker.consumer(consumer).track_custom_event("a", anonymous_id="x")
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(60)
    """,
            server.url,
        )
        assert server.names == ["a"]

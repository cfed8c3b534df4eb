"""Signal handlers, which run in the midst of our calls."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from delivering.processes import run_well
from delivering.servers import Server

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="not here: no setitimer")

PREAMBLE = """
    import signal, sys, threading
    from growingio_tracker import *
    from growingio_tracker.testing import MemoryTransport

    transport = MemoryTransport()
    options = dict(max_size=50, transport=transport)
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
        if armed:
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
    other.join(20)
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
            assert consumer.close(20), consumer.stats()
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

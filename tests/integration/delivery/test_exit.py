"""E1, E2, F2 in real processes."""

from __future__ import annotations

import pytest

from delivering.consumers import IN_MEMORY
from delivering.processes import run, run_well
from delivering.servers import BlackHole, Server, refused_url, reply

PREAMBLE = """
    import sys, threading, time
    from growingio_tracker import *

    url = sys.argv[1]

    def started(consumer):
        tracker = GrowingTracker.consumer(consumer)
        tracker.track_custom_event("a", anonymous_id="x")
        tracker.track_custom_event("b", anonymous_id="x")
        return tracker
"""


@pytest.mark.parametrize("consumer", IN_MEMORY.values(), ids=IN_MEMORY)
@pytest.mark.parametrize(
    ("end", "code"),
    [("pass", 0), ("sys.exit(3)", 3), ("raise KeyError", 1), ("raise KeyboardInterrupt", -2)],
)
def test_e1_events_leave_at_the_end(consumer: str, end: str, code: int) -> None:
    """However a process ends by itself, what it queued is delivered, once, and its code is kept."""
    with Server() as server:
        ended = run(f"{PREAMBLE}\n    tracker = started({consumer})\n    {end}\n", server.url)
        assert ended.returncode in {code, 130 if code == -2 else code}
        assert server.names == ["a", "b"]


def test_e1_the_consumer_was_forgotten() -> None:
    """A consumer that was garbage-collected with events in it delivers them at exit."""
    with Server() as server:
        code = f"""{PREAMBLE}
    import gc
    started({IN_MEMORY["async"]})
    gc.collect()
        """
        run_well(code, server.url)
        assert server.names == ["a", "b"]


def test_e1_events_tracked_at_exit() -> None:
    """Events that a program's own atexit handler tracks are delivered."""
    with Server() as server:
        code = f"""{PREAMBLE}
    import atexit
    tracker = started({IN_MEMORY["async"]})
    atexit.register(lambda: tracker.track_custom_event("last", anonymous_id="x"))
        """
        run_well(code, server.url)
        assert server.names == ["a", "b", "last"]


def test_e1_first_event_at_exit() -> None:
    """A consumer whose first event comes when threads can no longer start delivers it, too."""
    with Server() as server:
        code = f"""{PREAMBLE}
    import atexit
    consumer = {IN_MEMORY["async"]}
    atexit.register(lambda: started(consumer))
        """
        run_well(code, server.url)
        assert server.names == ["a", "b"]


def test_e1_threads_of_the_program() -> None:
    """What a non-daemon thread tracks after the main thread has ended is delivered."""
    with Server() as server:
        code = f"""{PREAMBLE}
    def late():
        threading.main_thread().join()
        started({IN_MEMORY["async"]})
    threading.Thread(target=late).start()
        """
        run_well(code, server.url)
        assert server.names == ["a", "b"]


def test_e1_many_consumers_share_one_deadline() -> None:
    """Eight consumers at a silent server delay the exit by one deadline, not by eight.

    The process measures from its last statement to its very last atexit handler, and what it
    prints is compared with two deadlines; eight would be sixteen seconds.
    """
    with BlackHole() as hole:
        code = """
    import atexit, sys, time
    atexit.register(lambda: print(time.monotonic() - began))
    from growingio_tracker import *
    url = sys.argv[1]
    for number in range(4):
        for consumer in (
            AsyncBufferedConsumer("p", "d", url, flush_after=3600, close_timeout_s=2),
            BufferedConsumer("p", "d", url, close_timeout_s=2),
        ):
            GrowingTracker.consumer(consumer).track_custom_event("a", anonymous_id="x")
    began = time.monotonic()
        """
        ended = run(code, hole.url)
        assert ended.returncode == 0
        assert float(ended.stdout) < 4.0, ended.stdout


@pytest.mark.parametrize("consumer", IN_MEMORY.values(), ids=IN_MEMORY)
def test_e2_unreachable_server(consumer: str) -> None:
    """With nobody listening the process ends, and says how many events were lost."""
    code = f"""{PREAMBLE}
    import logging
    logging.basicConfig(format="%(name)s %(message)s", stream=sys.stdout)
    started({consumer})
    """
    printed = run_well(code, refused_url())
    assert "growingio_tracker.delivery undelivered: closing ended before" in printed
    assert "events lost: 2" in printed


def test_e2_retry_after_does_not_delay_the_exit() -> None:
    """A server that asks for five minutes' patience does not get them at exit."""
    with Server(*[reply(503, "retry-after: 300")] * 50) as server:
        ended = run(f"{PREAMBLE}\n    started({IN_MEMORY['buffered']})", server.url)
        assert ended.returncode == 0
        assert server.names[:2] == ["a", "b"]


def test_e3_closed_before_the_end() -> None:
    """What was closed is not closed again, and a process that closed ends like any other."""
    with Server() as server:
        code = f"{PREAMBLE}\n    print(started({IN_MEMORY['async']}).close())"
        assert run_well(code, server.url) == "True\n"
        assert server.names == ["a", "b"]


def test_f2_no_thread_and_no_socket() -> None:
    """Importing and constructing start no thread and open no socket; the first event does.

    urllib3, when imported, makes a socket for a moment to see whether there is IPv6.
    """
    code = """
    import gc, socket, sys, threading

    opened = []
    def watch(event, arguments):
        if event == "socket.connect" or event.startswith("_thread.start"):
            opened.append(event)
    sys.addaudithook(watch)

    from growingio_tracker import *
    url = sys.argv[1]
    consumers = [
        kind("p", "d", url)
        for kind in (DefaultConsumer, BufferedConsumer, AsyncBufferedConsumer)
    ]
    trackers = [GrowingTracker.consumer(consumer) for consumer in consumers]
    for consumer in consumers:
        consumer.stats(), consumer.healthy(), consumer.flush()
    assert opened == [], opened
    assert not [one for one in gc.get_objects() if isinstance(one, socket.socket)]
    assert threading.active_count() == 1
    trackers[2].track_custom_event("a", anonymous_id="x")
    assert threading.active_count() == 2
    assert consumers[2].close()
    assert "socket.connect" in opened
    """
    with Server() as server:
        run_well(code, server.url)
        assert server.names == ["a"]


def test_h3_a_process_prints_nothing() -> None:
    """With logging as Python has it by default, no consumer prints, whatever happens to it."""
    with Server(*[503, 400, 404] * 30) as server:
        code = f"""{PREAMBLE}
    for consumer in ({", ".join(IN_MEMORY.values())}):
        tracker = started(consumer)
        try:
            tracker.flush(0.01)
        except GrowingIOException:
            pass
        tracker.close(0)
        started(consumer)
    """
        run_well(code, server.url)


def test_h5_disabled_process() -> None:
    """GROWINGIO_DISABLED=1 keeps a whole program from sending."""
    with Server() as server:
        code = f"{PREAMBLE}\n    started({IN_MEMORY['async']}); started({IN_MEMORY['buffered']})"
        run_well(code, server.url, GROWINGIO_DISABLED="1")
        assert server.connections == 0

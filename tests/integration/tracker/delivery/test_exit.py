"""E1, E2, F2 in real processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from delivering.consumers import IN_MEMORY, QUEUING
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
    prints is compared with five deadlines; eight would be sixteen seconds.
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
        assert float(ended.stdout) < 10.0, ended.stdout


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


LATE = (
    """
    import atexit, sys, time
    folder = sys.argv[2]
    later = []
    # Registered before the package, so that it runs behind the package's own handler.
    atexit.register(lambda: [call() for call in later])
"""
    + PREAMBLE
)


class TestLate:
    """E5: events that come when the exit handler has run."""

    @pytest.mark.parametrize("consumer", QUEUING.values(), ids=QUEUING)
    @pytest.mark.parametrize("before", [True, False], ids=["used before", "first event"])
    def test_e5_older_exit_handler(self, consumer: str, before: bool, tmp_path: Path) -> None:
        """What an older atexit handler tracks is sent, in its call; receipts say so."""
        code = f"""{LATE}
    consumer = {consumer}
    tracker = started(consumer) if {before} else GrowingTracker.consumer(consumer)

    def late():
        for name in ("late", "last"):
            tracker.track_custom_event(name, anonymous_id="x")
            print(consumer.stats().pending)
    later.append(late)
    """
        with Server() as server:
            assert run_well(code, server.url, str(tmp_path)) == "0\n0\n"
            assert server.names == [*(["a", "b"] if before else []), "late", "last"]

    def test_e5_logging_shutdown(self) -> None:
        """Records that a MemoryHandler holds until logging.shutdown() are sent."""
        code = f"""{PREAMBLE}
    import logging, logging.handlers
    from growingio_tracker.integrations.logging_handler import EventHandler
    tracker = started({IN_MEMORY["async"]})
    buffer = logging.handlers.MemoryHandler(1000, logging.CRITICAL, EventHandler(tracker, "log"))
    app = logging.getLogger("app")
    app.propagate = False
    app.addHandler(buffer)
    app.warning("the last words")
    """
        with Server() as server:
            run_well(code, server.url)
            assert server.names == ["a", "b", "log"]

    @pytest.mark.parametrize("consumer", IN_MEMORY.values(), ids=IN_MEMORY)
    def test_e5_one_deadline(self, consumer: str, tmp_path: Path) -> None:
        """Late events at a silent server delay the exit by what remains of the deadline only."""
        hasty = consumer.replace(")", ", close_timeout_s=1)")
        code = f"""
    import atexit, time
    atexit.register(lambda: print(time.monotonic() - began))
    {LATE}
    tracker = started({hasty})
    later += [lambda: tracker.track_custom_event("late", anonymous_id="x")] * 5
    began = time.monotonic()
    """
        with BlackHole() as hole:
            ended = run(code, hole.url, str(tmp_path))
        assert ended.returncode == 0, ended.stderr
        assert float(ended.stdout) < 3.0, ended.stdout

    @pytest.mark.parametrize("consumer", IN_MEMORY.values(), ids=IN_MEMORY)
    def test_e5_loss_is_said(self, consumer: str, tmp_path: Path) -> None:
        """A late event that cannot be delivered is counted, and told to on_error."""
        code = f"""{LATE}
    told = []
    consumer = {consumer.replace(")", ", on_error=told.append)")}
    tracker = GrowingTracker.consumer(consumer)
    def late():
        tracker.track_custom_event("late", anonymous_id="x")
        print([problem.reason for problem in told], consumer.stats().dropped)
    later.append(late)
    """
        printed = run_well(code, refused_url(), str(tmp_path))
        assert printed == "['undelivered'] {'undelivered': 1}\n"

    def test_e5_durable_keeps_it(self, tmp_path: Path) -> None:
        """A late event of the durable strategy that cannot be delivered waits on disk."""
        consumer = QUEUING["durable"]
        late = 'later.append(lambda: tracker.track_custom_event("late", anonymous_id="x"))'
        code = f"{LATE}\n    tracker = GrowingTracker.consumer({consumer})\n    {late}"
        run_well(code, refused_url(), str(tmp_path))
        with Server() as server:
            spool = tmp_path / "spool"
            code = f"""
    import sys
    from growingio_tracker.delivery.spool.inspection import waiting_in
    from pathlib import Path
    print([one.record for one in waiting_in(Path({str(spool)!r}))])
    """
            assert "late" in run_well(code, server.url)

    @pytest.mark.parametrize("consumer", IN_MEMORY.values(), ids=IN_MEMORY)
    def test_e3_e5_stopped_consumer(self, consumer: str, tmp_path: Path) -> None:
        """A consumer that the program closed refuses late events, too."""
        code = f"""{LATE}
    consumer = {consumer}
    tracker = started(consumer)
    tracker.close()
    def late():
        tracker.track_custom_event("late", anonymous_id="x")
        print(consumer.stats().dropped)
    later.append(late)
    """
        with Server() as server:
            assert run_well(code, server.url, str(tmp_path)) == "{'closed': 1}\n"
            assert server.names == ["a", "b"]


ENDS_BESIDE_THREADS = """
    import gc, sys, threading
    from growingio_tracker import AsyncBufferedConsumer, DurableConsumer, GrowingTracker
    from growingio_tracker.testing import MemoryTransport

    consumer = {consumer}
    tracker = GrowingTracker.consumer(consumer)
    first = tracker.track_custom_event("first", anonymous_id="x")
    lock, held = consumer._pipelines.get().{lock}, threading.Event()

    def hold():
        while True:
            with lock:
                held.set()
                sum(range(10_000))

    class Late:
        def __init__(self):
            self.me = self  # the last garbage collection finds it

        def __del__(self, tracker=tracker, consumer=consumer, first=first):
            for _ in range(3):
                {action}

    for _ in range(3):
        threading.Thread(target=hold, daemon=True).start()
    held.wait()
    gc.disable()
    Late()
    """
LATE_ACTIONS = {
    "track": 'tracker.track_custom_event("late", anonymous_id="x")',
    "refuse": 'tracker.track_custom_event("", anonymous_id="x")',
    "receipt": "first.wait()",
    "flush": "consumer.flush()",
    "stats": "consumer.stats(), consumer.healthy()",
    "close": "consumer.close()",
}


@pytest.mark.parametrize("action", LATE_ACTIONS.values(), ids=LATE_ACTIONS)
def test_e3_destructors_at_the_very_end(action: str) -> None:
    """A destructor does not keep the process, whatever it does, although threads need its lock.

    The interpreter ends threads wherever they are: in possession of the lock, or waiting for it.
    """
    consumer = 'AsyncBufferedConsumer("p", "d", "http://x.example", transport=MemoryTransport())'
    ended = run(ENDS_BESIDE_THREADS.format(consumer=consumer, lock="ledger.lock", action=action))
    assert ended.returncode == 0
    said = ("", "an event was not sent: the interpreter is shutting down\n" * 3)
    assert ended.stderr in said or action != LATE_ACTIONS["track"]


def test_e3_a_destructor_beside_threads_that_wait_for_the_disk(tmp_path: Path) -> None:
    """A destructor that tracks waits for no turn of a thread that was ended in its own."""
    consumer = """DurableConsumer(
        "p", "d", "http://x.example", spool=sys.argv[1], fsync=True, transport=MemoryTransport()
    )"""
    turn, action = "room._lanes._group_sync._turn", LATE_ACTIONS["track"]
    code = ENDS_BESIDE_THREADS.format(consumer=consumer, lock=turn, action=action)
    assert run(code, str(tmp_path)).returncode == 0

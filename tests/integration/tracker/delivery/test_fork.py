"""F1: forks, in real processes."""

from __future__ import annotations

import os
import textwrap

import pytest

from delivering.consumers import IN_MEMORY
from delivering.forks import FORK_PAST_PYTHON
from delivering.processes import run_well
from delivering.servers import Server

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="not here: no fork")

# Forking with threads is what is tested; Python 3.12 and newer warn of it.
PREAMBLE = """
    import os, sys, threading, warnings
    warnings.simplefilter("ignore", DeprecationWarning)
    from growingio_tracker import *

    url = sys.argv[1]

    def track(consumer, *names):
        tracker = GrowingTracker.consumer(consumer)
        for name in names:
            tracker.track_custom_event(name, anonymous_id="x")

    def end_of(pid):
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
"""


@pytest.mark.parametrize("consumer", IN_MEMORY.values(), ids=IN_MEMORY)
def test_f1_a_child_starts_empty(consumer: str) -> None:
    """What the parent queued it sends itself, once; the child counts and sends only its own."""
    code = f"""{PREAMBLE}
    consumer = {consumer}
    track(consumer, "parent")
    if (pid := os.fork()) == 0:
        assert consumer.stats().accepted == 0
        track(consumer, "child")
        assert consumer.close()
        assert consumer.stats().delivered == 1
        os._exit(0)
    end_of(pid)
    assert consumer.stats().accepted == 1
    """
    with Server() as server:
        run_well(code, server.url)
        assert server.names == ["child", "parent"]
        assert len({request.connection for request in server.received}) == 2


@pytest.mark.parametrize("consumer", IN_MEMORY.values(), ids=IN_MEMORY)
def test_f1_both_end_normally(consumer: str) -> None:
    """A child that ends by itself delivers its own events, and not its parent's."""
    code = f"""{PREAMBLE}
    consumer = {consumer}
    track(consumer, "parent")
    pid = os.fork()
    if pid:
        end_of(pid)
    else:
        track(consumer, "child")
    """
    with Server() as server:
        run_well(code, server.url)
        assert sorted(server.names) == ["child", "parent"]


def test_f1_connections_are_not_shared() -> None:
    """After the parent has used a connection, the child opens one of its own."""
    code = f"""{PREAMBLE}
    consumer = DefaultConsumer("p", "d", url)
    track(consumer, "parent")
    if (pid := os.fork()) == 0:
        track(consumer, "child")
        os._exit(0)
    end_of(pid)
    track(consumer, "parent again")
    """
    with Server() as server:
        run_well(code, server.url)
        assert [(r.names, r.connection) for r in server.received] == [
            (["parent"], 1),
            (["child"], 2),
            (["parent again"], 1),
        ]


@pytest.mark.parametrize("consumer", IN_MEMORY.values(), ids=IN_MEMORY)
def test_f1_without_hooks(consumer: str) -> None:
    """The same holds when the fork is the system's own and no at-fork hook of Python runs."""
    code = f"""{PREAMBLE}
{textwrap.indent(FORK_PAST_PYTHON, "    ")}
    consumer = {consumer}
    track(consumer, "parent")
    if (pid := fork_past_python()) == 0:
        assert consumer.stats().accepted == 0
        track(consumer, "child")
        assert consumer.flush()
        os._exit(0)
    end_of(pid)
    """
    with Server() as server:
        run_well(code, server.url)
        assert server.names == ["child", "parent"]


def test_f1_while_another_thread_is_inside_a_call() -> None:
    """A fork while another thread holds the queue's lock leaves the child able to track."""
    code = f"""{PREAMBLE}
    import time
    inside, proceed, parent = threading.Event(), threading.Event(), os.getpid()

    class Clock:
        def now_ms(self):
            return time.time_ns() // 1_000_000
        def monotonic(self):  # asked with the lock held
            if os.getpid() == parent and threading.current_thread().name == "holder":
                inside.set()
                proceed.wait(60)
            return time.monotonic()

    consumer = AsyncBufferedConsumer("p", "d", url, flush_after=3600, clock=Clock())
    consumer.stats()
    holder = threading.Thread(target=lambda: track(consumer, "parent"), name="holder")
    holder.start()
    assert inside.wait(60)
    assert not consumer._pipelines.get().ledger.lock.acquire(blocking=False)
    if (pid := os.fork()) == 0:
        track(consumer, "child")
        assert consumer.close()
        os._exit(0)
    end_of(pid)
    proceed.set()
    holder.join()
    """
    with Server() as server:
        run_well(code, server.url)
        assert server.names == ["child", "parent"]


def test_f1_under_load() -> None:
    """Forks in the midst of tracking threads lose nothing and repeat nothing."""
    code = f"""{PREAMBLE}
    consumer = AsyncBufferedConsumer("p", "d", url, flush_after=0, max_size=10)
    def load(thread):
        for number in range(200):
            track(consumer, f"{{thread}}-{{number}}")
    threads = [threading.Thread(target=load, args=(n,)) for n in range(2)]
    for thread in threads:
        thread.start()
    children = []
    for number in range(6):
        if (pid := os.fork()) == 0:
            track(consumer, f"child-{{number}}")
            os._exit(0 if consumer.close(20) else 1)
        children.append(pid)
    for pid in children:
        end_of(pid)
    for thread in threads:
        thread.join()
    assert consumer.close(20)
    """
    with Server() as server:
        run_well(code, server.url)
        expected = [f"{thread}-{number}" for thread in range(2) for number in range(200)]
        expected += [f"child-{number}" for number in range(6)]
        assert sorted(server.names) == sorted(expected)


def test_f1_grandchildren() -> None:
    """A child of a child starts empty, too."""
    code = f"""{PREAMBLE}
    consumer = {IN_MEMORY["async"]}
    track(consumer, "parent")
    if (pid := os.fork()) == 0:
        track(consumer, "child")
        if (pid := os.fork()) == 0:
            assert consumer.stats().accepted == 0
            track(consumer, "grandchild")
            assert consumer.close()
            os._exit(0)
        end_of(pid)
        assert consumer.close()
        os._exit(0)
    end_of(pid)
    """
    with Server() as server:
        run_well(code, server.url)
        assert server.names == ["grandchild", "child", "parent"]

"""G1, G2, G3 in real processes that end as badly as processes can."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from delivering.processes import run, run_well
from delivering.servers import BlackHole, Server, free_port
from delivering.waiting import DEADLINE_S, until
from growingio_tracker import DurableConsumer, GrowingTracker, QueueFullError, QueueLimits

pytestmark = pytest.mark.skipif(not hasattr(os, "kill"), reason="not here: no signals")

PREAMBLE = """
    import os, signal, sys, threading, time
    from growingio_tracker import *

    url, spool = sys.argv[1:3]

    def durable(**options):
        return DurableConsumer("p", "d", url, spool=spool, **{"flush_after": 0.05, **options})

    def track(consumer, *names):
        tracker = GrowingTracker.consumer(consumer)
        for name in names:
            tracker.track_custom_event(name, anonymous_id="x")
"""


def deliver_what_was_left(url: str, spool: Path) -> None:
    """Be the next process on ``spool``, and deliver everything."""
    with DurableConsumer("p", "d", url, spool=spool) as consumer:
        assert consumer.flush(DEADLINE_S), consumer.stats()


@contextmanager
def running(code: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run ``code`` in a process that is killed at the end of the block, if it still runs."""
    command = [sys.executable, "-c", textwrap.dedent(code), *arguments]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def leave_a_full_spool(port: int, spool: Path) -> None:
    """Be killed, with three events on ``spool`` that nobody took on ``port``."""
    code = f"""{PREAMBLE}
    track(durable(queue=QueueLimits(max_events=3, overflow="raise")), "a", "b", "c")
    os.kill(os.getpid(), signal.SIGKILL)
    """
    run(code, f"http://127.0.0.1:{port}", str(spool))


def test_g1_a_full_spool(tmp_path: Path) -> None:
    """The next process sends what fills the spool, although its own first event finds no room."""
    queue = QueueLimits(max_events=3, overflow="raise")
    port = free_port()
    leave_a_full_spool(port, tmp_path)
    with (
        Server(port=port) as server,
        DurableConsumer(
            "p", "d", server.url, spool=tmp_path, flush_after=0.05, queue=queue
        ) as consumer,
    ):
        tracker = GrowingTracker.consumer(consumer)

        def is_queued() -> bool:
            try:
                tracker.track_custom_event("own", anonymous_id="x")
            except QueueFullError:
                return False
            return True

        assert not is_queued()
        until(is_queued)
    assert server.names == ["a", "b", "c", "own"]


def test_g1_a_full_spool_whose_room_is_waited_for(tmp_path: Path) -> None:
    """With block, the first event of the next process waits only until the spool is sent."""
    queue = QueueLimits(max_events=3, overflow="block", block_s=DEADLINE_S)
    port = free_port()
    leave_a_full_spool(port, tmp_path)
    with (
        Server(port=port) as server,
        DurableConsumer("p", "d", server.url, spool=tmp_path, queue=queue) as consumer,
    ):
        own = GrowingTracker.consumer(consumer).track_custom_event("own", anonymous_id="x")
        assert own.wait(DEADLINE_S).delivered
    assert server.names == ["a", "b", "c", "own"]


@pytest.mark.parametrize("options", ["", "fsync=True"])
def test_g1_sigkill(tmp_path: Path, options: str) -> None:
    """Every event whose call returned before a SIGKILL is delivered after the next start, once."""
    code = f"""{PREAMBLE}
    consumer = durable(flush_after=3600, {options})
    track(consumer, *(str(number) for number in range(300)))
    os.kill(os.getpid(), signal.SIGKILL)
    """
    with Server() as server:
        assert run(code, server.url, str(tmp_path)).returncode == -signal.SIGKILL
        assert server.names == []
        deliver_what_was_left(server.url, tmp_path)
        assert server.names == [str(number) for number in range(300)]


def test_g1_sigkill_at_any_moment(tmp_path: Path) -> None:
    """A process that is killed while it tracks and sends loses no event whose call returned.

    What had arrived already and comes again is one batch at the most.
    """
    code = f"""{PREAMBLE}
    consumer = durable(flush_after=0, max_size=20)
    for number in range(10**9):
        track(consumer, f"{{os.getpid()}}-{{number}}")
        os.write(1, b"%d\\n" % number)
    """
    with Server() as server:
        for round_ in range(6):
            with running(code, server.url, str(tmp_path)) as process:
                assert process.stdout is not None
                wanted = 300 + 137 * round_
                returned = [line for line, _ in zip(process.stdout, range(wanted), strict=False)]
                process.kill()
                returned += process.stdout.readlines()
            before = Counter(server.names)
            deliver_what_was_left(server.url, tmp_path)
            arrived = Counter(server.names)
            tracked = {f"{process.pid}-{number.strip()}" for number in returned}
            assert tracked <= arrived.keys()
            assert sum((arrived - before).values()) - len(arrived.keys() - before.keys()) <= 20


def test_g3_a_living_process_adopts(tmp_path: Path) -> None:
    """What a killed process left is sent by another one that lives, without being told."""
    dying = f"""{PREAMBLE}
    track(durable(flush_after=3600), "left")
    os.kill(os.getpid(), signal.SIGKILL)
    """
    living = f"""{PREAMBLE}
    consumer = durable(flush_after=0)
    track(consumer, "mine")
    print("ready", flush=True)
    sys.stdin.read()
    """
    with Server() as server, running(living, server.url, str(tmp_path)) as process:
        assert process.stdout is not None
        process.stdout.readline()
        run(dying, server.url, str(tmp_path))
        until(lambda: sorted(server.names) == ["left", "mine"])


def test_g3_many_processes(tmp_path: Path) -> None:
    """Processes that share a directory, half of which are killed, deliver each event once."""
    code = f"""{PREAMBLE}
    consumer = durable(flush_after=3600)
    track(consumer, *(f"{{os.getpid()}}-{{number}}" for number in range(50)))
    print(os.getpid(), flush=True)
    sys.stdin.readline()
    """
    with Server() as server:
        command = [sys.executable, "-c", textwrap.dedent(code), server.url, str(tmp_path)]
        processes = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in range(6)
        ]
        for process in processes:
            assert process.stdout is not None
            process.stdout.readline()
        for process in processes[:3]:
            process.kill()
        for process in processes:
            process.communicate("\n")
        deliver_what_was_left(server.url, tmp_path)
        expected = [f"{process.pid}-{number}" for process in processes for number in range(50)]
        assert sorted(server.names) == sorted(expected)
        assert list(tmp_path.iterdir()) == []


def test_g1_forked_children(tmp_path: Path) -> None:
    """F1: a child that tracks and ends does not touch its parent's file, whatever it does last."""
    code = f"""{PREAMBLE}
    import warnings
    warnings.simplefilter("ignore", DeprecationWarning)
    consumer = durable(flush_after=3600)
    track(consumer, "parent 1")
    for number in range(3):
        if (pid := os.fork()) == 0:
            track(consumer, f"child {{number}}")
            sys.exit(0)
        os.waitpid(pid, 0)
        track(consumer, f"parent {{number + 2}}")
    os.kill(os.getpid(), signal.SIGKILL)
    """
    with Server() as server:
        run(code, server.url, str(tmp_path))
        deliver_what_was_left(server.url, tmp_path)
        parents, children = ([f"parent {n}" for n in range(1, 5)], [f"child {n}" for n in range(3)])
        assert sorted(server.names) == children + parents


def test_g3_a_killed_parent(tmp_path: Path) -> None:
    """F1: what a killed process left is adopted although a child that it has forked still lives.

    The child collects no garbage, as servers do that fork, and never uses the consumer.
    """
    code = f"""{PREAMBLE}
    import gc, warnings
    warnings.simplefilter("ignore", DeprecationWarning)
    consumer = durable(flush_after=3600)
    track(consumer, "left")
    gc.freeze()
    if os.fork() == 0:
        print("lives", flush=True)
        sys.stdin.read()
        os._exit(0)
    signal.pause()
    """
    with Server() as server, running(code, server.url, str(tmp_path)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "lives\n"
        process.kill()
        process.wait()
        deliver_what_was_left(server.url, tmp_path)
        assert server.names == ["left"]


def test_f1_forks_amid_calls(tmp_path: Path) -> None:
    """F1: a child forked while other threads are writing to disk can write to its own file."""
    code = f"""{PREAMBLE}
    import threading, warnings
    warnings.simplefilter("ignore", DeprecationWarning)

    def end_of(pid):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.001)
        os.kill(pid, signal.SIGKILL)
        return "hangs"

    consumer = durable(flush_after=3600)
    over = threading.Event()
    def write():
        while not over.is_set():
            track(consumer, "parent")
    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    children = []
    for number in range(60):
        if (pid := os.fork()) == 0:
            track(consumer, f"child {{number}}")
            os._exit(0)
        children.append(end_of(pid))
        if children[-1] != 0:
            break
    over.set()
    assert children == [0] * 60, children
    """
    with Server() as server:
        assert run(code, server.url, str(tmp_path)).stderr == ""
        deliver_what_was_left(server.url, tmp_path)
        # A child that takes over another one's file and ends amid a request leaves it once more.
        children = {name for name in server.names if name.startswith("child")}
        assert children == {f"child {number}" for number in range(60)}


def test_g2_full_disk(tmp_path: Path) -> None:
    """On a disk that fills up, calls raise SpoolError, and every other event is delivered."""
    resource = pytest.importorskip("resource", reason="not here: no limit for the size of files")
    assert resource
    code = f"""{PREAMBLE}
    import resource
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    consumer = durable(flush_after=3600, max_size=10_000)  # what leaves gives its room back
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, resource.RLIM_INFINITY))
    taken = []
    for number in range(3000):
        try:
            track(consumer, str(number))
        except SpoolError as error:
            last = error
        else:
            taken.append(number)
    assert 0 < len(taken) < 3000, len(taken)
    assert "already there are safe" in str(last), last
    stats = consumer.stats()
    assert stats.dropped == {{"spool_error": 3000 - len(taken)}}, stats
    print(*taken)
    os.kill(os.getpid(), signal.SIGKILL)
    """
    with Server() as server:
        taken = run(code, server.url, str(tmp_path)).stdout.split()
        assert taken
        deliver_what_was_left(server.url, tmp_path)
        assert server.names == taken


def test_e2_a_silent_server_delays_the_exit_once(tmp_path: Path) -> None:
    """E2: with a server that does not answer, a process ends by its deadline; nothing is lost."""
    code = f"""{PREAMBLE}
    track(durable(close_timeout_s=0.5), "a")
    """
    with BlackHole() as hole:
        run_well(code, hole.url, str(tmp_path))
        hole.release.set()
        deliver_what_was_left(hole.url, tmp_path)
        assert {name for request in hole.received for name in request.names} == {"a"}

"""F4: the children and pools of multiprocessing and concurrent.futures, in real processes."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from delivering.processes import run_well
from delivering.programs import write
from delivering.servers import BlackHole, Server

METHODS = ["fork", "forkserver", "spawn"]


@pytest.fixture(params=METHODS)
def method(request: pytest.FixtureRequest) -> str:
    """One way to start a child."""
    name: str = request.param
    if name not in multiprocessing.get_all_start_methods():
        pytest.skip(f"not here: no {name}")
    return name


# Forking with threads is what is tested; Python 3.12 and newer warn of it.
PREAMBLE = """
import atexit, concurrent.futures, io, multiprocessing, sys, threading, warnings
warnings.simplefilter("ignore", DeprecationWarning)
from tracking import consumer, track

context = multiprocessing.get_context(sys.argv[1])

def run_in_children(function):
    children = [context.Process(target=function, args=(number,)) for number in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join()
        assert child.exitcode == 0
"""


def names_after(code: str, folder: Path, consumer: str, method: str) -> list[str]:
    """Run a program, and return the names of what arrived."""
    with Server() as server:
        program = write(folder, PREAMBLE + code)
        run_well(program, method, COLLECT=server.url, CONSUMER=consumer)
        return sorted(server.names)


def test_f4_processes(folder: Path, consumer: str, method: str) -> None:
    """Children that return deliver what they queued, once, and the parent what it queued."""
    code = """
if __name__ == "__main__":
    track("parent")
    run_in_children(track)
    """
    assert names_after(code, folder, consumer, method) == ["0", "1", "parent"]


def test_f4_processes_that_exit_or_raise(folder: Path, consumer: str, method: str) -> None:
    """Children that end by sys.exit or by an exception deliver what they queued, too."""
    code = """
def track_and_end(number):
    track(number)
    if number == 1:
        sys.exit(0)
    if number == 2:
        sys.stderr = io.StringIO()  # takes the traceback
        raise KeyError

if __name__ == "__main__":
    children = [context.Process(target=track_and_end, args=(number,)) for number in range(3)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    """
    assert names_after(code, folder, consumer, method) == ["0", "1", "2"]


def test_f4_threads_of_children(folder: Path, consumer: str, method: str) -> None:
    """What a child's threads track after its function has returned is delivered."""
    code = """
def late(number):
    threading.main_thread().join()
    track(f"{number} at last")

def track_in_threads(number):
    track(number)
    threading.Thread(target=late, args=(number,)).start()
    executor = concurrent.futures.ThreadPoolExecutor(1)
    executor.submit(track, f"{number} in a pool")

if __name__ == "__main__":
    run_in_children(track_in_threads)
    """
    expected = [f"{n}{which}" for n in range(2) for which in ("", " at last", " in a pool")]
    assert names_after(code, folder, consumer, method) == sorted(expected)


def test_f4_exit_handlers_of_children(folder: Path, consumer: str) -> None:
    """What the exit handlers of a spawned child track, an interpreter of its own, is delivered."""
    code = """
def track_at_exit(number):
    track(number)
    atexit.register(track, f"{number} at exit")

if __name__ == "__main__":
    run_in_children(track_at_exit)
    """
    expected = [f"{n}{which}" for n in range(2) for which in ("", " at exit")]
    assert names_after(code, folder, consumer, "spawn") == expected


def test_f4_grandchildren(folder: Path, consumer: str, method: str) -> None:
    """A child that has children of its own delivers its events, and they deliver theirs."""
    code = """
def track_in_generations(number):
    track(f"child {number}")
    child = context.Process(target=track, args=(f"grandchild {number}",))
    child.start()
    child.join()
    assert child.exitcode == 0

if __name__ == "__main__":
    run_in_children(track_in_generations)
    """
    expected = [f"{which} {n}" for which in ("child", "grandchild") for n in range(2)]
    assert names_after(code, folder, consumer, method) == expected


@pytest.mark.parametrize("lifetime", [None, 5])
def test_f4_pools(folder: Path, consumer: str, method: str, lifetime: int | None) -> None:
    """A pool that is closed and joined delivers, whether its workers are replaced or not."""
    code = f"""
if __name__ == "__main__":
    track("parent")
    with context.Pool(2, maxtasksperchild={lifetime}) as pool:
        pool.map(track, range(20), chunksize=1)
        pool.close()
        pool.join()
    """
    expected = sorted([*map(str, range(20)), "parent"])
    assert names_after(code, folder, consumer, method) == expected


def test_f4_executors(folder: Path, consumer: str, method: str) -> None:
    """A ProcessPoolExecutor that is shut down, as leaving ``with`` does, delivers."""
    code = """
if __name__ == "__main__":
    track("parent")
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as executor:
        list(executor.map(track, range(20)))
    """
    expected = sorted([*map(str, range(20)), "parent"])
    assert names_after(code, folder, consumer, method) == expected


def test_e3_children_that_close(folder: Path, consumer: str, method: str) -> None:
    """A child that closes by itself delivers once; its end finds nothing left to do."""
    code = """
def track_and_close(number):
    track(number)
    assert consumer.close(20)

if __name__ == "__main__":
    run_in_children(track_and_close)
    """
    assert names_after(code, folder, consumer, method) == ["0", "1"]


def test_e2_children_at_a_silent_server(folder: Path, consumer: str, method: str) -> None:
    """Children whose server says nothing end all the same."""
    code = """
if __name__ == "__main__":
    run_in_children(track)
    """
    hasty = consumer.replace(")", ", close_timeout_s=0.5)")
    with BlackHole() as hole:
        program = write(folder, PREAMBLE + code)
        run_well(program, method, COLLECT=hole.url, CONSUMER=hasty)
        assert len(hole.received) == 2

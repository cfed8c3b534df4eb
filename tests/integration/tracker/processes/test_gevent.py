"""F5: greenlets, in a program that gevent has patched."""

from __future__ import annotations

from pathlib import Path

from delivering.processes import run_well
from delivering.programs import write
from delivering.servers import Server

PREAMBLE = """
from gevent import monkey
monkey.patch_all()
import gevent, os
from tracking import *
"""
NAMES = [f"{greenlet}-{number}" for greenlet in range(50) for number in range(20)]
TRACK = """
def load(greenlet):
    for number in range(20):
        track(f"{greenlet}-{number}")
        gevent.sleep(0)

gevent.joinall([gevent.spawn(load, greenlet) for greenlet in range(50)], raise_error=True)
"""


def names_after(code: str, folder: Path, consumer: str) -> list[str]:
    """Run a program, and return the names of what arrived."""
    with Server() as server:
        program = write(folder, PREAMBLE + code)
        run_well(program, COLLECT=server.url, CONSUMER=consumer)
        return sorted(server.names)


def test_f5_greenlets(folder: Path, consumer: str) -> None:
    """E1: what many greenlets track is delivered when the program ends, once."""
    assert names_after(TRACK, folder, consumer) == sorted(NAMES)


def test_f5_greenlets_go_on(folder: Path) -> None:
    """While batches are on their way other greenlets run, track, and lose nothing."""
    code = f"""
ticks = 0
def tick():
    global ticks
    while True:
        ticks += 1
        gevent.sleep(0.001)
ticking = gevent.spawn(tick)
{TRACK}
before = ticks
assert consumer.flush(20), consumer.stats()
assert ticks > before
stats = consumer.stats()
assert stats.delivered == stats.accepted == 1000, stats
ticking.kill()
assert consumer.close(20)
"""
    eager = 'AsyncBufferedConsumer("p", "d", url, max_size=7)'
    assert names_after(code, folder, eager) == sorted(NAMES)


def test_f5_forks(folder: Path, consumer: str) -> None:
    """F1: also a program that gevent has patched may fork: each process delivers its own events."""
    code = """
track("parent")
pid = os.fork()
if pid:
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
else:
    track("child")
"""
    assert names_after(code, folder, consumer) == ["child", "parent"]

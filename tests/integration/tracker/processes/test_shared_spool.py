"""G3: many processes that begin with one spool directory at the same moment."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from delivering.consumers import QUEUING
from delivering.processes import run_well
from delivering.programs import write
from delivering.servers import Server

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="not here: no fork")

PROGRAM = """
import multiprocessing, os
from tracking import consumer, track

context = multiprocessing.get_context("fork")
start = context.Barrier(8)

def begin(number):
    start.wait()
    track(number)
    assert consumer.close(20), consumer.stats()

for round in range(8):
    children = [context.Process(target=begin, args=(8 * round + n,)) for n in range(8)]
    for child in children:
        child.start()
    for child in children:
        child.join()
        assert child.exitcode == 0
left = os.listdir(os.path.join(os.path.dirname(__file__), "spool"))
assert left == [], left
"""


def test_g3_processes_that_begin_at_once(folder: Path) -> None:
    """A store that is just being made is neither taken from its maker nor called damaged."""
    with Server() as server:
        program = write(folder, PROGRAM)
        run_well(program, COLLECT=server.url, CONSUMER=QUEUING["durable"])
        assert sorted(server.names, key=int) == [str(number) for number in range(64)]

"""E1, F4: real Celery with its prefork pool."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from delivering.processes import run_well
from delivering.programs import Program, write
from delivering.servers import Server
from delivering.waiting import until

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="not here: no prefork pool")

APP = """
    import os, pathlib
    from celery import Celery
    from celery.signals import worker_process_init, worker_process_shutdown
    from tracking import track

    folder = pathlib.Path(__file__).parent
    for name in ("queue", "done", "begun", "announced"):
        (folder / name).mkdir(exist_ok=True)
    queue, pid = folder / "queue", lambda: str(os.getpid())

    @worker_process_init.connect
    def begin(**_):
        (folder / "begun" / pid()).touch()

    @worker_process_shutdown.connect
    def announce(**_):
        (folder / "announced" / pid()).touch()

    app = Celery("program", broker="filesystem://")
    app.conf.broker_transport_options = {
        "data_folder_in": str(queue), "data_folder_out": str(queue),
        "control_folder": str(folder / "control"), "polling_interval": 0.1,
    }

    @app.task
    def work(name):
        track(name)
        (folder / "done" / name).write_text(pid())
"""
SEND = """
    from program import work

    for number in range(20):
        work.delay(f"task-{number}")
"""
NAMES = [f"task-{number}" for number in range(20)]
# The pool's processes are replaced after three tasks, so that at the end two have not had so many.
POOL = ["--pool", "prefork", "--concurrency", "2", "--max-tasks-per-child", "3"]
ALONE = ["--without-gossip", "--without-mingle", "--without-heartbeat"]


def names_in(folder: Path) -> set[str]:
    """Return the names of the files in ``folder``."""
    return {one.name for one in folder.iterdir()}


def lives(pid: str) -> bool:
    """Return whether a process is still there."""
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    return True


def test_f4_prefork(folder: Path, consumer: str) -> None:
    """E1: processes that are replaced, and those that SIGTERM finds, deliver what tasks queued.

    When it ends, Celery's pool now and then kills a process that it has not told to end, and may
    then wait for ever for a lock which that one held. No memory survives that, so that such a
    process and Celery's own end count for nothing here.
    """
    write(folder, APP)
    command = ["celery", "--app", "program", "worker", *POOL, *ALONE]
    with Server() as server:
        environment = {"COLLECT": server.url, "CONSUMER": consumer}
        run_well(write(folder, SEND, "send"), **environment)
        with Program(folder, *command, **environment) as celery:
            until(lambda: names_in(folder / "done") == {*NAMES}, "the end of all tasks")
            celery.ask_to_end()
            until(lambda: not any(map(lives, names_in(folder / "begun"))), "the end of the pool")
            celery.kill()
        told = names_in(folder / "announced")
        expected = {name for name in NAMES if (folder / "done" / name).read_text() in told}
        assert len(expected) >= 18, celery.log  # six processes at least were replaced
        assert expected <= {*server.names}, celery.log
        assert len(server.names) == len({*server.names}), celery.log

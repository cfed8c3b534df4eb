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
    import pathlib
    from celery import Celery
    from tracking import track

    folder = pathlib.Path(__file__).parent
    queue, done = folder / "queue", folder / "done"
    queue.mkdir(exist_ok=True)
    done.mkdir(exist_ok=True)

    app = Celery("program", broker="filesystem://")
    app.conf.broker_transport_options = {
        "data_folder_in": str(queue), "data_folder_out": str(queue),
        "control_folder": str(folder / "control"), "polling_interval": 0.1,
    }

    @app.task
    def work(name):
        track(name)
        (done / name).touch()
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


def test_f4_prefork(folder: Path, consumer: str) -> None:
    """E1: processes that are replaced, and those that SIGTERM finds, deliver what tasks queued."""
    write(folder, APP)
    command = ["celery", "--app", "program", "worker", *POOL, *ALONE]
    with Server() as server:
        environment = {"COLLECT": server.url, "CONSUMER": consumer}
        run_well(write(folder, SEND, "send"), **environment)
        with Program(folder, *command, **environment) as celery:
            until(lambda: {one.name for one in (folder / "done").iterdir()} == {*NAMES}, "the end")
            assert celery.stop() == 0, celery.log
        assert sorted(server.names) == sorted(NAMES), celery.log

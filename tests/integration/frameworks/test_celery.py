"""Celery: the example, with a real worker."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from delivering.examples import EXAMPLES, environment, subjects
from delivering.processes import run_well
from delivering.programs import Program
from delivering.waiting import until
from growingio_tracker.collector import Collector

ALONE = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
# A process of this pool ends after its second task and delivers then.
PREFORK = ["--pool", "prefork", "--concurrency", "1", "--max-tasks-per-child", "2"]
THREADS = ["--pool", "threads", "--concurrency", "4"]

EAGER = """
    from celery_tasks import app, ship, tracker

    app.conf.task_always_eager = True
    with tracker.context(login_user_id="outer"):
        ship.delay("eager")
    # Who finds no user sends the task all the same.
    app.conf.task_always_eager = False
    def no_user():
        raise LookupError
    with tracker.context(login_user_id=no_user):
        ship.delay("unsent")
"""

POOLS = [
    pytest.param(
        PREFORK,
        id="prefork",
        marks=pytest.mark.skipif(not hasattr(os, "fork"), reason="not here: no prefork pool"),
    ),
    pytest.param(THREADS, id="threads"),
]


@pytest.mark.parametrize("pool", POOLS)
def test_ids_of_the_sender(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pool: list[str]
) -> None:
    """A task's events, after a retry and in tasks of its own too, are about its sender's ids."""
    monkeypatch.chdir(tmp_path)
    command = ["celery", "--app", "celery_tasks", "worker", "--loglevel", "INFO", *pool, *ALONE]
    with Collector() as collector:
        variables = environment(collector) | {"GROWINGIO_FLUSH_AFTER": "0.1"}
        run_well(EXAMPLES / "celery_tasks.py", **variables)
        with Program(tmp_path, *command, **variables) as worker:
            until(lambda: collector.totals().events == 8, f"eight events\n{worker.log}")
            worker.ask_to_end()
            worker.kill()
        shipped = collector.wait(4, timeout=0, name="ship")
        told = collector.wait(4, timeout=0, name="tell")
    expected = {f"sku-{n}": (f"visitor-{n}", f"user-{n}") for n in range(4)}
    assert subjects(shipped) == subjects(told) == expected


def test_eager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An eager task runs with what is bound around it, and a sender never fails for its ids."""
    monkeypatch.chdir(tmp_path)
    with Collector() as collector:
        run_well(EAGER, **environment(collector))
        events = collector.wait(2, timeout=0)
    assert [event.user_id for event in events] == ["outer"] * 2
    assert len([*tmp_path.glob("queue/*.msg")]) == 1

"""Celery: the example, with a real worker."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from delivering.examples import EXAMPLES, environment, subjects
from delivering.processes import run_well
from delivering.programs import Program
from delivering.waiting import until
from growingio_collector import Collector

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

# A real worker in threads. Its broker is in memory, because the one of files may be read while a
# message is being written.
AGAIN = """
    import threading
    from celery import Celery
    from celery.contrib.testing.worker import start_worker
    from growingio_tracker import GrowingTracker
    from growingio_tracker.integrations.celery import connect

    tracker = GrowingTracker.from_env()
    connect(tracker)
    app = Celery("program", broker="memory://")
    app.conf.broker_transport_options = {"polling_interval": 0.05}
    told = threading.Semaphore(0)

    @app.task(bind=True, max_retries=1)
    def ship(self, sku):
        if not self.request.retries:
            raise self.retry(countdown=0)
        tracker.track_custom_event("ship", attributes={"sku": sku})
        tell.delay(sku)

    @app.task
    def tell(sku):
        try:
            tracker.track_custom_event("tell", anonymous_id="nobody", attributes={"sku": sku})
        finally:
            told.release()

    with start_worker(app, pool="threads", concurrency=4, perform_ping_check=False):
        for number in range(4):
            with tracker.context(login_user_key="phone", login_user_id=f"user-{number}"):
                ship.delay(f"sku-{number}")
        tell.delay("unbound")
        assert all(told.acquire(timeout=60) for _ in range(5))
    tracker.close()
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
    """A task's events, in whichever process or thread, are about those bound where it was sent."""
    monkeypatch.chdir(tmp_path)
    command = ["celery", "--app", "celery_tasks", "worker", "--loglevel", "INFO", *pool, *ALONE]
    with Collector() as collector:
        variables = environment(collector) | {"GROWINGIO_FLUSH_AFTER": "0.1"}
        run_well(EXAMPLES / "celery_tasks.py", **variables)
        with Program(tmp_path, *command, **variables) as worker:
            until(lambda: collector.totals().events == 4, f"four events\n{worker.log}")
            worker.ask_to_end()
            worker.kill()
        shipped = collector.wait(4, timeout=0, name="ship")
    assert subjects(shipped) == {f"sku-{n}": (f"visitor-{n}", f"user-{n}") for n in range(4)}


def test_eager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An eager task runs with what is bound around it, and a sender never fails for its ids."""
    monkeypatch.chdir(tmp_path)
    with Collector() as collector:
        run_well(EAGER, **environment(collector))
        [event] = collector.wait(1, timeout=0)
    assert event.user_id == "outer"
    assert len([*tmp_path.glob("queue/*.msg")]) == 1


def test_tasks_of_tasks() -> None:
    """A retry and a task that a task sends keep the ids; a task sent by nobody has none."""
    with Collector() as collector:
        run_well(AGAIN, **environment(collector))
        events = collector.wait(9, timeout=0)
    found = sorted((event.name, event.attributes["sku"], event.user_id) for event in events)
    users = [(f"sku-{n}", f"user-{n}") for n in range(4)]
    expected = [(name, *one) for name in ("ship", "tell") for one in users]
    assert found == [*expected, ("tell", "unbound", None)]
    assert {event.user_key for event in events} == {"phone", None}

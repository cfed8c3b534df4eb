"""KafkaConsumer in forked, pooled, patched, killed and ending processes, and a real broker."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from brokers import Broker
from delivering.consumers import TRACKING
from delivering.forks import FORK_PAST_PYTHON
from delivering.processes import run, run_well
from delivering.programs import Program, ask_at_once, write
from delivering.waiting import until
from kafka_topic import arrived, names

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="not here: no fork")

CONSUMER = """KafkaConsumer(
    "p", "d", "http://127.0.0.1:9", bootstrap_servers=url, topic=os.environ["TOPIC"],
    flush_after=3600, spool=os.environ.get("SPOOL"),
)"""
NEVER = "127.0.0.1:9"
# Forking with threads is what is tested; Python 3.12 and newer warn of it.
FORKING = f"""
import os, signal, sys, warnings
warnings.simplefilter("ignore", DeprecationWarning)
from tracking import consumer, track

def end_of(pid):
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0

{FORK_PAST_PYTHON}
"""


@pytest.fixture
def topic(broker: Broker, request: pytest.FixtureRequest) -> str:
    return broker.make_topic(request.node.name.replace("[", ".").replace("]", ""))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, TRACKING, "tracking")
    return tmp_path


@pytest.fixture
def environ(broker: Broker, topic: str) -> dict[str, str]:
    return {"COLLECT": broker.address, "CONSUMER": CONSUMER, "TOPIC": topic}


FORKS = {"by Python": "os.fork()", "past Python": "fork_past_python()"}


@pytest.mark.parametrize("fork", FORKS.values(), ids=["python", "c"])
def test_f1_forks(
    folder: Path, environ: dict[str, str], broker: Broker, topic: str, fork: str
) -> None:
    """F1: a child of a process that produces has a producer of its own, and ends in time.

    Librdkafka's threads do not survive a fork, so that freeing the parent's handle would hang.
    """
    program = (
        FORKING
        + f"""
track("before")
assert consumer.flush(20)
track("parent")
if (pid := {fork}) == 0:
    import gc
    assert consumer.stats().accepted == 0
    track("child")
    gc.collect()
    sys.exit(0)
end_of(pid)
if (pid := {fork}) == 0:
    sys.exit(0)  # without an event of its own
end_of(pid)
"""
    )
    run_well(write(folder, program), **environ)
    assert names(broker.address, topic) == ["before", "child", "parent"]


def test_f4_multiprocessing(
    folder: Path, environ: dict[str, str], broker: Broker, topic: str
) -> None:
    """F4: children of all kinds produce what they tracked when they end."""
    program = (
        FORKING
        + """
import multiprocessing

def work(name):
    track(name)

if __name__ == "__main__":
    track("before")
    assert consumer.flush(20)
    for kind in ("fork", "spawn", "forkserver"):
        child = multiprocessing.get_context(kind).Process(target=work, args=(kind,))
        child.start()
        child.join()
        assert child.exitcode == 0
"""
    )
    run_well(write(folder, program), **environ)
    assert names(broker.address, topic) == ["before", "fork", "forkserver", "spawn"]


APP = """
    import os
    from tracking import consumer, track

    track("loaded")
    if os.environ.get("FLUSHED"):
        assert consumer.flush(20)

    def app(environ, start_response):
        track(environ["PATH_INFO"][1:])
        start_response("200 OK", [])
        return [str(os.getpid()).encode()]
"""
WORKERS = {
    "sync": ["--workers", "2", "--preload"],
    "gthread": ["--workers", "2", "--preload", "--threads", "4"],
    "gevent": ["--workers", "1", "--worker-class", "gevent"],
}


@pytest.mark.parametrize("workers", WORKERS.values(), ids=WORKERS)
def test_f4_gunicorn(
    folder: Path, environ: dict[str, str], broker: Broker, topic: str, workers: list[str]
) -> None:
    """F4: workers of gunicorn produce what they queued when they end, also under --preload.

    The process that loads the application has produced before they are forked.
    """
    write(folder, APP)
    asked = [f"request-{number}" for number in range(40)]
    command = ["gunicorn", "--bind", "127.0.0.1:0", *workers, "program:app"]
    with Program(folder, *command, HOME=str(folder), FLUSHED="1", **environ) as gunicorn:
        ask_at_once(gunicorn.address, asked)
        assert gunicorn.stop() == 0, gunicorn.log
    assert names(broker.address, topic) == sorted(["loaded", *asked])


CELERY = """
    import os, pathlib
    from celery import Celery
    from tracking import consumer, track

    track("loaded")
    assert consumer.flush(20)
    folder = pathlib.Path(__file__).parent
    for name in ("queue", "done"):
        (folder / name).mkdir(exist_ok=True)
    app = Celery("program", broker="filesystem://")
    app.conf.broker_transport_options = {
        "data_folder_in": str(folder / "queue"), "data_folder_out": str(folder / "queue"),
        "control_folder": str(folder / "control"), "polling_interval": 0.1,
    }

    @app.task
    def work(name):
        track(name)
        (folder / "done" / name).touch()
"""
SEND = """
    from program import work

    for number in range(20):
        work.delay(f"task-{number}")
"""
ALONE = ["--without-gossip", "--without-mingle", "--without-heartbeat"]


def test_f4_celery(folder: Path, environ: dict[str, str], broker: Broker, topic: str) -> None:
    """F4: processes of Celery's pool produce what their tasks tracked when they are replaced."""
    write(folder, CELERY)
    run_well(write(folder, SEND, "send"), **environ)
    pool = ["--pool", "prefork", "--concurrency", "2", "--max-tasks-per-child", "1"]
    tasks = {f"task-{number}" for number in range(20)}
    with Program(
        folder, "celery", "--app", "program", "worker", *pool, *ALONE, **environ
    ) as celery:
        until(lambda: {one.name for one in (folder / "done").iterdir()} == tasks, "all tasks")
        until(lambda: len(tasks & {*names(broker.address, topic)}) >= 18, "the replaced processes")
        celery.ask_to_end()
    there = [one for one in names(broker.address, topic) if one in tasks]
    assert len(there) == len({*there})


def test_f5_greenlets(folder: Path, environ: dict[str, str], broker: Broker, topic: str) -> None:
    """F5: while a greenlet waits for brokers, others run; what all of them track arrives once."""
    program = """
from gevent import monkey
monkey.patch_all()
import gevent
from tracking import consumer, track

ticks = 0
def tick():
    global ticks
    while True:
        ticks += 1
        gevent.sleep(0.001)

def load(greenlet):
    for number in range(20):
        track(f"{greenlet}-{number}")
        gevent.sleep(0)

ticking = gevent.spawn(tick)
gevent.joinall([gevent.spawn(load, greenlet) for greenlet in range(50)], raise_error=True)
before = ticks
assert consumer.flush(20), consumer.stats()
assert ticks > before + 10, ticks - before
ticking.kill()
"""
    run_well(write(folder, program), **environ)
    expected = [f"{greenlet}-{number}" for greenlet in range(50) for number in range(20)]
    assert names(broker.address, topic) == sorted(expected)


ENDS = {
    "return": "",
    "sys.exit": "import sys; sys.exit(0)",
    "SIGTERM": (
        "import os, signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0)); "
        "os.kill(os.getpid(), signal.SIGTERM)"
    ),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=["return", "exit", "sigterm"])
def test_e1_normal_ends(
    folder: Path, environ: dict[str, str], broker: Broker, topic: str, end: str
) -> None:
    """E1: what is queued when a program ends normally is produced."""
    run_well(write(folder, f"from tracking import track\ntrack('last')\n{end}\n"), **environ)
    assert names(broker.address, topic) == ["last"]


def test_e2_end_without_brokers(folder: Path, environ: dict[str, str]) -> None:
    """E2: with brokers that are away the end takes no longer than it may, and says nothing."""
    began = time.monotonic()
    program = write(folder, "from tracking import consumer, track\ntrack('last')\n")
    run_well(program, **environ | {"COLLECT": NEVER})
    assert time.monotonic() - began < 5 + 5  # the deadline, and the interpreter


def test_g1_killed(folder: Path, environ: dict[str, str], broker: Broker, topic: str) -> None:
    """G1: with a spool, an event for which the call returned survives SIGKILL."""
    spool = {"SPOOL": str(folder / "spool")}
    killed = """
import os, signal
from tracking import track
for number in range(500):
    track(f"e{number:03}")
os.kill(os.getpid(), signal.SIGKILL)
"""
    ended = run(write(folder, killed), **environ, **spool)
    assert ended.returncode == -signal.SIGKILL
    run_well(write(folder, "from tracking import consumer\nassert consumer.flush(20)"),
             **environ, **spool)  # fmt: skip
    assert [one.name for one in arrived(broker.address, topic)] == [
        f"e{number:03}" for number in range(500)
    ]


def test_g1_killed_while_producing(
    folder: Path, environ: dict[str, str], broker: Broker, topic: str
) -> None:
    """G1: of a process that is killed amid producing, nothing is lost; copies share their id."""
    spool = {"SPOOL": str(folder / "spool")}
    producing = """
import itertools
from tracking import consumer, track
for number in itertools.count():
    track(f"e{number:06}")
    if number % 100 == 0:
        consumer.flush(0)
        print(number, flush=True)
"""
    write(folder, producing)
    with Program(folder, "program", **environ, **spool) as program:
        until(lambda: "5000" in program.log, "5,000 events")
        program.kill()
        accepted = max(int(line) for line in program.log.split() if line.isdecimal())
    run_well(write(folder, "from tracking import consumer\nassert consumer.flush(20)"),
             **environ, **spool)  # fmt: skip
    there = arrived(broker.address, topic)
    by_id = {one.record.event_id: one.name for one in there}
    assert {f"e{number:06}" for number in range(accepted + 1)} <= {*by_id.values()}
    assert len(by_id) == len({*by_id.values()}), "a copy has the id of the first"


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="not here: no /proc")
def test_threads_of_librdkafka(folder: Path, environ: dict[str, str]) -> None:
    """Closing frees librdkafka's handle and its threads without waiting for a collection."""
    program = """
import gc, os, time
from tracking import consumer, track

def threads():
    return len(os.listdir("/proc/self/task"))

gc.disable()
before = threads()
track("a")
assert consumer.flush(20)
assert threads() > before + 2
assert consumer.close(20)
deadline = time.monotonic() + 60
while threads() > before:
    assert time.monotonic() < deadline, threads()
"""
    run_well(write(folder, program), **environ)


def test_h3_nothing_on_standard_error(folder: Path, environ: dict[str, str]) -> None:
    """H3: wrong options and brokers that are away write nothing to the program's own streams."""
    consumer = CONSUMER.replace("flush_after=3600", 'flush_after=0, kafka_options={"debug": "all"}')
    program = write(folder, "from tracking import consumer, track\ntrack('a')\nconsumer.flush(1)\n")
    assert run_well(program, **environ | {"COLLECT": NEVER, "CONSUMER": consumer}) == ""

"""E1, F4, F5: real gunicorn."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from delivering.programs import Program, ask, ask_at_once, write
from delivering.servers import BlackHole, Server
from delivering.waiting import until

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="not here: no gunicorn")

APP = """
    import os
    from tracking import track

    def app(environ, start_response):
        track(environ["PATH_INFO"][1:])
        start_response("200 OK", [])
        return [str(os.getpid()).encode()]
"""
# Of two gevent workers one may never end: with an application that does nothing as well.
GEVENT = ["--workers", "1", "--worker-class", "gevent"]
WORKERS = {
    "sync": ["--workers", "2", "--preload"],
    "sync, each loads": ["--workers", "2"],
    "gthread": ["--workers", "2", "--preload", "--threads", "4"],
    "gevent": [*GEVENT, "--preload"],
    "gevent, each loads": GEVENT,
}
NAMES = [f"request-{number}" for number in range(60)]


def serve(folder: Path, server: Server | BlackHole, consumer: str, options: list[str]) -> Program:
    write(folder, APP)
    command = ["gunicorn", "--bind", "127.0.0.1:0", *options, "program:app"]
    return Program(folder, *command, COLLECT=server.url, CONSUMER=consumer, HOME=str(folder))


@pytest.mark.parametrize("workers", WORKERS.values(), ids=WORKERS)
def test_f4_graceful_stop(folder: Path, consumer: str, workers: list[str]) -> None:
    """E1: at SIGTERM the workers deliver what they queued, once, whoever loaded the application."""
    with Server() as server:
        with serve(folder, server, consumer, workers) as gunicorn:
            ask_at_once(gunicorn.address, NAMES)
            assert server.names == []
            assert gunicorn.stop() == 0, gunicorn.log
        assert sorted(server.names) == sorted(NAMES)


@pytest.mark.parametrize("kind", ["sync", "gthread"])
def test_f4_recycled_workers(folder: Path, consumer: str, kind: str) -> None:
    """Workers that are replaced under load, as --max-requests has it, deliver what they queued."""
    # A worker that is just being forked misses the signal, and gunicorn waits so long for it.
    options = [*WORKERS[kind], "--max-requests", "10", "--graceful-timeout", "10"]
    with Server() as server:
        with serve(folder, server, consumer, options) as gunicorn:
            assert len(ask_at_once(gunicorn.address, NAMES)) > 2
            assert gunicorn.stop() == 0, gunicorn.log
        assert sorted(server.names) == sorted(NAMES)


def test_f5_patched_after_the_import(folder: Path) -> None:
    """Greenlets that track while another one sends lose nothing, even if gevent patched late.

    With --preload the application, and this package in it, is imported before gevent patches.
    """
    eager = 'AsyncBufferedConsumer("p", "d", url, max_size=1)'
    with Server() as server, serve(folder, server, eager, WORKERS["gevent"]) as gunicorn:
        ask_at_once(gunicorn.address, NAMES)
        until(lambda: sorted(server.names) == sorted(NAMES), "delivery of every event")
        assert gunicorn.stop() == 0, gunicorn.log


def test_d2_outage(folder: Path) -> None:
    """What a worker cannot deliver during an outage it delivers after it, in order and once."""
    eager = 'AsyncBufferedConsumer("p", "d", url, flush_after=0, retry_limit=0)'
    outage = [503] * 2
    with Server(*outage) as server:
        with serve(folder, server, eager, ["--workers", "1", "--preload"]) as gunicorn:
            for name in NAMES:
                ask(gunicorn.address, name)
            server.wait(len(outage))
            assert gunicorn.stop() == 0, gunicorn.log
        accepted = server.received[len(outage) :]
        assert [name for request in accepted for name in request.names] == NAMES


def test_e2_silent_server(folder: Path, consumer: str) -> None:
    """Workers whose server says nothing end as asked: gunicorn does not lose its patience."""
    hasty = consumer.replace(")", ", close_timeout_s=0.5)")
    with BlackHole() as hole, serve(folder, hole, hasty, WORKERS["sync"]) as gunicorn:
        pids = ask_at_once(gunicorn.address, NAMES)
        assert gunicorn.stop() == 0, gunicorn.log
        assert gunicorn.log.count("Worker exiting") >= len(pids)
        assert len(hole.received) == len(pids)

"""E1: real uvicorn."""

from __future__ import annotations

from pathlib import Path

import pytest

from delivering.programs import Program, ask_at_once, write
from delivering.servers import Server

# uvicorn ends its workers by the signal it got, so that no atexit handler runs: lifespan is the
# only place to close in.
APP = """
    import os
    from contextlib import asynccontextmanager
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route
    from tracking import consumer, track

    @asynccontextmanager
    async def lifespan(app):
        yield
        consumer.close()

    async def in_the_loop(request):
        track(request.path_params["name"])
        return PlainTextResponse(str(os.getpid()))

    def in_a_thread(request):
        track(request.path_params["name"])
        return PlainTextResponse(str(os.getpid()))

    routes = [Route("/async/{name}", in_the_loop), Route("/sync/{name}", in_a_thread)]
    app = Starlette(routes=routes, lifespan=lifespan)
"""
NAMES = [f"request-{number}" for number in range(40)]


@pytest.mark.parametrize("workers", [1, 2])
def test_e1_graceful_stop(folder: Path, consumer: str, workers: int) -> None:
    """At SIGTERM an application that closes in its lifespan delivers what it queued, once."""
    write(folder, APP)
    command = ["uvicorn", "--port", "0", "--workers", str(workers), "program:app"]
    paths = [f"{('async', 'sync')[number % 2]}/{name}" for number, name in enumerate(NAMES)]
    with Server() as server:
        with Program(folder, *command, COLLECT=server.url, CONSUMER=consumer) as uvicorn:
            ask_at_once(uvicorn.address, paths)
            assert server.names == []
            uvicorn.stop()
        assert sorted(server.names) == sorted(NAMES)

"""``/api/v1``: what this collector is, and whether it is ready."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from growingio_tracker.collector.api.common import json_answer, number
from growingio_tracker.collector.api.describe import (
    Answer,
    Operation,
    record,
    ref,
)
from growingio_tracker.collector.api.describe import (
    query as described,
)
from growingio_tracker.collector.api.parameters import only_known
from growingio_tracker.collector.info import Info
from growingio_tracker.collector.store import Store

MAX_WAIT_S: Final = 300.0
DEFAULT_WAIT_S: Final = 5.0
_MOMENT_S: Final = 0.1


_READY: Final = record(ready={"type": "boolean"})
_SECONDS: Final = {"type": "number", "minimum": 0, "maximum": MAX_WAIT_S}

OPERATIONS: Final = (
    Operation("get", "/info", "What this collector is.", {200: Answer("As of now.", ref("Info"))}),
    Operation(
        "get",
        "/ready",
        "Whether what comes now would be stored at once.",
        {200: Answer("It would.", _READY), 503: Answer("Not within that time.", _READY)},
        (described("wait", _SECONDS, "In seconds; 5 by default."),),
    ),
)


def _nothing() -> None:
    """Run through the writer's queue."""


def routes(store: Store, writer: Executor, info: Callable[[], Info]) -> list[BaseRoute]:
    """Return the routes below ``/api/v1``."""

    async def about(request: Request) -> Response:
        """``GET /info``."""
        only_known(request.query_params, ())
        return json_answer(info())

    async def ready(request: Request) -> Response:
        """``GET /ready?wait=5``: 200 as soon as what comes now would be stored at once.

        503 when that is not so within ``wait`` seconds, or the collector is stopping. With 0, too,
        it has a moment to find out.
        """
        only_known(request.query_params, ("wait",))
        wait = number(request.query_params, "wait", float, DEFAULT_WAIT_S, MAX_WAIT_S)
        turn = asyncio.get_running_loop().run_in_executor(writer, _nothing)
        done, _ = await asyncio.wait([turn], timeout=max(wait, _MOMENT_S))
        is_ready = bool(done) and not store.closing
        return json_answer({"ready": is_ready}, 200 if is_ready else 503)

    return [Route("/info", about, methods=["GET"]), Route("/ready", ready, methods=["GET"])]

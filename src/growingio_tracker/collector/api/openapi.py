"""``/api/v1/openapi.json``: the API's description, gathered from beside its routes."""

from collections.abc import Iterable
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from growingio_tracker.collector.api import (
    counts,
    events,
    experiments,
    faults,
    forward,
    plan,
    requests,
    state,
    stream,
    transfer,
    waits,
)
from growingio_tracker.collector.api.common import json_answer
from growingio_tracker.collector.api.describe import Answer, Operation, described
from growingio_tracker.collector.api.parameters import only_known
from growingio_tracker.collector.api.schemas import schemas
from growingio_tracker.version import VERSION

_ABOUT: Final = (
    "What the local collector received and what it found. Times are Unix milliseconds. "
    "Parameters that are not known are refused."
)

_OWN: Final = Operation(
    "get", "/openapi.json", "This description.", {200: Answer("OpenAPI 3.1.", {"type": "object"})}
)

OPERATIONS: Final = (
    *events.OPERATIONS,
    *waits.OPERATIONS,
    *requests.OPERATIONS,
    *counts.OPERATIONS,
    *stream.OPERATIONS,
    *transfer.OPERATIONS,
    *plan.OPERATIONS,
    *forward.OPERATIONS,
    *faults.OPERATIONS,
    *experiments.OPERATIONS,
    *state.OPERATIONS,
    _OWN,
)


def document(operations: Iterable[Operation]) -> dict[str, Any]:
    """Return the description of ``operations``."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method] = described(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "GrowingIO collector", "version": VERSION, "description": _ABOUT},
        "servers": [{"url": "/api/v1"}],
        "paths": paths,
        "components": {"schemas": schemas()},
    }


def routes() -> list[BaseRoute]:
    """Return the route below ``/api/v1``."""

    async def description(request: Request) -> Response:
        only_known(request.query_params, ())
        return json_answer(document(OPERATIONS))

    return [Route("/openapi.json", description, methods=["GET"])]

"""``/api/v1/faults``: answers that go wrong on request."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from growingio_tracker.collector.api.bodies import body_as, without_parameters
from growingio_tracker.collector.api.common import guarded, json_answer
from growingio_tracker.collector.api.describe import GUARD, JSON, TEXT, Answer, Operation
from growingio_tracker.collector.faults import Fault, Faults

_SHOWN: Final = {200: Answer("What goes wrong, and how often it did.", {"type": "object"})}
_FAULT: Final = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "next": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        "percent": {"type": "number"},
        "status": {"type": "integer"},
        "delay_ms": {"type": "integer"},
        "drop": {"type": "boolean"},
        "truncate": {"type": "boolean"},
        "path": TEXT,
    },
}

OPERATIONS: Final = (
    Operation("get", "/faults", "What goes wrong.", _SHOWN),
    Operation(
        "put",
        "/faults",
        "Let this go wrong, in place of what did until now.",
        _SHOWN,
        (GUARD,),
        {JSON: _FAULT},
    ),
    Operation("delete", "/faults", "Let nothing go wrong any more.", _SHOWN, (GUARD,)),
)


class _Faults:
    """The handlers, over one collector's faults."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    async def get(self, request: Request) -> Response:
        """``GET /faults``: what goes wrong, how often it did and how often it will."""
        without_parameters(request)
        return json_answer(self._faults.show())

    async def put(self, request: Request) -> Response:
        """``PUT /faults``: let this go wrong, in place of what did until now."""
        without_parameters(request)
        self._faults.begin(await body_as(request, Fault))
        return json_answer(self._faults.show())

    async def delete(self, request: Request) -> Response:
        """``DELETE /faults``: let nothing go wrong any more."""
        without_parameters(request)
        self._faults.clear()
        return json_answer(self._faults.show())


def routes(faults: Faults) -> list[BaseRoute]:
    """Return the routes below ``/api/v1``."""
    handlers = _Faults(faults)
    return [
        Route("/faults", handlers.get, methods=["GET"]),
        Route("/faults", guarded(handlers.put), methods=["PUT"]),
        Route("/faults", guarded(handlers.delete), methods=["DELETE"]),
    ]

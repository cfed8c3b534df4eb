"""``/api/v1/faults``: answers that go wrong on request."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from growingio_tracker.collector.api.bodies import body_as
from growingio_tracker.collector.api.common import guarded, json_answer, route
from growingio_tracker.collector.api.describe import GUARD, JSON, Answer, Operation
from growingio_tracker.collector.api.parameters import only_known
from growingio_tracker.collector.faults import Fault, Faults


class _Faults:
    """The handlers, over one collector's faults."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    async def get(self, request: Request) -> Response:
        """``GET /faults``: what goes wrong, how often it did and how often it will."""
        only_known(request.query_params, ())
        return json_answer(self._faults.show())

    async def put(self, request: Request) -> Response:
        """``PUT /faults``: let this go wrong, in place of what did until now."""
        only_known(request.query_params, ())
        self._faults.begin(await body_as(request, Fault))
        return json_answer(self._faults.show())

    async def delete(self, request: Request) -> Response:
        """``DELETE /faults``: let nothing go wrong any more."""
        only_known(request.query_params, ())
        self._faults.clear()
        return json_answer(self._faults.show())


_SHOWN: Final = {200: Answer("What goes wrong, and how often.", {"type": "object"})}

OPERATIONS: Final = (
    Operation("get", "/faults", "What goes wrong.", _SHOWN),
    Operation(
        "put", "/faults", "Let answers go wrong.", _SHOWN, (GUARD,), {JSON: {"type": "object"}}
    ),
    Operation("delete", "/faults", "Let nothing go wrong any more.", _SHOWN, (GUARD,)),
)


def routes(faults: Faults) -> list[BaseRoute]:
    """Return the routes below ``/api/v1``."""
    handlers = _Faults(faults)
    return [
        route(
            "/faults",
            GET=handlers.get,
            PUT=guarded(handlers.put),
            DELETE=guarded(handlers.delete),
        ),
    ]

"""``/api/v1/experiments``: what is answered to clients that ask for an A/B experiment."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from growingio_tracker.collector.api.bodies import body_as
from growingio_tracker.collector.api.common import guarded, json_answer, missing, route
from growingio_tracker.collector.api.describe import (
    GUARD,
    JSON,
    Answer,
    Operation,
    Schema,
    record,
    ref,
)
from growingio_tracker.collector.api.parameters import only_known
from growingio_tracker.collector.experiments import Experiments, LayerAnswer


class _Experiments:
    """The handlers, over one collector's experiments."""

    def __init__(self, experiments: Experiments) -> None:
        self._experiments = experiments

    async def every(self, request: Request) -> Response:
        """``GET /experiments``: the answers by layer."""
        only_known(request.query_params, ())
        return json_answer({"experiments": self._experiments.all()})

    async def put(self, request: Request) -> Response:
        """``PUT /experiments/LAYER``: answer so from now on."""
        only_known(request.query_params, ())
        answer = await body_as(request, LayerAnswer)
        self._experiments.set(request.path_params["layer_id"], answer)
        return json_answer(answer)

    async def delete(self, request: Request) -> Response:
        """``DELETE /experiments/LAYER``: answer that there is no experiment."""
        only_known(request.query_params, ())
        if not self._experiments.remove(request.path_params["layer_id"]):
            return missing("There is no experiment for this layer.")
        return json_answer({"experiments": self._experiments.all()})


_LAYER: Final[Schema] = {
    "name": "layer_id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": "^[^/]+$"},
    "description": "The layer's id.",
}
_ALL: Final = record(experiments={"type": "object"})

OPERATIONS: Final = (
    Operation("get", "/experiments", "The experiments.", {200: Answer("By layer.", _ALL)}),
    Operation(
        "put",
        "/experiments/{layer_id}",
        "Answer so to clients that ask for the experiment of this layer.",
        {200: Answer("What is answered now.", ref("LayerAnswer"))},
        (_LAYER, GUARD),
        {JSON: ref("LayerAnswer")},
    ),
    Operation(
        "delete",
        "/experiments/{layer_id}",
        "Answer that there is no experiment.",
        {
            200: Answer("Those that are left, by layer.", _ALL),
            404: Answer("There is none for this layer.", ref("Error")),
        },
        (_LAYER, GUARD),
    ),
)


def routes(experiments: Experiments) -> list[BaseRoute]:
    """Return the routes below ``/api/v1``."""
    handlers = _Experiments(experiments)
    return [
        route("/experiments", GET=handlers.every),
        route(
            "/experiments/{layer_id}", PUT=guarded(handlers.put), DELETE=guarded(handlers.delete)
        ),
    ]

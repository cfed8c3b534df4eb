"""``/api/v1/experiments``: what is answered to clients that ask for an A/B experiment."""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from growingio_tracker.collector.api.common import (
    WrongParameterError,
    guarded,
    json_answer,
    missing,
)
from growingio_tracker.collector.experiments import Experiments
from growingio_tracker.exceptions import GrowingParamException


def routes(experiments: Experiments) -> list[BaseRoute]:
    """Return the routes below ``/api/v1``."""

    async def every(_request: Request) -> Response:
        """``GET /experiments``: the answers by layer."""
        return json_answer({"experiments": experiments.all()})

    @guarded
    async def put(request: Request) -> Response:
        """``PUT /experiments/LAYER``: answer so from now on."""
        layer_id = request.path_params["layer_id"]
        try:
            experiments.set(layer_id, _object(await request.body()))
        except GrowingParamException as error:
            raise WrongParameterError(str(error)) from error
        return json_answer(experiments.all()[layer_id])

    @guarded
    async def delete(request: Request) -> Response:
        """``DELETE /experiments/LAYER``: answer that there is no experiment."""
        if not experiments.remove(request.path_params["layer_id"]):
            return missing("There is no experiment for this layer.")
        return Response(status_code=204)

    return [
        Route("/experiments", every, methods=["GET"]),
        Route("/experiments/{layer_id}", put, methods=["PUT"]),
        Route("/experiments/{layer_id}", delete, methods=["DELETE"]),
    ]


def _object(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise WrongParameterError(f"The body must be a JSON object ({error}).") from error

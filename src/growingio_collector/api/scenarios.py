"""Calls of ``/api/v1`` that control responses to clients: simulated faults and A/B experiments."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from growingio_collector.api import (
    JSON,
    OBJECT,
    Answer,
    AnyCall,
    ApiCall,
    Handler,
    body_as,
    json_answer,
    missing,
    path_parameter,
    record,
    ref,
)
from growingio_collector.api.queries import NoQuery, Schema
from growingio_collector.receiving.experiments import Experiments, LayerAnswer
from growingio_collector.receiving.faults import Fault, Faults


class _Faults:
    """The handlers, over one collector's faults."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    async def get(self, _request: Request, _query: NoQuery) -> Response:
        return json_answer(self._faults.show())

    async def put(self, request: Request, _query: NoQuery) -> Response:
        self._faults.begin(await body_as(request, Fault))
        return json_answer(self._faults.show())

    async def delete(self, _request: Request, _query: NoQuery) -> Response:
        self._faults.clear()
        return json_answer(self._faults.show())


class _Experiments:
    """The handlers, over one collector's experiments."""

    def __init__(self, experiments: Experiments) -> None:
        self._experiments = experiments

    async def every(self, _request: Request, _query: NoQuery) -> Response:
        return json_answer({"experiments": self._experiments.all()})

    async def put(self, request: Request, _query: NoQuery) -> Response:
        answer = await body_as(request, LayerAnswer)
        self._experiments.answer(request.path_params["layer_id"], answer)
        return json_answer(answer)

    async def delete(self, request: Request, query: NoQuery) -> Response:
        if not self._experiments.remove(request.path_params["layer_id"]):
            return missing("There is no experiment for this layer.", "此实验层没有实验。")
        return await self.every(request, query)


_FAULT: Final = {200: Answer("The simulated fault, and how often it occurs.", OBJECT)}
_BY_LAYER: Final = record(experiments=OBJECT)
_LAYER: Final = (
    path_parameter("layer_id", {"type": "string", "pattern": "^[^/]+$"}, "The layer's id."),
)
_LAYER_ANSWER: Final = ref("LayerAnswer")


def calls(faults: Faults, experiments: Experiments) -> list[AnyCall]:
    """Return the calls below ``/api/v1``."""
    of_faults, of_experiments = _Faults(faults), _Experiments(experiments)
    return [
        _fault("get", "What goes wrong.", of_faults.get),
        _fault("put", "Simulate a fault.", of_faults.put, {JSON: OBJECT}),
        _fault("delete", "Stop simulating faults.", of_faults.delete),
        ApiCall(
            method="get",
            path="/experiments",
            summary="The experiments.",
            answers={200: Answer("By layer.", _BY_LAYER)},
            handler=of_experiments.every,
            query=NoQuery,
        ),
        ApiCall(
            method="put",
            path="/experiments/{layer_id}",
            summary="Set the answer for clients that ask for the experiment of this layer.",
            answers={200: Answer("The answer in use.", _LAYER_ANSWER)},
            handler=of_experiments.put,
            query=NoQuery,
            in_path=_LAYER,
            body={JSON: _LAYER_ANSWER},
            guarded=True,
        ),
        ApiCall(
            method="delete",
            path="/experiments/{layer_id}",
            summary="Remove the experiment of this layer.",
            answers={
                200: Answer("The remaining experiments, by layer.", _BY_LAYER),
                404: Answer("There is none for this layer.", ref("Error")),
            },
            handler=of_experiments.delete,
            query=NoQuery,
            in_path=_LAYER,
            guarded=True,
        ),
    ]


def _fault(
    method: str, summary: str, handler: Handler, body: dict[str, Schema] | None = None
) -> AnyCall:
    return ApiCall(
        method=method,
        path="/faults",
        summary=summary,
        answers=_FAULT,
        handler=handler,
        query=NoQuery,
        body=body,
        guarded=method != "get",
    )

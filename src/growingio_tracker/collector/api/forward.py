"""``/api/v1/forward``: what was forwarded, and sending again."""

import asyncio
from typing import Annotated, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from growingio_tracker.collector.api.bodies import body_as
from growingio_tracker.collector.api.common import WrongParameterError, guarded, json_answer
from growingio_tracker.collector.api.describe import (
    COUNT,
    GUARD,
    JSON,
    TEXT,
    Answer,
    Operation,
    nullable,
    path_id,
    record,
    ref,
)
from growingio_tracker.collector.api.parameters import only_known
from growingio_tracker.collector.forward.gateway import Gateway
from growingio_tracker.exceptions import GrowingParamException

_MOST_ID: Final = 2**63 - 1

_Id = Annotated[int, msgspec.Meta(ge=1, le=_MOST_ID)]


class _Again(msgspec.Struct, forbid_unknown_fields=True):
    """Which requests to forward again; None means all that failed."""

    requests: list[_Id] | None = None


class _To(msgspec.Struct, forbid_unknown_fields=True):
    """Where to send one request again; None means where requests are forwarded to."""

    to: str | None = None


class _Forward:
    """The handlers, over one gateway."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def get(self, request: Request) -> Response:
        """``GET /forward``: where to, how many requests are in which state, the newest ones."""
        only_known(request.query_params, ())
        return json_answer(await asyncio.to_thread(self._gateway.status))

    async def again(self, request: Request) -> Response:
        """``POST /forward/replay {"requests": [ids] or null}``: ``{"queued": n}``."""
        only_known(request.query_params, ())
        wanted = await body_as(request, _Again)
        try:
            queued = await asyncio.to_thread(self._gateway.queue_again, wanted.requests)
        except GrowingParamException as error:
            raise WrongParameterError(str(error)) from error
        return json_answer({"queued": queued})

    async def replay(self, request: Request) -> Response:
        """``POST /requests/{id}/replay {"to": url or null}``: the answer of that server."""
        only_known(request.query_params, ())
        request_id = min(request.path_params["id"], _MOST_ID)
        wanted = await body_as(request, _To)
        try:
            answer = await asyncio.get_running_loop().run_in_executor(
                self._gateway.executor, self._gateway.replay, request_id, wanted.to
            )
        except GrowingParamException as error:
            raise WrongParameterError(str(error)) from error
        if answer is None:
            return json_answer({"error": f"There is no request {request_id}."}, 404)
        text = answer.body.decode("utf-8", "replace")
        return json_answer({"status": answer.status or None, "answer": text, "error": answer.error})


_ANSWERED: Final = record(status=nullable(COUNT), answer=TEXT, error=nullable(TEXT))

OPERATIONS: Final = (
    Operation(
        "get",
        "/forward",
        "What was forwarded.",
        {200: Answer("Where to, counts by state, the newest.", {"type": "object"})},
    ),
    Operation(
        "post",
        "/forward/replay",
        "Forward requests again: those of these ids, or all that failed.",
        {200: Answer("How many wait now.", record(queued=COUNT))},
        (GUARD,),
        {JSON: {"type": "object"}},
    ),
    Operation(
        "post",
        "/requests/{id}/replay",
        "Send one request again, to this server or where requests are forwarded to.",
        {
            200: Answer("What that server answered.", _ANSWERED),
            404: Answer("There is no such request.", ref("Error")),
        },
        (path_id("The request's id."), GUARD),
        {JSON: {"type": "object"}},
    ),
)


def routes(gateway: Gateway) -> list[BaseRoute]:
    """Return the routes below ``/api/v1``."""
    handlers = _Forward(gateway)
    return [
        Route("/forward", handlers.get, methods=["GET"]),
        Route("/forward/replay", guarded(handlers.again), methods=["POST"]),
        Route("/requests/{id:int}/replay", guarded(handlers.replay), methods=["POST"]),
    ]

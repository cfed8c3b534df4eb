"""``/api/v1/requests``: the requests as they came."""

import asyncio
from collections.abc import Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from growingio_tracker.collector.api.common import Handler, json_answer, missing, number
from growingio_tracker.collector.api.describe import (
    TEXT,
    Answer,
    Operation,
    listed,
    path_id,
    record,
    ref,
)
from growingio_tracker.collector.api.describe import (
    query as described,
)
from growingio_tracker.collector.api.parameters import (
    MAX_ID,
    described_number,
    one_of,
    only_known,
    row_id,
)
from growingio_tracker.collector.listing import Page, list_requests
from growingio_tracker.collector.problems.text import BAD
from growingio_tracker.collector.query import find_request
from growingio_tracker.collector.rows import Request as Stored
from growingio_tracker.collector.show import show_listed, show_request
from growingio_tracker.collector.store import Store
from growingio_tracker.collector.to_curl import curl_command

MAX_LISTED: Final = 1000
DEFAULT_LISTED: Final = 100

_NO_REQUEST: Final = "No stored request has this id. It may have been removed."


class _Requests:
    """The handlers, over one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def listing(self, request: Request) -> Response:
        """``GET /requests?limit=100&after=&before=&status=bad&client=``: newest first."""
        query = request.query_params
        only_known(query, ("limit", "after", "before", "status", "client"))
        page = Page(
            limit=number(query, "limit", int, DEFAULT_LISTED, MAX_LISTED),
            after=row_id(query, "after"),
            before=row_id(query, "before"),
            client=query.get("client"),
            only_bad=one_of(query, "status", (BAD,)) is not None,
        )
        found = await asyncio.to_thread(list_requests, self._store.path, page)
        return json_answer({"requests": [show_listed(one) for one in found]})

    def one(self, answer: Callable[[Stored, Request], Response]) -> Handler:
        """Return the handler that answers with one view of the request of the path."""

        async def found(request: Request) -> Response:
            only_known(request.query_params, ())
            request_id: int = request.path_params["id"]
            stored = None
            if request_id <= MAX_ID:
                stored = await asyncio.to_thread(find_request, self._store.path, request_id)
            if stored is None:
                return missing(_NO_REQUEST)
            return answer(stored, request)

        return found


def _whole(stored: Stored, _request: Request) -> Response:
    """``GET /requests/{id}``: everything, the body in base64."""
    return json_answer(show_request(stored))


def _raw(stored: Stored, _request: Request) -> Response:
    """``GET /requests/{id}/raw``: the body as it came, never shown by a browser."""
    name = f"request-{stored.id}.bin"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(stored.body, headers=headers, media_type="application/octet-stream")


def _curl(stored: Stored, request: Request) -> Response:
    """``GET /requests/{id}/curl``: the command that sends it again to this collector."""
    own = f"{request.url.scheme}://{request.url.netloc}"
    return PlainTextResponse(curl_command(stored, own) + "\n")


def _steps(stored: Stored, _request: Request) -> Response:
    """``GET /requests/{id}/steps``: how its body was decoded."""
    return json_answer({"steps": stored.steps})


_MISSING: Final = {404: Answer(_NO_REQUEST, ref("Error"))}
_ID: Final = (path_id("The request's id."),)
_BYTES: Final = ("application/octet-stream",)

OPERATIONS: Final = (
    Operation(
        "get",
        "/requests",
        "Requests without their bodies.",
        {200: Answer("The newest first.", record(requests=listed(ref("ListedRequest"))))},
        (
            described_number("limit", "At most so many; 100 by default.", MAX_LISTED),
            described_number("after", "Only greater ids; the oldest then come first."),
            described_number("before", "Only smaller ids."),
            described("status", {"const": BAD}, "Only those with a bad event."),
            described("client", TEXT, "Only those of this client."),
        ),
    ),
    Operation(
        "get",
        "/requests/{id}",
        "One request, its body in base64.",
        {200: Answer("The request.", ref("Request")), **_MISSING},
        _ID,
    ),
    Operation(
        "get",
        "/requests/{id}/raw",
        "The body as it came.",
        {200: Answer("Its bytes.", None, _BYTES), **_MISSING},
        _ID,
    ),
    Operation(
        "get",
        "/requests/{id}/curl",
        "The command that sends it again.",
        {200: Answer("For a POSIX shell.", TEXT, ("text/plain",)), **_MISSING},
        _ID,
    ),
    Operation(
        "get",
        "/requests/{id}/steps",
        "How the body was decoded.",
        {200: Answer("In order.", record(steps=listed(ref("Step")))), **_MISSING},
        _ID,
    ),
)


def routes(store: Store) -> list[BaseRoute]:
    """Return the routes below ``/api/v1``."""
    requests = _Requests(store)
    views = {"": _whole, "/raw": _raw, "/curl": _curl, "/steps": _steps}
    return [
        Route("/requests", requests.listing, methods=["GET"]),
        *(
            Route("/requests/{id:int}" + path, requests.one(view), methods=["GET"])
            for path, view in views.items()
        ),
    ]

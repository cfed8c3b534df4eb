"""Calls of ``/api/v1`` for stored requests, their forwarding state, and replays."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Final

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from growingio_collector.api import (
    COUNT,
    JSON,
    OBJECT,
    TEXT,
    Answer,
    AnyCall,
    ApiCall,
    Handler,
    body_as,
    json_answer,
    listed,
    missing,
    nullable,
    path_id,
    record,
    ref,
)
from growingio_collector.api.queries import NoQuery, RequestsQuery
from growingio_collector.forwarding import Gateway
from growingio_collector.receiving.curl import curl_command
from growingio_collector.store import EventStore
from growingio_collector.store.exporting import as_recording
from growingio_collector.store.filter import MAX_ID
from growingio_collector.store.reading import Page, find_request, list_requests
from growingio_collector.store.rows import StoredRequest, show_listed, show_request
from growingio_wire.said import Said

_NO_REQUEST: Final = Said(
    "No stored request has this id. It may have been removed.",
    "没有此 ID 的请求，它可能已被删除。",
)

_Id = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]


class _Again(msgspec.Struct, forbid_unknown_fields=True):
    """Which requests to forward again; None means all that failed."""

    requests: list[_Id] | None = None


class _To(msgspec.Struct, forbid_unknown_fields=True):
    """Where to send one request again; None means where requests are forwarded to."""

    to: str | None = None


class _Requests:
    """The handlers, over one store and its gateway."""

    def __init__(self, store: EventStore, gateway: Gateway) -> None:
        self._store = store
        self._gateway = gateway

    async def listing(self, _request: Request, query: RequestsQuery) -> Response:
        page = Page(query.limit, query.after, query.before, query.client, query.status is not None)
        found = await asyncio.to_thread(list_requests, self._store.path, page)
        return json_answer({"requests": [show_listed(one) for one in found]})

    def one(self, answer: Callable[[StoredRequest, Request], Response]) -> Handler:
        """Return a handler that shows the request in the path in one form."""

        async def found(request: Request, _query: NoQuery) -> Response:
            request_id: int = request.path_params["id"]
            stored = None
            if request_id <= MAX_ID:
                stored = await asyncio.to_thread(find_request, self._store.path, request_id)
            return missing(*_NO_REQUEST) if stored is None else answer(stored, request)

        return found

    def file(self, stored: StoredRequest, _request: Request) -> Response:
        """Respond with the request as a file that another collector can import."""
        name = f"growingio-request-{stored.id}.json"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(as_recording(self._store.path, stored), headers=headers, media_type=JSON)

    async def forwarded(self, _request: Request, _query: NoQuery) -> Response:
        return json_answer(await asyncio.to_thread(self._gateway.status))

    async def forward_again(self, request: Request, _query: NoQuery) -> Response:
        wanted = await body_as(request, _Again)
        queued = await asyncio.to_thread(self._gateway.queue_again, wanted.requests)
        return json_answer({"queued": queued})

    async def replay(self, request: Request, _query: NoQuery) -> Response:
        request_id = min(request.path_params["id"], MAX_ID)
        wanted = await body_as(request, _To)
        answer = await asyncio.get_running_loop().run_in_executor(
            self._gateway.executor, self._gateway.replay, request_id, wanted.to
        )
        if answer is None:
            return missing(f"There is no request {request_id}.", f"没有请求 {request_id}。")
        text = answer.body.decode("utf-8", "replace")
        error_en, error_zh = answer.error or (None, None)
        shown = {"answer": text, "error": error_en, "error_zh": error_zh}
        return json_answer({"status": answer.status or None, **shown})


def _whole(stored: StoredRequest, _request: Request) -> Response:
    return json_answer(show_request(stored))


def _raw(stored: StoredRequest, _request: Request) -> Response:
    # Downloaded, so that a browser never shows what a stranger sent.
    headers = {"Content-Disposition": f'attachment; filename="request-{stored.id}.bin"'}
    return Response(stored.body, headers=headers, media_type="application/octet-stream")


def _curl(stored: StoredRequest, request: Request) -> Response:
    own = f"{request.url.scheme}://{request.url.netloc}"
    return PlainTextResponse(curl_command(stored, own) + "\n")


def _steps(stored: StoredRequest, _request: Request) -> Response:
    return json_answer({"steps": stored.steps})


_BYTES: Final = ("application/octet-stream",)
_ID: Final = (path_id("The request's id."),)
_MISSING: Final = {404: Answer(_NO_REQUEST.en, ref("Error"))}
_ANSWERED: Final = record(
    status=nullable(COUNT), answer=TEXT, error=nullable(TEXT), error_zh=nullable(TEXT)
)
_VIEWS: Final = (
    ("", "One request, its body in base64.", Answer("The request.", ref("StoredRequest")), _whole),
    ("/raw", "The body as it came.", Answer("Its bytes.", None, _BYTES), _raw),
    (
        "/curl",
        "A command that sends it again.",
        Answer("For a POSIX shell.", TEXT, ("text/plain",)),
        _curl,
    ),
    (
        "/steps",
        "How the body was decoded.",
        Answer("In order.", record(steps=listed(ref("Step")))),
        _steps,
    ),
)


_FILE: Final = (
    "/file",
    "The request as a file that another collector can import.",
    Answer("A recording of one request.", OBJECT),
)


def calls(store: EventStore, gateway: Gateway) -> list[AnyCall]:
    """Return the calls below ``/api/v1``."""
    requests = _Requests(store, gateway)
    return [*_stored(requests), *_forwarded(requests)]


def _stored(requests: _Requests) -> list[AnyCall]:
    return [
        ApiCall(
            method="get",
            path="/requests",
            summary="Requests without their bodies.",
            answers={
                200: Answer("The newest first.", record(requests=listed(ref("ListedRequest"))))
            },
            handler=requests.listing,
            query=RequestsQuery,
        ),
        *(
            ApiCall(
                method="get",
                path="/requests/{id}" + path,
                summary=summary,
                answers={200: answer, **_MISSING},
                handler=requests.one(view),
                query=NoQuery,
                in_path=_ID,
            )
            for path, summary, answer, view in (*_VIEWS, (*_FILE, requests.file))
        ),
    ]


def _forwarded(requests: _Requests) -> list[AnyCall]:
    return [
        ApiCall(
            method="post",
            path="/requests/{id}/replay",
            summary="Send one request again, to the given server or to the one that requests are "
            "forwarded to.",
            answers={200: Answer("The server's response.", _ANSWERED), **_MISSING},
            handler=requests.replay,
            query=NoQuery,
            in_path=_ID,
            body={JSON: OBJECT},
            guarded=True,
        ),
        ApiCall(
            method="get",
            path="/forward",
            summary="What was forwarded.",
            answers={
                200: Answer("The target, the number of requests by state, and the newest.", OBJECT)
            },
            handler=requests.forwarded,
            query=NoQuery,
        ),
        ApiCall(
            method="post",
            path="/forward/replay",
            summary="Forward requests again: those with the given ids, or all that failed.",
            answers={200: Answer("How many wait now.", record(queued=COUNT))},
            handler=requests.forward_again,
            query=NoQuery,
            body={JSON: OBJECT},
            guarded=True,
        ),
    ]

"""The collect paths: read the body, decode, check, store, and only then answer.

Web SDKs take nothing but a 204 they may read as success and send everything again otherwise;
the Java and mini-program SDKs repeat after a 4xx. So a malformed body, too, is answered 204.
"""

import asyncio
import sqlite3
import time
from concurrent.futures import Executor
from typing import Final, NamedTuple

from starlette.datastructures import Headers, QueryParams
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from growingio_tracker.collector import paths
from growingio_tracker.collector._log import logger
from growingio_tracker.collector.check import examine, unreadable
from growingio_tracker.collector.decode import Decoded, Envelope, decode_body
from growingio_tracker.collector.decode.limits import MAX_BODY_BYTES
from growingio_tracker.collector.problems.problem import Problem
from growingio_tracker.collector.redaction import Redaction
from growingio_tracker.collector.settings import Handling
from growingio_tracker.collector.store import Received, Store
from growingio_tracker.collector.strict import REFUSED, answered_strictly, reasons

_MAX_DRAINED_BYTES: Final = 10 * MAX_BODY_BYTES
"""A body over the limit is read on, and thrown away, up to here: a client that is still sending
when the connection closes sees a broken connection instead of the answer."""

_GIF: Final = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,"
    b"\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)

_NOBODY_TO_ANSWER: Final = 0

_TOO_LARGE: Final = Problem("too_large", values={"most": MAX_BODY_BYTES})
_BROKEN_OFF: Final = Problem("broken_off")
_IMAGE: Final = Problem("empty_body")


class _Body(NamedTuple):
    """What arrived of a body, and why that is not all of it."""

    content: bytes
    problem: Problem | None = None


async def _read(request: Request) -> _Body:
    content, size = bytearray(), 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            content += chunk[: MAX_BODY_BYTES - len(content)]
            if size > _MAX_DRAINED_BYTES:
                break
    except ClientDisconnect:
        return _Body(bytes(content), _BROKEN_OFF)
    return _Body(bytes(content), _TOO_LARGE if size > MAX_BODY_BYTES else None)


def _envelope(headers: Headers, query: QueryParams) -> Envelope:
    return Envelope(
        content_type=headers.get("content-type"),
        codec=headers.get("x-compress-codec"),
        crypt=headers.get("x-crypt-codec"),
        x_timestamp=headers.get("x-timestamp"),
        stm=query.get("stm"),
        compress=query.get("compress"),
    )


def _cors(headers: Headers) -> dict[str, str]:
    origin = headers.get("origin")
    if origin is None:
        return {"Access-Control-Allow-Origin": "*"}
    # Beacons are sent with credentials, for which "*" is not enough.
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Credentials": "true",
        "Vary": "Origin",
    }


def _preflight(headers: Headers) -> dict[str, str]:
    allowed = {
        "Access-Control-Allow-Methods": "POST, GET, OPTIONS",
        "Access-Control-Allow-Headers": headers.get("access-control-request-headers", "*"),
        "Access-Control-Max-Age": "600",
    }
    if headers.get("access-control-request-private-network") == "true":
        allowed["Access-Control-Allow-Private-Network"] = "true"
    return allowed


class _Verdict(NamedTuple):
    """What a request was found to be: its status, its content, and whether that is bad."""

    status: int
    decoded: Decoded
    target: paths.Target | None = None


def _judge(request: Request, path: str, body: _Body) -> _Verdict:
    target = paths.match(path)
    if target is None:
        return _Verdict(404, Decoded(reason=paths.unknown(path)))
    if request.method == "OPTIONS":
        return _Verdict(204, Decoded(), target)
    if request.method == "GET":
        return _Verdict(200, Decoded(reason=_IMAGE), target)
    if request.method != "POST":
        return _Verdict(405, Decoded(reason=_wrong_method(request.method)), target)
    if body.problem:
        status = 413 if body.problem is _TOO_LARGE else _NOBODY_TO_ANSWER
        return _Verdict(status, Decoded(reason=body.problem), target)
    envelope = _envelope(request.headers, request.query_params)
    return _Verdict(204, decode_body(target.kind, envelope, body.content), target)


def _wrong_method(method: str) -> Problem:
    return Problem("wrong_method", values={"method": method})


def _received(request: Request, received_us: int, body: _Body) -> Received:
    """Decode and check the request."""
    path, query = _path_and_query(request)
    run, behind = paths.split_run(path)
    verdict = _judge(request, behind, body)
    decoded, target = verdict.decoded, verdict.target
    findings = [examine(target.kind, message) for message in decoded.messages] if target else []
    if decoded.reason:
        findings.append(unreadable(decoded.reason))
    return Received(
        received_us=received_us,
        method=request.method,
        target=path + query,
        headers=[
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw
        ],
        body=body.content,
        answered=verdict.status,
        steps=decoded.steps,
        reason=decoded.reason,
        project=target.project if target else None,
        findings=findings,
        run=run or (target.project if target else None),
    )


def _path_and_query(request: Request) -> tuple[str, str]:
    query: bytes = request.scope["query_string"]
    path: bytes = request.scope["raw_path"]
    return path.decode("latin-1"), "?" + query.decode("latin-1") if query else ""


def _answer(request: Request, received: Received) -> Response:
    headers = _cors(request.headers)
    if request.method == "OPTIONS":
        headers |= _preflight(request.headers)
    if received.answered in (204, _NOBODY_TO_ANSWER):
        return Response(status_code=204, headers=headers)
    if received.answered == 200:
        return Response(_GIF, media_type="image/gif", headers=headers)
    if received.answered == REFUSED:
        return PlainTextResponse(reasons(received) + "\n", REFUSED, headers)
    sentence = received.reason.sentence if received.reason else ""
    return PlainTextResponse(sentence + "\n", received.answered, headers)


class Receiver:
    """The ASGI application behind every path that is not the collector's own.

    :param store: takes every request before it is answered.
    :param writer: runs decoding and storing, one request at a time, outside the event loop.
    :param handling: what is done with what arrives.
    """

    def __init__(self, store: Store, writer: Executor, handling: Handling) -> None:
        self._store = store
        self._strict = handling.strict
        self._redact = Redaction(handling.redact)
        self._writer = writer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Store one request, then answer it."""
        request = Request(scope, receive)
        received_us = time.time_ns() // 1000
        if _is_a_visit(request):
            response: Response = PlainTextResponse("Nothing is here.\n", 404)
        else:
            response = await self._take(request, received_us, await _read(request))
        await response(scope, receive, send)

    async def _take(self, request: Request, received_us: int, body: _Body) -> Response:
        loop = asyncio.get_running_loop()
        try:
            received = await loop.run_in_executor(
                self._writer, self._store_one, request, received_us, body
            )
        except sqlite3.Error as error:
            logger.error("A request was not stored and is answered 503: %s", error)
            return PlainTextResponse(
                "The collector could not store this.\n", 503, _cors(request.headers)
            )
        return _answer(request, received)

    def _store_one(self, request: Request, received_us: int, body: _Body) -> Received:
        received = self._redact(_received(request, received_us, body))
        if self._strict:
            received = answered_strictly(received)
        self._store.add(received)
        return received

    def take_again(self, scope: Scope, received_us: int, body: bytes) -> Received:
        """Store a request that was received earlier, or elsewhere, as it is found to be today.

        To be run by the writer.
        """
        return self._store_one(Request(scope), received_us, _Body(body))


def _is_a_visit(request: Request) -> bool:
    """Tell whether it is a look around (``/favicon.ico``), which carries no event to lose."""
    if request.method not in ("GET", "HEAD"):
        return False
    _, path = paths.split_run(_path_and_query(request)[0])
    return paths.match(path) is None

"""Requests to the collect paths, and their responses.

Pages of any origin may send requests, and may read that they succeeded (CORS).
"""

import re
from typing import Final, NamedTuple
from urllib.parse import unquote

from msgspec.structs import replace
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Scope

from growingio_collector.rules.bodies import MAX_BODY_BYTES
from growingio_collector.rules.checked import has_bad, reasons
from growingio_collector.rules.issue import Issue
from growingio_collector.rules.requests import BROKEN_OFF, TOO_LARGE, TWO_LENGTHS
from growingio_collector.store.received import Received

_MAX_DRAINED_BYTES: Final = 10 * MAX_BODY_BYTES
"""Size up to which a body over the limit is still read, and discarded: a client that is sending
when the connection closes sees a broken connection instead of the response."""

_VISITED: Final = re.compile(
    r"/|/healthy-check|/favicon\.ico|/robots\.txt|/apple-touch-icon[\w.-]*|/\.well-known/.*"
)
_COLLECTING: Final = b"/projects/"
_RUN: Final = re.compile(r"/+run/+([^/]+)(/.*)", re.DOTALL)


class Body(NamedTuple):
    """Received part of a body, and why it is incomplete."""

    content: bytes
    issue: Issue | None = None


async def read_body(request: Request) -> Body:
    """Return the body of a request to a collect path, up to the limit."""
    content, size = bytearray(), 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            content += chunk[: MAX_BODY_BYTES - len(content)]
            if size > _MAX_DRAINED_BYTES:
                break
    except ClientDisconnect:
        return Body(bytes(content), BROKEN_OFF.issue())
    return Body(bytes(content), _too_large(size))


def _too_large(size: int) -> Issue | None:
    return TOO_LARGE.issue(most=MAX_BODY_BYTES) if size > MAX_BODY_BYTES else None


def has_two_lengths(scope: Scope) -> bool:
    """Tell whether a request declares its length in two ways."""
    names = {name for name, _ in scope["headers"]}
    return {b"content-length", b"transfer-encoding"} <= names


def is_for_collecting(scope: Scope) -> bool:
    """Tell whether a request is for a collect path, whatever its path begins with.

    A client's server host may contain a path of ours, for example of the page.
    """
    path: bytes = scope["raw_path"]
    return has_two_lengths(scope) or not path.startswith(b"/") or _COLLECTING in path


def path_of(request: Request) -> str:
    """Return the path as it was sent, not decoded."""
    path: bytes = request.scope["raw_path"]
    return path.decode("latin-1")


def query_of(request: Request) -> str:
    """Return the query as it was sent, without ``?``."""
    query: bytes = request.scope["query_string"]
    return query.decode("latin-1")


def target_of(request: Request) -> str:
    """Return the path and query of the request line."""
    path, query = path_of(request), query_of(request)
    return f"{path}?{query}" if query else path


def split_run(path: str) -> tuple[str | None, str]:
    """Return the run that the undecoded ``path`` names (``/run/NAME/…``), and the path behind it.

    None and the unchanged path if it names none.
    """
    found = _RUN.fullmatch(path)
    return (unquote(found[1]), found[2]) if found else (None, path)


def is_a_visit(request: Request) -> bool:
    """Tell whether a browser or the Java SDK requests this by itself, without any event.

    Any other path is shown as unknown: a client may have been given a wrong address.
    """
    if request.method not in ("GET", "HEAD"):
        return False
    return _VISITED.fullmatch(split_run(path_of(request))[1]) is not None


def cors_headers(headers: Headers) -> dict[str, str]:
    """Return the headers that let the page that sent ``headers`` read the response."""
    origin = headers.get("origin")
    if origin is None:
        return {"Access-Control-Allow-Origin": "*"}
    # Beacons are sent with credentials, for which "*" is not enough.
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Credentials": "true",
        "Vary": "Origin",
    }


def preflight_headers(headers: Headers) -> dict[str, str]:
    """Return the headers that allow the request announced by a preflight with ``headers``."""
    allowed = {
        "Access-Control-Allow-Methods": "POST, GET, OPTIONS",
        "Access-Control-Allow-Headers": headers.get("access-control-request-headers", "*"),
        "Access-Control-Max-Age": "600",
    }
    if headers.get("access-control-request-private-network") == "true":
        allowed["Access-Control-Allow-Private-Network"] = "true"
    return allowed


_GIF: Final = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,"
    b"\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)

NOBODY_TO_ANSWER: Final = 0
"""Status of a request whose client disconnected before its end."""


REFUSED: Final = 400
_ACCEPTED: Final = (200, 204)


def answered_strictly(received: Received) -> Received:
    """Return ``received`` with the status it gets in strict mode."""
    if received.answered in _ACCEPTED and has_bad(received.messages):
        return replace(received, answered=REFUSED)
    return received


def make_answer(request: Request, received: Received) -> Response:
    """Return the response to ``received``, with its status."""
    headers = cors_headers(request.headers)
    if request.method == "OPTIONS":
        headers |= preflight_headers(request.headers)
    if received.answered in (204, NOBODY_TO_ANSWER):
        return Response(status_code=204, headers=headers)
    if received.answered == 200:
        return Response(_GIF, media_type="image/gif", headers=headers)
    if received.answered == REFUSED:
        # It is uncertain where the next request on this connection would begin.
        if received.reason and received.reason.code == TWO_LENGTHS.code:
            headers["Connection"] = "close"
        return PlainTextResponse(reasons(received.messages) + "\n", REFUSED, headers)
    sentence = received.reason.sentence if received.reason else ""
    return PlainTextResponse(sentence + "\n", received.answered, headers)

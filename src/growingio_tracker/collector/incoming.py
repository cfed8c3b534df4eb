"""What arrives at a collect path: its request line as it was sent, and its body."""

from typing import Final, NamedTuple

from starlette.requests import ClientDisconnect, Request

from growingio_tracker.collector.decode.limits import MAX_BODY_BYTES
from growingio_tracker.collector.problems.problem import Problem

_MAX_DRAINED_BYTES: Final = 10 * MAX_BODY_BYTES
"""A body over the limit is read on, and thrown away, up to here: a client that is still sending
when the connection closes sees a broken connection instead of the answer."""

TOO_LARGE: Final = Problem("too_large", values={"most": MAX_BODY_BYTES})
_BROKEN_OFF: Final = Problem("broken_off")


class Body(NamedTuple):
    """What arrived of a body, and why that is not all of it."""

    content: bytes
    problem: Problem | None = None


async def read_body(request: Request) -> Body:
    """Return the body of a request to a collect path, as far as it is taken."""
    content, size = bytearray(), 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            content += chunk[: MAX_BODY_BYTES - len(content)]
            if size > _MAX_DRAINED_BYTES:
                break
    except ClientDisconnect:
        return Body(bytes(content), _BROKEN_OFF)
    return Body(bytes(content), TOO_LARGE if size > MAX_BODY_BYTES else None)


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

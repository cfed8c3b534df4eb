"""What all of the API's handlers share: parameters, answers, and the guard of what changes things.

Pages of other origins can neither read the answers nor change anything; see ``security``.
"""

import functools
import math
import re
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

import msgspec
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

GUARD_HEADER: Final = "X-Gio-Collector"
"""Required, with the value 1, by calls that change something: no foreign page can send it."""

_NUMBER: Final = re.compile(r"[0-9.eE+-]{1,40}")
_Number = TypeVar("_Number", int, float)
Handler = Callable[[Request], Awaitable[Response]]


class WrongParameterError(Exception):
    """A query parameter or a body cannot be used; the text names it."""


def json_answer(content: object, status: int = 200) -> Response:
    """Return ``content`` as a JSON answer."""
    return Response(msgspec.json.encode(content), status, media_type="application/json")


def route(path: str, **handlers: Handler) -> Route:
    """Return the route that answers each method with its handler: ``route("/x", GET=…, PUT=…)``.

    One route for a path, because its ``Allow`` header must name all methods.
    """

    async def answer(request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        return await handlers[method](request)

    return Route(path, answer, methods=list(handlers))


def missing(error: str) -> Response:
    """Return the answer that what was asked for is not there."""
    return json_answer({"error": error}, 404)


def number(
    query: QueryParams, name: str, to: Callable[[str], _Number], default: _Number, most: _Number
) -> _Number:
    """Return a parameter from 0 to ``most``, ``default`` when it is absent.

    :raises WrongParameterError: when it is anything else.
    """
    text = query.get(name)
    if text is None:
        return default
    try:
        # Python reads more as a number than others do: 1_0, spaces, digits of other scripts.
        value = to(text if _NUMBER.fullmatch(text) else "")
    except ValueError:
        value = to("-1")
    if not (math.isfinite(value) and 0 <= value <= most):
        raise WrongParameterError(f"{name} is a number from 0 to {most:g}, not {text[:40]!r}.")
    return value


def guarded(handler: Handler) -> Handler:
    """Let only callers through that no foreign page can be: they send ``X-Gio-Collector: 1``."""

    @functools.wraps(handler)
    async def checked(request: Request) -> Response:
        if request.headers.get(GUARD_HEADER) != "1":
            error = f"This changes something. Send the header {GUARD_HEADER}: 1 with it."
            return json_answer({"error": error}, 403)
        return await handler(request)

    return checked


async def _refuse(_request: Request, error: Exception) -> Response:
    return json_answer({"error": str(error)}, 400)


ERROR_HANDLERS: Final[dict[Any, Any]] = {WrongParameterError: _refuse}

"""What all of the API's handlers share: parameters, answers, and the guard of what changes things.

Answers carry no CORS header, so that pages of other origins cannot read them.
"""

import functools
import math
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

import msgspec
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

GUARD_HEADER: Final = "X-Gio-Collector"
"""Required, with the value 1, by calls that change something: no foreign page can send it."""

_Number = TypeVar("_Number", int, float)
Handler = Callable[[Request], Awaitable[Response]]


class WrongParameterError(Exception):
    """A query parameter or a body cannot be used; the text names it."""


def json_answer(content: object, status: int = 200) -> Response:
    """Return ``content`` as a JSON answer."""
    return Response(msgspec.json.encode(content), status, media_type="application/json")


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
        value = to(text)
    except ValueError:
        value = to("-1")
    if not (math.isfinite(value) and 0 <= value <= most):
        raise WrongParameterError(f"{name} is a number from 0 to {most:g}, not {text[:40]!r}.")
    return value


def guarded(handler: Handler) -> Handler:
    """Let only callers through that no foreign page can be: they send ``X-Gio-Collector: 1``."""

    @functools.wraps(handler)
    async def checked(request: Request) -> Response:
        if request.headers.get(GUARD_HEADER) != "1" or _is_foreign(request):
            error = f"This changes something. Send the header {GUARD_HEADER}: 1 with it."
            return json_answer({"error": error}, 403)
        return await handler(request)

    return checked


def _is_foreign(request: Request) -> bool:
    origin = request.headers.get("origin")
    return origin is not None and origin != f"{request.url.scheme}://{request.headers.get('host')}"


async def _refuse(_request: Request, error: Exception) -> Response:
    return json_answer({"error": str(error)}, 400)


ERROR_HANDLERS: Final[dict[Any, Any]] = {WrongParameterError: _refuse}

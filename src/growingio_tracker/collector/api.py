"""The REST API under ``/api/v1``: what was received, and waiting for more.

Its answers carry no CORS header, so that pages of other origins cannot read them.
"""

import asyncio
import math
from collections.abc import Callable
from typing import Any, Final, TypeVar

import msgspec
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from growingio_tracker.collector.query import Filter, find_events, find_requests
from growingio_tracker.collector.store import Store
from growingio_tracker.collector.waiting import gather_async

GUARD_HEADER: Final = "X-Gio-Collector"
"""Required, with the value 1, by calls that change something: no foreign page can send it."""

MAX_EVENTS_LISTED: Final = 10_000
MAX_REQUESTS_LISTED: Final = 1000
MAX_WAIT_S: Final = 300.0

_FILTERS: Final = frozenset(Filter._fields)
_Number = TypeVar("_Number", int, float)


class _WrongParameterError(Exception):
    """A query parameter cannot be used; the text names it."""


def _json(content: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(content), status, media_type="application/json")


def _number(
    query: QueryParams, name: str, to: Callable[[str], _Number], default: _Number, most: _Number
) -> _Number:
    text = query.get(name)
    if text is None:
        return default
    try:
        value = to(text)
    except ValueError:
        value = to("-1")
    if not (math.isfinite(value) and 0 <= value <= most):
        raise _WrongParameterError(f"{name} is a number from 0 to {most:g}, not {text[:40]!r}.")
    return value


def _filter(query: QueryParams, *others: str) -> Filter:
    unknown = sorted(set(query) - _FILTERS - set(others))
    if unknown:
        known = ", ".join(sorted(_FILTERS | set(others)))
        raise _WrongParameterError(f"There is no parameter {unknown[0][:40]!r}; known are {known}.")
    return Filter(**{name: query.get(name) for name in _FILTERS})


async def _refuse(_request: Request, error: Exception) -> Response:
    return _json({"error": str(error)}, 400)


ERROR_HANDLERS: Final[dict[Any, Any]] = {_WrongParameterError: _refuse}


class Api:
    """The handlers, over one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def events(self, request: Request) -> Response:
        """``GET /events?name=&user=&kind=&verdict=&limit=100``: newest first."""
        query = request.query_params
        wanted = _filter(query, "limit")
        limit = _number(query, "limit", int, 100, MAX_EVENTS_LISTED)
        found = await asyncio.to_thread(
            find_events, self._store.path, wanted, limit=limit, newest=True
        )
        return _json({"events": found})

    async def wait(self, request: Request) -> Response:
        """``GET /wait?count=1&timeout=5`` and the filters of events: blocks until they are there.

        200 with the first ``count`` that match, oldest first; 408 with those that did arrive.
        """
        query = request.query_params
        wanted = _filter(query, "count", "timeout")
        count = _number(query, "count", int, 1, MAX_EVENTS_LISTED)
        timeout = _number(query, "timeout", float, 5.0, MAX_WAIT_S)
        gathering = await gather_async(self._store, wanted, count, timeout)
        return _json({"events": gathering.events}, 200 if gathering.complete else 408)

    async def requests(self, request: Request) -> Response:
        """``GET /requests?limit=20``: the requests as they came, newest first."""
        query = request.query_params
        if set(query) - {"limit"}:
            raise _WrongParameterError("The only parameter is limit.")
        limit = _number(query, "limit", int, 20, MAX_REQUESTS_LISTED)
        found = await asyncio.to_thread(find_requests, self._store.path, limit=limit, newest=True)
        return _json({"requests": found})

    async def delete(self, request: Request) -> Response:
        """``DELETE /events``: forget everything, requests too."""
        if request.headers.get(GUARD_HEADER) != "1" or _is_foreign(request):
            return _json({"error": f"Send the header {GUARD_HEADER}: 1 to delete."}, 403)
        if request.query_params:
            raise _WrongParameterError("Deleting takes no parameters; it removes everything.")
        return _json({"deleted": await asyncio.to_thread(self._store.clear)})

    def routes(self) -> list[BaseRoute]:
        """The routes below ``/api/v1``."""
        return [
            Route("/events", self.events, methods=["GET"]),
            Route("/events", self.delete, methods=["DELETE"]),
            Route("/wait", self.wait, methods=["GET"]),
            Route("/requests", self.requests, methods=["GET"]),
        ]


def _is_foreign(request: Request) -> bool:
    origin = request.headers.get("origin")
    return origin is not None and origin != f"http://{request.headers.get('host')}"

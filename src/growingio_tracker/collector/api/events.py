"""``/api/v1``: what was received, and waiting for more."""

import asyncio
from typing import Final

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from growingio_tracker.collector.api.common import (
    WrongParameterError,
    guarded,
    json_answer,
    number,
)
from growingio_tracker.collector.query import Filter, find_events, find_requests
from growingio_tracker.collector.show import show_event, show_request
from growingio_tracker.collector.store import Store
from growingio_tracker.collector.waiting import gather_async

MAX_EVENTS_LISTED: Final = 10_000
MAX_REQUESTS_LISTED: Final = 1000
MAX_WAIT_S: Final = 300.0

_FILTERS: Final = frozenset(Filter._fields)


def _filter(query: QueryParams, *others: str) -> Filter:
    unknown = sorted(set(query) - _FILTERS - set(others))
    if unknown:
        known = ", ".join(sorted(_FILTERS | set(others)))
        raise WrongParameterError(f"There is no parameter {unknown[0][:40]!r}; known are {known}.")
    return Filter(**{name: query.get(name) for name in _FILTERS})


class _Events:
    """The handlers, over one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def events(self, request: Request) -> Response:
        """``GET /events?name=&user=&kind=&verdict=&limit=100``: newest first."""
        query = request.query_params
        wanted = _filter(query, "limit")
        limit = number(query, "limit", int, 100, MAX_EVENTS_LISTED)
        found = await asyncio.to_thread(
            find_events, self._store.path, wanted, limit=limit, newest=True
        )
        return json_answer({"events": [show_event(event) for event in found]})

    async def wait(self, request: Request) -> Response:
        """``GET /wait?count=1&timeout=5`` and the filters of events: blocks until they are there.

        200 with the first ``count`` that match, oldest first; 408 with those that did arrive.
        """
        query = request.query_params
        wanted = _filter(query, "count", "timeout")
        count = number(query, "count", int, 1, MAX_EVENTS_LISTED)
        timeout = number(query, "timeout", float, 5.0, MAX_WAIT_S)
        gathering = await gather_async(self._store, wanted, count, timeout)
        return json_answer(
            {"events": [show_event(event) for event in gathering.events]},
            200 if gathering.complete else 408,
        )

    async def requests(self, request: Request) -> Response:
        """``GET /requests?limit=20``: the requests as they came, newest first."""
        query = request.query_params
        if set(query) - {"limit"}:
            raise WrongParameterError("The only parameter is limit.")
        limit = number(query, "limit", int, 20, MAX_REQUESTS_LISTED)
        found = await asyncio.to_thread(find_requests, self._store.path, limit=limit, newest=True)
        return json_answer({"requests": [show_request(one) for one in found]})

    async def delete(self, request: Request) -> Response:
        """``DELETE /events``: forget everything, requests too."""
        if request.query_params:
            raise WrongParameterError("Deleting takes no parameters; it removes everything.")
        return json_answer({"deleted": await asyncio.to_thread(self._store.clear)})


def routes(store: Store) -> list[BaseRoute]:
    """Return the routes below ``/api/v1``."""
    events = _Events(store)
    return [
        Route("/events", events.events, methods=["GET"]),
        Route("/events", guarded(events.delete), methods=["DELETE"]),
        Route("/wait", events.wait, methods=["GET"]),
        Route("/requests", events.requests, methods=["GET"]),
    ]

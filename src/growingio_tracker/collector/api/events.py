"""``/api/v1``: the events that were received."""

import asyncio
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from growingio_tracker.collector.api.common import (
    Handler,
    guarded,
    json_answer,
    missing,
    number,
    route,
)
from growingio_tracker.collector.api.describe import (
    COUNT,
    GUARD,
    Answer,
    Operation,
    path_id,
    record,
    ref,
)
from growingio_tracker.collector.api.parameters import (
    DESCRIBED_FILTERS,
    DESCRIBED_KIND,
    MAX_ID,
    described_number,
    only_known,
    read_filter,
    row_id,
)
from growingio_tracker.collector.filters import Filter
from growingio_tracker.collector.query import count_events, find_event, find_events
from growingio_tracker.collector.rows import Event
from growingio_tracker.collector.show import show_event
from growingio_tracker.collector.store import Store
from growingio_tracker.wire import Kind

MAX_LISTED: Final = 10_000
DEFAULT_LISTED: Final = 100

PAGE: Final = ("limit", "after", "before")
"""The parameters that bound a list."""

_NO_EVENT: Final = "No stored event is meant by this. It may have been removed."


class _Events:
    """The handlers, over one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def listing(self, kind: str | None = None) -> Handler:
        """Return ``GET /events?filters&limit=100&after=&before=`` for one kind or all."""

        async def events(request: Request) -> Response:
            query = request.query_params
            wanted = read_filter(query, *PAGE, kind=kind)
            limit = number(query, "limit", int, DEFAULT_LISTED, MAX_LISTED)
            bounds = row_id(query, "after"), row_id(query, "before")
            return json_answer(await asyncio.to_thread(self._page, wanted, limit, *bounds))

        return events

    def _page(
        self, wanted: Filter, limit: int, after: int | None, before: int | None
    ) -> dict[str, object]:
        path = self._store.path
        found = find_events(
            path, wanted, after=after or 0, before=before, limit=limit, newest=after is None
        )
        return {
            "events": [show_event(event) for event in found],
            "total": count_events(path, wanted),
        }

    async def event(self, request: Request) -> Response:
        """``GET /events/{id}``."""
        only_known(request.query_params, ())
        event_id: int = request.path_params["id"]
        if event_id > MAX_ID:
            return missing(_NO_EVENT)
        return _one(await asyncio.to_thread(find_event, self._store.path, event_id))

    async def latest(self, request: Request) -> Response:
        """``GET /events/latest?filters``: the newest that matches."""
        wanted = read_filter(request.query_params)
        found = await asyncio.to_thread(find_events, self._store.path, wanted, limit=1, newest=True)
        return _one(found[0] if found else None)

    async def delete(self, request: Request) -> Response:
        """``DELETE /events?filters``: forget those; without a filter everything, requests too."""
        wanted = read_filter(request.query_params)
        if wanted == Filter():
            deleted = await asyncio.to_thread(self._store.clear)
        else:
            deleted = await asyncio.to_thread(self._store.remove, wanted)
        return json_answer({"deleted": deleted})


def _one(event: Event | None) -> Response:
    return missing(_NO_EVENT) if event is None else json_answer(show_event(event))


_BOUNDS: Final = (
    described_number("limit", "At most so many; 100 by default.", MAX_LISTED),
    described_number("after", "Only greater ids; the oldest then come first."),
    described_number("before", "Only smaller ids."),
)
_LISTED: Final = {200: Answer("The newest first.", ref("Events"))}
_FOUND: Final = {200: Answer("The event.", ref("Event")), 404: Answer(_NO_EVENT, ref("Error"))}
_DELETED: Final = {200: Answer("How many went.", record(deleted=COUNT))}
_ALL_FILTERS: Final = (*DESCRIBED_FILTERS, DESCRIBED_KIND)

OPERATIONS: Final = (
    Operation("get", "/events", "Events that match.", _LISTED, (*_ALL_FILTERS, *_BOUNDS)),
    Operation("get", "/items", "Items that match.", _LISTED, (*DESCRIBED_FILTERS, *_BOUNDS)),
    Operation("get", "/mappings", "Mappings that match.", _LISTED, (*DESCRIBED_FILTERS, *_BOUNDS)),
    Operation("get", "/events/latest", "The newest that matches.", _FOUND, _ALL_FILTERS),
    Operation("get", "/events/{id}", "One event.", _FOUND, (path_id("The event's id."),)),
    Operation(
        "delete", "/events", "Forget what matches, or all.", _DELETED, (*_ALL_FILTERS, GUARD)
    ),
)


def routes(store: Store) -> list[BaseRoute]:
    """Return the routes below ``/api/v1``."""
    events = _Events(store)
    return [
        route("/events", GET=events.listing(), DELETE=guarded(events.delete)),
        Route("/items", events.listing(Kind.ITEM.value), methods=["GET"]),
        Route("/mappings", events.listing(Kind.MAPPING.value), methods=["GET"]),
        Route("/events/latest", events.latest, methods=["GET"]),
        Route("/events/{id:int}", events.event, methods=["GET"]),
    ]

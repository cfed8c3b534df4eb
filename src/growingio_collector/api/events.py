"""Calls of ``/api/v1`` for received events, for waiting, and Snowplow Micro's endpoints."""

import asyncio
from pathlib import Path
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from growingio_collector.api import (
    COUNT,
    Answer,
    AnyCall,
    ApiCall,
    Handler,
    json_answer,
    listed,
    missing,
    path_id,
    record,
    ref,
    routes_of,
)
from growingio_collector.api.queries import MAX_LISTED, EventsQuery, FilterQuery, NoQuery, WaitQuery
from growingio_collector.rules.issue import BAD
from growingio_collector.store import EventStore
from growingio_collector.store.diagnosis import why_nothing
from growingio_collector.store.filter import MAX_ID, Filter
from growingio_collector.store.reading import count_all, count_events, find_event, find_events
from growingio_collector.store.rows import Event, show_event
from growingio_collector.store.waiting import Miss, gather_async, nearest
from growingio_wire.said import Said
from growingio_wire.table import Kind

_NO_EVENT: Final = Said(
    "No stored event matches. It may have been removed.", "没有符合条件的事件，它可能已被删除。"
)


class _Events:
    """The handlers, over one store."""

    def __init__(self, store: EventStore) -> None:
        self._store = store

    async def events(self, _request: Request, query: EventsQuery) -> Response:
        return await self._listed(query, query.filter)

    async def items(self, _request: Request, query: EventsQuery) -> Response:
        return await self._listed(query, _of_kind(query, Kind.ITEM))

    async def mappings(self, _request: Request, query: EventsQuery) -> Response:
        return await self._listed(query, _of_kind(query, Kind.MAPPING))

    async def _listed(self, query: EventsQuery, wanted: Filter) -> Response:
        return json_answer(await asyncio.to_thread(self._page, query, wanted))

    def _page(self, query: EventsQuery, wanted: Filter) -> dict[str, object]:
        path = self._store.path
        found = find_events(
            path,
            wanted,
            after=query.after or 0,
            before=query.before,
            limit=query.limit,
            newest=query.after is None,
        )
        return {
            "events": [show_event(event) for event in found],
            "total": count_events(path, msgspec.structs.replace(wanted, after=None)),
            "last": self._store.last_event,
        }

    async def event(self, request: Request, _query: NoQuery) -> Response:
        event_id: int = request.path_params["id"]
        if event_id > MAX_ID:
            return missing(*_NO_EVENT)
        return _one(await asyncio.to_thread(find_event, self._store.path, event_id))

    async def latest(self, _request: Request, query: FilterQuery) -> Response:
        path = self._store.path
        found = await asyncio.to_thread(find_events, path, query.filter, limit=1, newest=True)
        return _one(found[0] if found else None)

    async def delete(self, _request: Request, query: FilterQuery) -> Response:
        if query.filter == Filter():
            deleted = await asyncio.to_thread(self._store.clear)
        else:
            deleted = await asyncio.to_thread(self._store.remove, query.filter)
        return json_answer({"deleted": deleted})

    async def wait(self, request: Request, query: WaitQuery) -> Response:
        wanted = query.filter
        gathering = await gather_async(self._store, wanted, query.count, query.timeout)
        found = {
            "events": [show_event(event) for event in gathering.events],
            "last": self._store.last_event,
        }
        if gathering.complete:
            return json_answer(found)
        url = str(request.base_url).rstrip("/").removesuffix("/api/v1")
        explained = await asyncio.to_thread(_explained, self._store.path, wanted, url)
        return json_answer({**found, **explained}, 408)


def _of_kind(query: EventsQuery, kind: Kind) -> Filter:
    return msgspec.structs.replace(query.filter, kind=kind.value)


def _one(event: Event | None) -> Response:
    return missing(*_NO_EVENT) if event is None else json_answer(show_event(event))


def _explained(path: Path, wanted: Filter, url: str) -> dict[str, object]:
    return {
        "nearest": [_shown(miss) for miss in nearest(path, wanted)],
        "causes": [cause.shown() for cause in why_nothing(path, wanted, url)],
    }


def _shown(miss: Miss) -> dict[str, object]:
    return {
        "event": show_event(miss.event),
        "why": [reason.en for reason in miss.reasons],
        "why_zh": [reason.zh for reason in miss.reasons],
    }


_LISTED: Final = {200: Answer("The newest first.", ref("Events"))}
_FOUND: Final = {200: Answer("The event.", ref("Event")), 404: Answer(_NO_EVENT.en, ref("Error"))}
_EVENTS: Final = listed(ref("Event"))
_LAST: Final = {**COUNT, "description": "The id of the newest event, to be used as after."}
_WAITED: Final = {
    200: Answer("The events, oldest first.", record(events=_EVENTS, last=_LAST)),
    408: Answer(
        "Timed out: the events that did arrive, those that nearly match, the causes, and "
        "what to do next.",
        record(
            events=_EVENTS, last=_LAST, nearest=listed(ref("Miss")), causes=listed(ref("Cause"))
        ),
    ),
}


def calls(store: EventStore) -> list[AnyCall]:
    """Return the calls below ``/api/v1``."""
    events = _Events(store)
    return [
        _list("/events", "Events that match.", events.events),
        _list("/items", "Items that match.", events.items, without=("kind",)),
        _list("/mappings", "Mappings that match.", events.mappings, without=("kind",)),
        ApiCall(
            method="get",
            path="/events/latest",
            summary="The newest that matches.",
            answers=_FOUND,
            handler=events.latest,
            query=FilterQuery,
        ),
        ApiCall(
            method="get",
            path="/events/{id}",
            summary="One event.",
            answers=_FOUND,
            handler=events.event,
            query=NoQuery,
            in_path=(path_id("The event's id."),),
        ),
        ApiCall(
            method="delete",
            path="/events",
            summary="Remove matching events; without a filter, everything, including requests.",
            answers={200: Answer("How many were removed.", record(deleted=COUNT))},
            handler=events.delete,
            query=FilterQuery,
            guarded=True,
        ),
        ApiCall(
            method="get",
            path="/wait",
            summary="Wait until enough events match.",
            answers=_WAITED,
            handler=events.wait,
            query=WaitQuery,
        ),
    ]


def _list(path: str, summary: str, handler: Any, without: tuple[str, ...] = ()) -> AnyCall:
    return ApiCall(
        method="get",
        path=path,
        summary=summary,
        answers=_LISTED,
        handler=handler,
        query=EventsQuery,
        without=without,
    )


class _Micro:
    """Counts as in Snowplow Micro. ``good`` are the events that are not bad."""

    def __init__(self, store: EventStore) -> None:
        self._store = store

    async def all(self, _request: Request, _query: NoQuery) -> Response:
        return json_answer(await asyncio.to_thread(self._counts))

    def _counts(self) -> dict[str, int]:
        totals = count_all(self._store.path)
        return {"total": totals.events, "good": totals.ok + totals.warn, "bad": totals.bad}

    async def good(self, _request: Request, _query: NoQuery) -> Response:
        return json_answer(await asyncio.to_thread(self._events, bad=False))

    async def bad(self, _request: Request, _query: NoQuery) -> Response:
        return json_answer(await asyncio.to_thread(self._events, bad=True))

    def _events(self, *, bad: bool) -> list[dict[str, object]]:
        found = find_events(self._store.path, limit=MAX_LISTED, newest=True)
        return [show_event(event) for event in found if (event.verdict == BAD) == bad]

    async def reset(self, _request: Request, _query: NoQuery) -> Response:
        await asyncio.to_thread(self._store.clear)
        return json_answer(await asyncio.to_thread(self._counts))


def micro_routes(store: EventStore) -> list[BaseRoute]:
    """Return the routes below ``/micro``."""
    micro = _Micro(store)
    return routes_of(
        [
            _micro("get", "/all", micro.all),
            _micro("get", "/good", micro.good),
            _micro("get", "/bad", micro.bad),
            _micro("post", "/reset", micro.reset),
        ]
    )


def _micro(method: str, path: str, handler: Handler) -> AnyCall:
    return ApiCall(
        method=method,
        path=path,
        summary="",
        answers={},
        handler=handler,
        query=NoQuery,
        guarded=method == "post",
    )

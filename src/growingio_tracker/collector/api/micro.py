"""``/micro``: the four addresses that users of Snowplow Micro know, over the same store."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from growingio_tracker.collector.api.common import guarded, json_answer
from growingio_tracker.collector.api.events import MAX_LISTED
from growingio_tracker.collector.problems.text import BAD
from growingio_tracker.collector.query import count_all, find_events
from growingio_tracker.collector.show import show_event
from growingio_tracker.collector.store import Store


class _Micro:
    """The handlers, over one store. ``good`` are the events that are not bad."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def all(self, _request: Request) -> Response:
        """``GET /micro/all``: how many."""
        return json_answer(await asyncio.to_thread(self._counts))

    def _counts(self) -> dict[str, int]:
        totals = count_all(self._store.path)
        return {"total": totals.events, "good": totals.ok + totals.warn, "bad": totals.bad}

    async def good(self, _request: Request) -> Response:
        """``GET /micro/good``: the newest of them, newest first."""
        return json_answer(await asyncio.to_thread(self._events, bad=False))

    async def bad(self, _request: Request) -> Response:
        """``GET /micro/bad``: the newest of them, newest first."""
        return json_answer(await asyncio.to_thread(self._events, bad=True))

    def _events(self, *, bad: bool) -> list[dict[str, object]]:
        found = find_events(self._store.path, limit=MAX_LISTED, newest=True)
        return [show_event(event) for event in found if (event.verdict == BAD) == bad]

    async def reset(self, _request: Request) -> Response:
        """``POST /micro/reset``: forget everything; the counts are what is left."""
        await asyncio.to_thread(self._store.clear)
        return json_answer(await asyncio.to_thread(self._counts))


def routes(store: Store) -> list[BaseRoute]:
    """Return the routes below ``/micro``."""
    micro = _Micro(store)
    return [
        Route("/all", micro.all, methods=["GET"]),
        Route("/good", micro.good, methods=["GET"]),
        Route("/bad", micro.bad, methods=["GET"]),
        Route("/reset", guarded(micro.reset), methods=["POST"]),
    ]

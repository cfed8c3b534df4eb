"""``/api/v1/wait``: blocks until events are there."""

import asyncio
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from growingio_tracker.collector.api.common import json_answer, number
from growingio_tracker.collector.api.describe import (
    Answer,
    Operation,
    listed,
    record,
    ref,
)
from growingio_tracker.collector.api.describe import (
    query as described,
)
from growingio_tracker.collector.api.events import MAX_LISTED
from growingio_tracker.collector.api.parameters import (
    DESCRIBED_FILTERS,
    DESCRIBED_KIND,
    described_number,
    read_filter,
)
from growingio_tracker.collector.nearest import Miss, nearest
from growingio_tracker.collector.show import show_event
from growingio_tracker.collector.store import Store
from growingio_tracker.collector.waiting import gather_async

MAX_WAIT_S: Final = 300.0
DEFAULT_WAIT_S: Final = 5.0


_SECONDS: Final = {"type": "number", "minimum": 0, "maximum": MAX_WAIT_S}
_EVENTS: Final = listed(ref("Event"))
OPERATIONS: Final = (
    Operation(
        "get",
        "/wait",
        "Block until so many events match.",
        {
            200: Answer("They are there, oldest first.", record(events=_EVENTS)),
            408: Answer(
                "Time is over: those that did come, and those that came nearest.",
                record(events=_EVENTS, nearest=listed(ref("Miss"))),
            ),
        },
        (
            *DESCRIBED_FILTERS,
            DESCRIBED_KIND,
            described_number("count", "How many; 1 by default.", MAX_LISTED),
            described("timeout", _SECONDS, "In seconds; 5 by default, 0 only looks."),
        ),
    ),
)


def routes(store: Store) -> list[BaseRoute]:
    """Return the routes below ``/api/v1``."""

    async def wait(request: Request) -> Response:
        """``GET /wait?filters&count=1&timeout=5``.

        200 with the first ``count`` that match, oldest first; 408 with those that did arrive and
        those that came nearest.
        """
        query = request.query_params
        wanted = read_filter(query, "count", "timeout")
        count = number(query, "count", int, 1, MAX_LISTED)
        timeout = number(query, "timeout", float, DEFAULT_WAIT_S, MAX_WAIT_S)
        gathering = await gather_async(store, wanted, count, timeout)
        events = [show_event(event) for event in gathering.events]
        if gathering.complete:
            return json_answer({"events": events})
        misses = await asyncio.to_thread(nearest, store.path, wanted)
        return json_answer({"events": events, "nearest": [_shown(miss) for miss in misses]}, 408)

    return [Route("/wait", wait, methods=["GET"])]


def _shown(miss: Miss) -> dict[str, object]:
    return {
        "event": show_event(miss.event),
        "why": [reason.en for reason in miss.reasons],
        "why_zh": [reason.zh for reason in miss.reasons],
    }

"""``/api/v1``: summary, problems, properties and identities, each one view of the whole store."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from growingio_tracker.collector.api.common import Handler, json_answer
from growingio_tracker.collector.api.describe import (
    Answer,
    Operation,
    Schema,
    listed,
    record,
    ref,
)
from growingio_tracker.collector.api.parameters import only_known
from growingio_tracker.collector.identities import identities
from growingio_tracker.collector.store import Store
from growingio_tracker.collector.summary import problems, properties, summary


def _view(store: Store, look: Callable[[Path], Any], key: str | None = None) -> Handler:
    async def answer(request: Request) -> Response:
        only_known(request.query_params, ())
        found = await asyncio.to_thread(look, store.path)
        return json_answer(found if key is None else {key: found})

    return answer


def _operation(path: str, summary: str, schema: Schema) -> Operation:
    return Operation("get", path, summary, {200: Answer("As of now.", schema)})


OPERATIONS: Final = (
    _operation("/summary", "Totals, and the counts of names and clients.", ref("Summary")),
    _operation(
        "/problems", "Problems by code, newest first.", record(problems=listed(ref("ProblemGroup")))
    ),
    _operation(
        "/properties",
        "Attributes with their types by client.",
        record(properties=listed(ref("Property"))),
    ),
    _operation(
        "/identities",
        "Users and devices that belong together.",
        record(groups=listed(ref("Group"))),
    ),
)


def routes(store: Store) -> list[BaseRoute]:
    """Return the routes below ``/api/v1``."""
    return [
        Route("/summary", _view(store, summary), methods=["GET"]),
        Route("/problems", _view(store, problems, "problems"), methods=["GET"]),
        Route("/properties", _view(store, properties, "properties"), methods=["GET"]),
        Route("/identities", _view(store, identities, "groups"), methods=["GET"]),
    ]

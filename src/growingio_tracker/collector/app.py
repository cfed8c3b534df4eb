"""The collector as an ASGI application: its own pages, its API, and everything else received."""

from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, Final, NamedTuple

from starlette.applications import Starlette
from starlette.datastructures import URLPath
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Match, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from growingio_tracker.collector import experiments, pages
from growingio_tracker.collector.api import (
    counts,
    events,
    faults,
    forward,
    micro,
    openapi,
    plan,
    requests,
    state,
    stream,
    transfer,
    waits,
)
from growingio_tracker.collector.api import experiments as experiment_calls
from growingio_tracker.collector.api.common import ERROR_HANDLERS
from growingio_tracker.collector.faults import Faults
from growingio_tracker.collector.forward.gateway import Gateway
from growingio_tracker.collector.info import Info
from growingio_tracker.collector.plan.plans import Plans
from growingio_tracker.collector.query import count_all
from growingio_tracker.collector.receive import Receiver
from growingio_tracker.collector.security import Access, Door
from growingio_tracker.collector.store import Store
from growingio_tracker.version import VERSION
from growingio_tracker.wire import SCHEMAS

_HOME: Final = """GrowingIO collector {version} is listening.

Received: {totals.requests} requests, {totals.events} events \
({totals.ok} ok, {totals.warn} with warnings, {totals.bad} bad)

Send to:
{paths}

Look at:
  GET /api/v1/events     what was received, newest first
  GET /api/v1/wait       block until it is there
  GET /api/v1/requests   the requests as they came
  GET /healthy-check
"""


def home_text(store: Store) -> str:
    """Return what ``GET /`` answers to whoever does not ask for HTML."""
    paths = "\n".join(f"  POST {schema.path.format('{project}')}" for schema in SCHEMAS.values())
    return _HOME.format(version=VERSION, totals=count_all(store.path), paths=paths)


class _Behind(BaseRoute):
    """A route of the collector's own, behind the door."""

    def __init__(self, route: BaseRoute, access: Access) -> None:
        self._route = route
        self._door = Door(route.handle, access)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match what the route does."""
        return self._route.matches(scope)

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """Return the route's address."""
        return self._route.url_path_for(name, **path_params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the route answer whoever may come in."""
        await self._door(scope, receive, send)


class Parts(NamedTuple):
    """What the application is made of; ``writer`` runs one call at a time.

    ``info`` tells what the collector is at the moment it is called.
    """

    store: Store
    writer: Executor
    receiver: Receiver
    plans: Plans
    gateway: Gateway
    faults: Faults
    access: Access
    info: Callable[[], Info]
    experiments: experiments.Experiments


def api_routes(parts: Parts) -> list[BaseRoute]:
    """Return all routes of the API below ``/api/v1``."""
    store = parts.store
    return [
        *events.routes(store),
        *waits.routes(store),
        *requests.routes(store),
        *counts.routes(store),
        *stream.routes(store),
        *plan.routes(store, parts.plans),
        *forward.routes(parts.gateway),
        *faults.routes(parts.faults),
        *transfer.routes(store, parts.writer, parts.receiver),
        *state.routes(store, parts.writer, parts.info),
        *experiment_calls.routes(parts.experiments),
        *openapi.routes(),
    ]


def _own_routes(parts: Parts) -> list[BaseRoute]:
    """Return what shows what was collected, or changes it."""

    return [
        *pages.routes(lambda: home_text(parts.store), lambda: parts.info().lang),
        Mount("/api/v1", routes=api_routes(parts)),
        Mount("/micro", routes=micro.routes(parts.store)),
    ]


def make_app(parts: Parts) -> ASGIApp:
    """Return the application."""

    def healthy(_request: Request) -> Response:
        return PlainTextResponse("OK")

    app = Starlette(
        routes=[
            Route("/healthy-check", healthy),
            *(_Behind(route, parts.access) for route in _own_routes(parts)),
            *experiments.routes(parts.experiments),
            Route("/{path:path}", parts.receiver),
        ],
        exception_handlers=ERROR_HANDLERS,
    )
    # A path that almost fits is shown as unknown, not redirected: clients do not follow.
    app.router.redirect_slashes = False
    return app

"""ASGI application of the collector: its pages, its API, and the collect paths."""

from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, Final, NamedTuple

from starlette.applications import Starlette
from starlette.datastructures import URLPath
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Match, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from growingio_collector import pages
from growingio_collector.api import events, plan, requests, scenarios, stream
from growingio_collector.api import store as store_calls
from growingio_collector.api.calls import ERROR_HANDLERS, AnyCall, routes_of
from growingio_collector.api.openapi import with_description
from growingio_collector.forwarding.gateway import Gateway
from growingio_collector.plan.in_use import Plans
from growingio_collector.receiving import experiments
from growingio_collector.receiving.exchanges import is_for_collecting
from growingio_collector.receiving.faults import Faults
from growingio_collector.receiving.receiver import Receiver
from growingio_collector.security import Access, AccessMiddleware
from growingio_collector.settings import Info
from growingio_collector.store.reading import count_all
from growingio_collector.store.writing import EventStore
from growingio_wire import VERSION
from growingio_wire.table import SCHEMAS

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


def home_text(store: EventStore) -> str:
    """Return the response of ``GET /`` for clients that do not accept HTML."""
    paths = "\n".join(f"  POST {schema.path.format('{project}')}" for schema in SCHEMAS.values())
    return _HOME.format(version=VERSION, totals=count_all(store.path), paths=paths)


class _Behind(BaseRoute):
    """A route of the collector's own, for those who may look."""

    def __init__(self, route: BaseRoute, access: Access) -> None:
        self._route = route
        self._guarded = AccessMiddleware(route.handle, access)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match what the route does."""
        return self._route.matches(scope)

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """Return the route's address."""
        return self._route.url_path_for(name, **path_params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request to the route if access is allowed."""
        await self._guarded(scope, receive, send)


class Parts(NamedTuple):
    """Parts of the application; ``writer`` runs one call at a time.

    ``info`` tells what the collector is at the moment it is called.
    """

    store: EventStore
    writer: Executor
    receiver: Receiver
    plans: Plans
    gateway: Gateway
    faults: Faults
    access: Access
    info: Callable[[], Info]
    experiments: experiments.Experiments


def api_calls(parts: Parts) -> list[AnyCall]:
    """Return all calls of the API below ``/api/v1``."""
    store = parts.store
    return with_description(
        [
            *events.calls(store),
            *requests.calls(store, parts.gateway),
            *store_calls.calls(store, parts.writer, parts.receiver, parts.info),
            *stream.calls(store),
            *plan.calls(store, parts.plans),
            *scenarios.calls(parts.faults, parts.experiments),
        ]
    )


def _own_routes(parts: Parts) -> list[BaseRoute]:
    """Return what shows what was collected, or changes it."""

    return [
        *pages.routes(lambda: home_text(parts.store), lambda: parts.info().lang),
        Mount("/api/v1", routes=routes_of(api_calls(parts))),
        Mount("/micro", routes=events.micro_routes(parts.store)),
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

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        answer = parts.receiver if is_for_collecting(scope) else app
        await answer(scope, receive, send)

    return serve

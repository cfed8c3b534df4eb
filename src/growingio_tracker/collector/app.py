"""The collector as an ASGI application: its own pages, its API, and everything else received."""

import re
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Final

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from growingio_tracker.collector import pages
from growingio_tracker.collector.api import (
    counts,
    events,
    micro,
    requests,
    state,
    stream,
    transfer,
    waits,
)
from growingio_tracker.collector.api.common import ERROR_HANDLERS
from growingio_tracker.collector.info import Info
from growingio_tracker.collector.query import count_all
from growingio_tracker.collector.receive import Receiver
from growingio_tracker.collector.store import Store
from growingio_tracker.version import VERSION
from growingio_tracker.wire import SCHEMAS

_LOOPBACK: Final = re.compile(
    r"(localhost|[a-z0-9.-]+\.localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?", re.IGNORECASE
)

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


class _LoopbackHost:
    """Refuses requests whose Host is not this machine.

    A page that resolves its own name to 127.0.0.1 could otherwise read what was collected.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        host = Headers(scope=scope).get("host", "localhost")
        if _LOOPBACK.fullmatch(host):
            await self._app(scope, receive, send)
            return
        refusal = PlainTextResponse(
            "The collector answers only as 127.0.0.1 or localhost. Use that as the host.\n", 403
        )
        await refusal(scope, receive, send)


def _api(store: Store, writer: Executor, info: Callable[[], Info]) -> list[BaseRoute]:
    return [
        *events.routes(store),
        *waits.routes(store),
        *requests.routes(store),
        *counts.routes(store),
        *stream.routes(store),
        *transfer.routes(store, writer),
        *state.routes(store, writer, info),
    ]


def make_app(store: Store, writer: Executor, info: Callable[[], Info]) -> ASGIApp:
    """Return the application over ``store``.

    :param writer: must run one call at a time.
    :param info: tells what the collector is at the moment it is called.
    """

    def healthy(_request: Request) -> Response:
        return PlainTextResponse("OK")

    app = Starlette(
        routes=[
            *pages.routes(lambda: home_text(store), lambda: info().lang),
            Route("/healthy-check", healthy),
            Mount("/api/v1", routes=_api(store, writer, info)),
            Mount("/micro", routes=micro.routes(store)),
            Route("/{path:path}", Receiver(store, writer)),
        ],
        exception_handlers=ERROR_HANDLERS,
    )
    # A path that almost fits is shown as unknown, not redirected: clients do not follow.
    app.router.redirect_slashes = False
    return _LoopbackHost(app)

"""Components of one running collector, and the ASGI application over them."""

import tempfile
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, NamedTuple

from starlette.applications import Starlette
from starlette.datastructures import URLPath
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Match, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from growingio_collector import pages
from growingio_collector.api import (
    ERROR_HANDLERS,
    AnyCall,
    events,
    requests,
    routes_of,
    scenarios,
    stream,
)
from growingio_collector.api import plan as plan_calls
from growingio_collector.api import store as store_calls
from growingio_collector.api.openapi import with_description
from growingio_collector.forwarding import Gateway
from growingio_collector.listening import Listening
from growingio_collector.plan import Plans
from growingio_collector.receiving.exchanges import is_for_collecting
from growingio_collector.receiving.experiments import Experiments
from growingio_collector.receiving.experiments import routes as experiment_routes
from growingio_collector.receiving.faults import Faults
from growingio_collector.receiving.receiver import Receiver, Rules
from growingio_collector.security import Access, AccessMiddleware
from growingio_collector.server import ServerThread
from growingio_collector.settings import Forwarding, Handling, Info, Limits, Serving
from growingio_collector.store import EventStore
from growingio_collector.store.pruning import Keep
from growingio_collector.store.reading import count_all
from growingio_wire import VERSION
from growingio_wire.table import SCHEMAS

_READERS: Final = 4
"""Number of large requests that are decoded in parallel."""

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
    """A route of the collector's own, behind its access control."""

    def __init__(self, route: BaseRoute, access: Access) -> None:
        self._route = route
        self._guarded = AccessMiddleware(route.handle, access)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match as the route does."""
        return self._route.matches(scope)

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """Return the route's address."""
        return self._route.url_path_for(name, **path_params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request to the route if access is allowed."""
        await self._guarded(scope, receive, send)


class Parts(NamedTuple):
    """Parts of the application; ``writer`` runs one call at a time.

    ``info`` returns current facts about the collector.
    """

    store: EventStore
    writer: Executor
    receiver: Receiver
    plans: Plans
    gateway: Gateway
    faults: Faults
    access: Access
    info: Callable[[], Info]
    experiments: Experiments


def api_calls(parts: Parts) -> list[AnyCall]:
    """Return all calls of the API below ``/api/v1``."""
    store = parts.store
    return with_description(
        [
            *events.calls(store),
            *requests.calls(store, parts.gateway),
            *store_calls.calls(store, parts.writer, parts.receiver, parts.info),
            *stream.calls(store, parts.plans),
            *plan_calls.calls(store, parts.plans),
            *scenarios.calls(parts.faults, parts.experiments),
        ]
    )


def _own_routes(parts: Parts) -> list[BaseRoute]:
    """Return the routes that show or change what was received."""

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
            *experiment_routes(parts.experiments),
            Route("/{path:path}", parts.receiver),
        ],
        exception_handlers=ERROR_HANDLERS,
    )
    # A path that almost matches is reported as unknown, not redirected: clients do not follow.
    app.router.redirect_slashes = False

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        answer = parts.receiver if is_for_collecting(scope) else app
        await answer(scope, receive, send)

    return serve


class Service:
    """Parts of one collector, which run from construction until ``close()``.

    The arguments are those of ``Collector``. ``stored_before`` is the id of the newest event from
    before the start.

    :raises GrowingParamException: if the port or a file is unusable.
    :raises MissingExtraError: if ``serving`` asks for TLS, and the package for it is not installed.
    """

    def __init__(
        self,
        port: int,
        db: str | Path | None,
        plan: str | Path | None,
        keep: Keep,
        serving: Serving,
        handling: Handling,
        forwarding: Forwarding | None,
    ) -> None:
        if forwarding:
            forwarding.check_keeps_bodies(handling.redact)
        self._keep, self._lang, self._temporary = keep, serving.lang, db is None
        with ExitStack() as stack:
            self.listening = Listening(port, serving, stack)
            if forwarding:
                forwarding.check_leads_away(self.listening.ports)
            self.store = EventStore(_place(db, stack), temporary=self._temporary, keep=keep)
            stack.callback(self.store.close)
            self.stored_before = self.store.last_event
            tell = self.store.tell
            self.faults, self.experiments = Faults(tell), Experiments(tell)
            self.plans = Plans(self.store, Path(plan) if plan is not None else None)
            self.gateway = Gateway(self.store, forwarding)
            stack.callback(self.gateway.close)
            self.parts = self._assembled(handling, stack)
            listening = self.listening
            app, broken = make_app(self.parts), self.parts.receiver.take_broken
            self.server = ServerThread(app, broken, listening.listeners, listening.tls)
            stack.callback(self.stop)
            self._open = stack.pop_all()

    def _assembled(self, handling: Handling, stack: ExitStack) -> Parts:
        writer = ThreadPoolExecutor(1, "growingio-collector-writer")
        stack.callback(writer.shutdown)
        readers = ThreadPoolExecutor(_READERS, "growingio-collector-reader")
        stack.callback(readers.shutdown)
        token = self.listening.access.token
        rules = Rules(handling, self.plans, self.gateway, self.faults, token)
        return Parts(
            store=self.store,
            writer=writer,
            receiver=Receiver(self.store, writer, readers, rules),
            plans=self.plans,
            gateway=self.gateway,
            faults=self.faults,
            access=self.listening.access,
            info=self.info,
            experiments=self.experiments,
        )

    def info(self) -> Info:
        """Return this collector's addresses, file and limits."""
        return Info(
            urls=self.listening.urls,
            db=str(self.store.path),
            temporary=self._temporary,
            limits=Limits(
                max_events=self._keep.max_events or None, max_age_s=self._keep.max_age_s or None
            ),
            plan=self.plans.current() is not None,
            forward=self.gateway.url,
            lang=self._lang,
            network_page=self.listening.network_page_url,
        )

    def stop(self) -> None:
        """Stop serving; what was received can still be read. May be called repeatedly."""
        self.store.end_waits()
        self.server.stop()
        self.store.tell()

    def close(self) -> None:
        """Stop serving and remove a temporary store. Safe to call again."""
        self._open.close()


def _place(db: str | Path | None, stack: ExitStack) -> Path:
    if db is not None:
        return Path(db)
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="growingio-"))) / "store.db"

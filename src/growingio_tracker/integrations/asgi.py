"""ASGI: Starlette, FastAPI, Litestar, and whatever else speaks it."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from growingio_tracker.integrations.binder import Binder, RequestOptions
from growingio_tracker.integrations.lifespan import with_shutdown
from growingio_tracker.tracker import GrowingTracker

if TYPE_CHECKING:
    from typing_extensions import Unpack

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Any, Any, Any], Awaitable[None]]
"""An application. Each framework has types of its own for what it is called with."""

_SERVER_ERROR: Final = 500


class GrowingIOMiddleware:
    """Binds the anonymous id and the user of each request and websocket to ``tracker``.

    When the server shuts the application down, the tracker delivers what waits and is closed.

    :param app: the application.
    :param tracker: the tracker that the application uses.
    :param user: returns the id of a scope's user, or ``None``. It is called when an event is
        tracked and not before, so it sees what inner middlewares have put into the scope. What it
        raises is logged. ``None``: requests have no user.
    :param options: see :class:`~growingio_tracker.integrations.binder.RequestOptions`.
    :raises GrowingParamException: when an option is unknown or cannot be used.
    """

    def __init__(
        self,
        app: App,
        tracker: GrowingTracker,
        *,
        user: Callable[[Scope], object] | None = None,
        **options: Unpack[RequestOptions],
    ) -> None:
        self._app = app
        self._tracker = tracker
        self._user = user
        self._binder = Binder(tracker, **options)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "lifespan":
            await with_shutdown(self._app, self._tracker.aclose)(scope, receive, send)
            return
        user = self._user
        find_user = None if user is None else lambda: user(scope)
        with self._binder.bound(lambda name: _header(scope.get("headers", ()), name), find_user):
            if scope["type"] == "http" and self._binder.event is not None:
                await self._tracked(scope, receive, send)
            else:
                await self._app(scope, receive, send)

    async def _tracked(self, scope: Scope, receive: Receive, send: Send) -> None:
        started_s = time.perf_counter()
        status: int | None = None

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception:
            status = _SERVER_ERROR  # the server, or an outer middleware, answers with it
            raise
        finally:
            whom = self._binder.whom()
            self._binder.track(whom, scope["method"], scope["path"], status, started_s)


def _header(headers: Iterable[tuple[bytes, bytes]], wanted: str) -> str | None:
    name = wanted.encode("latin-1", "replace")
    found = [value.decode("latin-1") for key, value in headers if key == name]
    if wanted == "cookie":  # HTTP/2 clients may send one header for each cookie
        return "; ".join(found)
    return found[0] if found else None

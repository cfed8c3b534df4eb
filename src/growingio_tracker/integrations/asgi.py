"""Middleware for ASGI: Starlette, FastAPI, Litestar and other ASGI frameworks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Final, TypeAlias

from growingio_tracker.integrations.request_binding import (
    TYPES,
    BoundRequest,
    RequestBinding,
    RequestOptions,
)
from growingio_tracker.model.options import check_options
from growingio_tracker.tracker import GrowingTracker
from growingio_wire.checks import Unpack
from growingio_wire.logs import logger

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Any, Any, Any], Awaitable[None]]
"""ASGI application. Frameworks have their own types for its parameters."""

_SERVER_ERROR: Final = 500
_SECURE: Final = ("https", "wss")
_ANSWERS: Final = ("http.response.start", "websocket.accept")

_log: Final = logger(__name__)


class GrowingIOMiddleware:
    """Binds the anonymous id and the user of each request and websocket to ``tracker``.

    When the server shuts the application down, the tracker delivers queued events and is closed.

    :param app: the application.
    :param tracker: the tracker that the application uses.
    :param user: returns the user id for a scope, or ``None``. It is called only when an event is
        tracked, so it sees what inner middleware has added to the scope. Exceptions are logged.
        ``None``: requests have no user.
    :param options: see :class:`~growingio_tracker.integrations.request_binding.RequestOptions`.
    :raises GrowingParamException: if an option is unknown or invalid.
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
        check_options(TYPES, {"user": user})
        self._user = user
        self._binding = RequestBinding(tracker, **options)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "lifespan":
            await with_shutdown(self._app, self._tracker.aclose)(scope, receive, send)
            return
        user = self._user
        request = self._binding.request(
            lambda name: _header(scope.get("headers", ()), name),
            None if user is None else lambda: user(scope),
            is_debug=bool(getattr(scope.get("app", self._app), "debug", False)),
        )
        is_secure = scope.get("scheme") in _SECURE
        if (cookie := request.set_cookie(is_secure=is_secure)) is not None:
            send = _with_cookie(send, cookie)
        with request.bound():
            if scope["type"] == "http" and self._binding.event is not None:
                await self._tracked(request, scope, receive, send)
            else:
                await self._app(scope, receive, send)

    async def _tracked(
        self, request: BoundRequest, scope: Scope, receive: Receive, send: Send
    ) -> None:
        status: int | None = None

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception:
            status = _SERVER_ERROR  # which the server, or an outer middleware, sends
            raise
        finally:
            request.track(request.whom(), scope["method"], scope["path"], status)


def _with_cookie(send: Send, cookie: str) -> Send:
    header = (b"set-cookie", cookie.encode("latin-1"))

    async def sending(message: Message) -> None:
        if message["type"] in _ANSWERS:
            message = {**message, "headers": [*message.get("headers", ()), header]}
        await send(message)

    return sending


def _header(headers: Iterable[tuple[bytes, bytes]], wanted: str) -> str | None:
    name = wanted.encode("latin-1", "replace")
    found = [value.decode("latin-1") for key, value in headers if key == name]
    if wanted == "cookie":  # HTTP/2 clients may send one header for each cookie
        return "; ".join(found)
    return found[0] if found else None


def with_shutdown(app: App, close: Callable[[], Awaitable[object]]) -> App:
    """Return an application that awaits ``close`` after ``app`` has been shut down.

    Applications that do not support the lifespan protocol, such as Django, are not called for it.
    """

    async def run(scope: Message, receive: Receive, send: Send) -> None:
        has_spoken = False

        async def closing(message: Message) -> None:
            nonlocal has_spoken
            has_spoken = True
            if message["type"].startswith("lifespan.shutdown."):
                await close()
            await send(message)

        try:
            await app(scope, receive, closing)
        except Exception:
            if has_spoken:
                raise
            _log.debug("the application does not support the lifespan protocol", exc_info=True)
        if not has_spoken:
            await _answer(receive, closing)

    return run


async def _answer(receive: Receive, send: Send) -> None:
    """Answer the lifespan protocol for an application that does not support it."""
    message: Message = {"type": ""}
    while message["type"] != "lifespan.shutdown":
        message = await receive()
        await send({"type": message["type"] + ".complete"})

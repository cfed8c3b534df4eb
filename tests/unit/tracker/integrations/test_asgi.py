"""The ASGI middleware, called as a server calls it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from growingio_tracker import GrowingParamException
from growingio_tracker.integrations.asgi import GrowingIOMiddleware, Message, Receive, Scope, Send

from .conftest import Recording


def serve(app: GrowingIOMiddleware, scope: Scope, *received: str) -> list[str]:
    """Run ``app`` for one scope, and return the types of what it sent."""
    waiting = list(received)
    sent: list[str] = []

    async def receive() -> Message:
        return {"type": waiting.pop(0)}

    async def send(message: Message) -> None:
        sent.append(message["type"])

    asyncio.run(app(scope, receive, send))
    return sent


def connection(kind: str, *cookies: bytes, **more: Any) -> Scope:
    """Return the scope of a connection."""
    headers = [(b"cookie", cookie) for cookie in cookies]
    return {"type": kind, "method": "GET", "path": "/", "headers": headers, **more}


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_connections(recording: Recording, kind: str) -> None:
    """Requests and websockets are bound, by any of several cookie headers, until they end."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["user"] = "u"  # as an inner middleware does
        recording.track()

    middleware = GrowingIOMiddleware(
        app, recording.tracker, cookie="visitor", user=lambda scope: scope["user"]
    )
    serve(middleware, connection(kind, b"a=1", b"visitor=v"))
    assert recording.subjects == [("v", "u")]
    with pytest.raises(GrowingParamException):
        recording.track()


def test_other_scopes(recording: Recording) -> None:
    """A scope of a kind that is not known is passed on, with nobody bound."""
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    serve(GrowingIOMiddleware(app, recording.tracker, cookie="visitor"), {"type": "own"})
    assert seen == ["own"]


def test_user_is_found_late(recording: Recording) -> None:
    """Nobody asks who the user is when nothing is tracked."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        """Track nothing."""

    def user(scope: Scope) -> str:
        raise AssertionError

    serve(GrowingIOMiddleware(app, recording.tracker, user=user), connection("http"))


@pytest.mark.parametrize("raises", [False, True])
def test_shutdown(recording: Recording, raises: bool) -> None:
    """The tracker is closed before the server hears that the application has ended."""
    closed_before: list[int] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for name in ("startup", "shutdown"):
            await receive()
            closed_before.append(recording.transport.closed)
            kind = "failed" if raises and name == "shutdown" else "complete"
            await send({"type": f"lifespan.{name}.{kind}"})
        if raises:
            raise LookupError

    middleware = GrowingIOMiddleware(app, recording.tracker)
    if raises:
        with pytest.raises(LookupError):
            serve(middleware, {"type": "lifespan"}, "lifespan.startup", "lifespan.shutdown")
    else:
        sent = serve(middleware, {"type": "lifespan"}, "lifespan.startup", "lifespan.shutdown")
        assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert closed_before == [0, 0]
    assert recording.transport.closed == 1


@pytest.mark.parametrize("raises", [False, True])
def test_application_without_lifespan(recording: Recording, raises: bool) -> None:
    """The middleware answers the lifespan protocol if the application does not support it."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if raises:
            raise ValueError("only http")

    middleware = GrowingIOMiddleware(app, recording.tracker)
    sent = serve(middleware, {"type": "lifespan"}, "lifespan.startup", "lifespan.shutdown")
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert recording.transport.closed == 1


def test_cancelled(recording: Recording) -> None:
    """A request that is cancelled is tracked without a status."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise asyncio.CancelledError

    middleware = GrowingIOMiddleware(app, recording.tracker, track_requests="request")
    with pytest.raises(asyncio.CancelledError):
        serve(middleware, connection("http"))
    [event] = recording.events
    assert "status" not in event["attributes"]
    assert event["userKey"] == "$notuser"


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"cookies": "a"}, "cookies"),
        ({"cookie": ""}, "cookie"),
        ({"header": 1}, "header"),
        ({"user_key": ""}, "user_key"),
        ({"track_requests": True}, "track_requests"),
        ({"first_visit": "yes"}, "first_visit"),
        ({"first_visit": True, "cookie": "a b"}, "cookie"),
        ({"on_nobody": "ignore"}, "on_nobody"),
    ],
)
def test_wrong_options(recording: Recording, options: dict[str, Any], named: str) -> None:
    """An option that is unknown or cannot be used is refused by name."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        """Do nothing."""

    with pytest.raises(GrowingParamException, match=named):
        GrowingIOMiddleware(app, recording.tracker, **options)

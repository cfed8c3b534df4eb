"""A shop in Starlette: ``uvicorn starlette_app:app``."""

import asyncio
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from growingio_tracker import GrowingTracker
from growingio_tracker.integrations.asgi import GrowingIOMiddleware, Scope

tracker = GrowingTracker.from_env()


def track(request: Request) -> None:
    """Track a sale."""
    tracker.track_custom_event("buy", attributes=request.path_params)


async def buy(request: Request) -> Response:
    """Sell one."""
    await asyncio.sleep(0.05)  # another request is served meanwhile
    track(request)
    return PlainTextResponse("sold\n")


async def later(request: Request) -> Response:
    """Sell one when the answer has been sent."""
    return PlainTextResponse("soon\n", background=BackgroundTask(track, request))


async def stream(request: Request) -> Response:
    """Sell one while the answer is on its way."""

    async def parts() -> AsyncIterator[str]:
        yield "sold\n"
        track(request)

    return StreamingResponse(parts())


async def fail(request: Request) -> Response:
    """Sell one, and then fail."""
    track(request)
    raise RuntimeError


def user(scope: Scope) -> str | None:
    """Return who a proxy says has logged in."""
    return Request(scope).headers.get("x-user")


ways = (buy, later, stream, fail)
app = Starlette(routes=[Route(f"/{way.__name__}/{{sku}}", way) for way in ways])
app.add_middleware(
    GrowingIOMiddleware, tracker=tracker, cookie="visitor", user=user, track_requests="request"
)

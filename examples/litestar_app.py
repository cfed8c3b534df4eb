"""A shop in Litestar: ``uvicorn litestar_app:app``."""

import asyncio
import time

from litestar import Litestar, get
from litestar.datastructures import Headers

from growingio_tracker import GrowingTracker
from growingio_tracker.integrations.asgi import GrowingIOMiddleware, Scope

tracker = GrowingTracker.from_env()


@get("/buy/{sku:str}")
async def buy(sku: str) -> str:
    """Sell one, in the event loop."""
    await asyncio.sleep(0.05)  # another request is served meanwhile
    tracker.track_custom_event("buy", attributes={"sku": sku})
    return f"sold {sku}"


@get("/thread/{sku:str}", sync_to_thread=True)
def in_a_thread(sku: str) -> str:
    """Sell one, in a thread."""
    time.sleep(0.05)
    tracker.track_custom_event("buy", attributes={"sku": sku})
    return f"sold {sku}"


@get("/fail/{sku:str}")
async def fail(sku: str) -> str:
    """Sell one, and then fail."""
    tracker.track_custom_event("buy", attributes={"sku": sku})
    raise RuntimeError(sku)


def user(scope: Scope) -> str | None:
    """Return who a proxy says has logged in."""
    return Headers(scope["headers"]).get("x-user")


# Around the whole application: Litestar's own middlewares do not see that it is shut down.
app = GrowingIOMiddleware(
    Litestar([buy, in_a_thread, fail]),
    tracker,
    cookie="visitor",
    user=user,
)

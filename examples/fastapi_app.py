"""A shop in FastAPI: ``uvicorn fastapi_app:app``."""

import asyncio
import time

from fastapi import FastAPI, Request

from growingio_tracker import GrowingTracker
from growingio_tracker.integrations.asgi import GrowingIOMiddleware, Scope

tracker = GrowingTracker.from_env()
app = FastAPI()


def user(scope: Scope) -> str | None:
    """Return who a proxy says has logged in."""
    return Request(scope).headers.get("x-user")


app.add_middleware(GrowingIOMiddleware, tracker=tracker, cookie="visitor", user=user)


@app.get("/buy/{sku}")
async def buy(sku: str) -> str:
    """Sell one, in the event loop."""
    await asyncio.sleep(0.05)  # another request is served meanwhile
    tracker.track_custom_event("buy", attributes={"sku": sku})
    return f"sold {sku}"


@app.get("/thread/{sku}")
def in_a_thread(sku: str) -> str:
    """Sell one, in a thread."""
    time.sleep(0.05)
    tracker.track_custom_event("buy", attributes={"sku": sku})
    return f"sold {sku}"


@app.get("/fail/{sku}")
async def fail(sku: str) -> str:
    """Sell one, and then fail."""
    tracker.track_custom_event("buy", attributes={"sku": sku})
    raise RuntimeError(sku)

"""A shop without a framework: ``gunicorn wsgi_app:app``."""

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from growingio_tracker import GrowingTracker
from growingio_tracker.integrations.wsgi import GrowingIOMiddleware

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

tracker = GrowingTracker.from_env()


def shop(environ: dict[str, Any], start_response: "StartResponse") -> Iterable[bytes]:
    """Sell one: ``/buy/A-1``, ``/stream/A-1``, ``/fail/A-1``."""
    _, way, sku = environ["PATH_INFO"].split("/")
    head = [("content-type", "text/plain; charset=utf-8")]
    if way == "stream":
        start_response("200 OK", head)
        return parts(sku)
    time.sleep(0.05)  # another request is served meanwhile
    tracker.track_custom_event("buy", attributes={"sku": sku})
    if way == "fail":
        raise RuntimeError(sku)
    start_response("200 OK", head)
    return [f"sold {sku}\n".encode()]


def parts(sku: str) -> Iterable[bytes]:
    """Sell one while the answer is on its way."""
    yield b"sold "
    tracker.track_custom_event("buy", attributes={"sku": sku})
    yield sku.encode()


app = GrowingIOMiddleware(
    shop,
    tracker,
    cookie="visitor",
    user=lambda environ: environ.get("HTTP_X_USER"),
    track_requests="request",
)

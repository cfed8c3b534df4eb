"""A shop in Flask: ``gunicorn flask_app:app``."""

import time
from collections.abc import Iterator

from flask import Flask, request, stream_with_context

from growingio_tracker.integrations.flask import GrowingIO

app = Flask(__name__)
app.config["GROWINGIO_COOKIE"] = "visitor"
app.config["GROWINGIO_STRATEGY"] = "async"
growingio = GrowingIO(app, user=lambda: request.headers.get("x-user"))


@app.get("/buy/<sku>")
def buy(sku: str) -> str:
    """Sell one."""
    time.sleep(0.05)  # another request is served meanwhile
    growingio.tracker.track_custom_event("buy", attributes={"sku": sku})
    return f"sold {sku}\n"


@app.get("/stream/<sku>")
def stream(sku: str) -> Iterator[str]:
    """Sell one while the answer is on its way."""

    def parts() -> Iterator[str]:
        yield "sold "
        growingio.tracker.track_custom_event("buy", attributes={"sku": sku})
        yield f"{sku}\n"

    return stream_with_context(parts())


@app.get("/fail/<sku>")
def fail(sku: str) -> str:
    """Sell one, and then fail."""
    growingio.tracker.track_custom_event("buy", attributes={"sku": sku})
    raise RuntimeError(sku)

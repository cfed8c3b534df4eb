"""Litestar behind the ASGI middleware."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from litestar import Litestar, get
from litestar.response import Stream

from growingio_tracker import GrowingParamException
from growingio_tracker.integrations.asgi import GrowingIOMiddleware, Message

from .conftest import Recording


async def ask(app: GrowingIOMiddleware, visitor: str) -> bytes:
    """Make one request, and return the body of its answer."""
    begin: Message = {"type": "http.request", "body": b"", "more_body": False}
    ended = asyncio.Event()
    body = bytearray()

    async def receive() -> Message:
        if "type" in begin:
            message = dict(begin)
            begin.clear()
            return message
        await ended.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        body.extend(message.get("body", b""))
        if message["type"] == "http.response.body" and not message.get("more_body"):
            ended.set()  # servers then say that the client has gone

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/stream",
        "raw_path": b"/stream",
        "root_path": "",
        "query_string": b"",
        "headers": [(b"x-visitor", visitor.encode())],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "state": {},
    }
    await app(scope, receive, send)
    return bytes(body)


def test_streams_at_once(recording: Recording) -> None:
    """Streams that are sent in turns track about their own visitors, and leave nobody behind."""

    async def parts() -> AsyncIterator[bytes]:
        for number in range(3):
            await asyncio.sleep(0)  # the other one's turn
            recording.track(str(number))
            yield b"x"

    @get("/stream")
    async def stream() -> Stream:
        return Stream(parts())

    app = GrowingIOMiddleware(
        Litestar([stream], openapi_config=None), recording.tracker, header="x-visitor"
    )

    async def both() -> list[bytes]:
        answers = asyncio.gather(ask(app, "1"), ask(app, "2"))
        return list(await asyncio.wait_for(answers, 60))

    assert asyncio.run(both()) == [b"xxx", b"xxx"]
    found = sorted((one["deviceId"], one["eventName"]) for one in recording.events)
    assert found == [(visitor, name) for visitor in "12" for name in "012"]
    with pytest.raises(GrowingParamException):
        recording.track()

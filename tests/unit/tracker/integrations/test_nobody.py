"""Requests of visitors who have neither cookie nor login."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from http.cookies import SimpleCookie
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest

from growingio_tracker import GrowingParamException
from growingio_tracker.integrations import asgi, wsgi

from .conftest import Recording

Serve = Callable[..., dict[str, str]]


def serve_wsgi(
    recording: Recording, *, sent: str = "", https: bool = False, **options: Any
) -> dict[str, str]:
    """Serve a request that tracks by WSGI; return the names of the answer's headers and values."""

    def app(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        recording.track("first")
        start_response("200 OK", [("content-type", "text/plain")])
        yield b"x"
        recording.track("second")

    environ: dict[str, Any] = {"HTTP_COOKIE": sent, "wsgi.url_scheme": "https" if https else "http"}
    setup_testing_defaults(environ)
    headers: list[tuple[str, str]] = []

    def start_response(status: str, given: list[tuple[str, str]], *_: object) -> Any:
        assert status == "200 OK"
        headers.extend(given)

    answer: Any = wsgi.GrowingIOMiddleware(app, recording.tracker, **options)(
        environ, start_response
    )
    assert b"".join(answer) == b"x"
    answer.close()
    return {name.lower(): value for name, value in headers}


def serve_asgi(
    recording: Recording, *, sent: str = "", https: bool = False, **options: Any
) -> dict[str, str]:
    """Do the same by ASGI."""

    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        recording.track("first")
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"content-type", b"text/plain")],
            }
        )
        await send({"type": "http.response.body", "body": b"x"})
        recording.track("second")

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "scheme": "https" if https else "http",
        "headers": [(b"cookie", sent.encode())],
    }
    messages: list[asgi.Message] = []

    async def receive() -> asgi.Message:
        raise AssertionError("nothing is read")

    async def send(message: asgi.Message) -> None:
        messages.append(message)

    asyncio.run(asgi.GrowingIOMiddleware(app, recording.tracker, **options)(scope, receive, send))
    return {name.decode(): value.decode() for name, value in messages[0]["headers"]}


SERVED = pytest.mark.parametrize("serve", [serve_wsgi, serve_asgi])


@SERVED
def test_j1_dropped_and_counted(
    recording: Recording, serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    """J1: a visitor without cookie and login gets the answer, and the events are counted."""
    with caplog.at_level(logging.WARNING, "growingio_tracker"):
        assert serve(recording) == {"content-type": "text/plain"}
    assert recording.events == []
    assert recording.tracker.stats().dropped == {"about_nobody": 2}
    assert len(caplog.records) == 1  # once a minute


@SERVED
def test_j1_sent_about_nobody(recording: Recording, serve: Serve) -> None:
    """J1: with on_nobody="notuser" the events are sent as about nobody."""
    serve(recording, on_nobody="notuser")
    assert [one["userKey"] for one in recording.events] == ["$notuser"] * 2


@SERVED
def test_raised_if_asked(recording: Recording, serve: Serve) -> None:
    """With on_nobody="raise" the call raises as it does elsewhere."""
    with pytest.raises(GrowingParamException, match="both missing"):
        serve(recording, on_nobody="raise")


@SERVED
def test_j1_loud_in_development(
    recording: Recording, serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    """J1: with on_nobody="warn" each event is logged with the place of the call."""
    with caplog.at_level(logging.WARNING, "growingio_tracker"):
        serve(recording, on_nobody="warn")
    loud = [record for record in caplog.records if record.stack_info]
    assert len(loud) == 2
    assert 'recording.track("first")' in (loud[0].stack_info or "")


@SERVED
@pytest.mark.parametrize("https", [False, True])
def test_j1_first_visit(recording: Recording, serve: Serve, https: bool) -> None:
    """J1: with first_visit a visitor gets an id, and its cookie, once."""
    options: dict[str, Any] = {"first_visit": True, "cookie": "v", "https": https}
    given = SimpleCookie(serve(recording, **options)["set-cookie"])["v"]
    assert (given["path"], given["samesite"], given["httponly"]) == ("/", "Lax", True)
    assert bool(given["secure"]) is https
    assert "set-cookie" not in serve(recording, sent=f"v={given.value}", **options)
    assert recording.subjects == [(given.value, None)] * 4


def test_first_visit_without_a_name(recording: Recording) -> None:
    """The cookie of a first visit has a name of its own where none is given."""
    assert serve_wsgi(recording, first_visit=True)["set-cookie"].startswith("growingio_visitor=")

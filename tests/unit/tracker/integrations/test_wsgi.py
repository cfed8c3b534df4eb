"""The WSGI middleware, called as a server calls it."""

from __future__ import annotations

import contextvars
import io
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest

from growingio_tracker import GrowingParamException
from growingio_tracker.integrations.wsgi import Environ, GrowingIOMiddleware

from .conftest import Recording

StartResponse = Callable[..., Any]


def environ_of(visitor: str) -> Environ:
    """Return the environment of a visitor's request."""
    environ: Environ = {"HTTP_X_VISITOR": visitor, "QUERY_STRING": ""}
    setup_testing_defaults(environ)
    environ["wsgi.errors"] = io.StringIO()
    return environ


def begin(app: Any, visitor: str) -> Iterable[bytes]:
    """Begin a request, and return the answer, of which nothing has been read."""
    answer: Iterable[bytes] = app(environ_of(visitor), lambda *_: lambda _: None)
    return answer


def end(answer: Iterable[bytes]) -> bytes:
    """Read and close an answer, as a server does."""
    body = b"".join(answer)
    close: Callable[[], None] = getattr(answer, "close", lambda: None)
    close()
    return body


class Streamed:
    """An application whose answers track while they are read, and when they are closed."""

    def __init__(self, recording: Recording, raises: bool = False) -> None:
        self._recording = recording
        self._raises = raises

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [("content-type", "text/plain")])
        try:
            for number in range(2):
                self._recording.track(str(number))
                yield b"x"
                if self._raises:
                    raise LookupError
        finally:
            self._recording.track("end")


def test_answers_read_in_turns(recording: Recording) -> None:
    """Answers that one thread reads in turns track about their own visitors, to the very end."""
    app = GrowingIOMiddleware(Streamed(recording), recording.tracker, header="X-Visitor")
    first, second = begin(app, "1"), begin(app, "2")
    parts = [iter(first), iter(second)]
    for one in (*parts, *parts):
        assert next(one) == b"x"
    for answer in (first, second):
        end(answer)
    found = [(one["deviceId"], one["eventName"]) for one in recording.events]
    assert sorted(found) == [(visitor, name) for visitor in "12" for name in ("0", "1", "end")]
    with pytest.raises(GrowingParamException):
        recording.track()


def test_standard(recording: Recording) -> None:
    """With it an application still does all that the standard asks for."""
    app = GrowingIOMiddleware(validator(Streamed(recording)), recording.tracker, header="x-visitor")
    answer = validator(app)(environ_of("1"), lambda *_: lambda _: None)
    assert b"".join(answer) == b"xx"
    answer.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("where", ["call", "answer"])
def test_failures(recording: Recording, where: str) -> None:
    """What the application raises comes through, is a 500, and leaves nobody bound."""

    def failing(environ: Environ, start_response: StartResponse) -> list[bytes]:
        raise LookupError

    inner: Any = failing if where == "call" else Streamed(recording, raises=True)
    app = GrowingIOMiddleware(
        inner, recording.tracker, header="x-visitor", track_requests="request"
    )
    with pytest.raises(LookupError):  # noqa: PT012 - a server closes what it has begun to read
        answer = begin(app, "1")
        try:
            b"".join(answer)
        finally:
            end_only(answer)
    assert recording.events[-1]["attributes"]["status"] == 500
    with pytest.raises(GrowingParamException):
        recording.track()


def end_only(answer: Iterable[bytes]) -> None:
    """Close an answer."""
    answer.close()  # type: ignore[attr-defined]


def test_odd_status(recording: Recording) -> None:
    """A status that is no number reaches the server, and is left out of the event."""

    def app(environ: Environ, start_response: StartResponse) -> list[bytes]:
        start_response("odd", [])
        return [b""]

    begin(GrowingIOMiddleware(app, recording.tracker, track_requests="request"), "1")
    assert recording.events[0]["attributes"].keys() == {"method", "path", "duration_ms"}


def test_lists_stay_lists(recording: Recording) -> None:
    """An answer that is a list reaches the server as one, so that it knows the length."""

    def app(environ: Environ, start_response: StartResponse) -> list[bytes]:
        recording.track()
        start_response("204 No Content", [])
        return [b""]

    assert begin(GrowingIOMiddleware(app, recording.tracker, header="x-visitor"), "1") == [b""]
    assert recording.subjects == [("1", None)]


def test_variables_of_the_server(recording: Recording) -> None:
    """Context variables go to the application and come back as without the middleware."""
    variable: contextvars.ContextVar[int] = contextvars.ContextVar("variable")
    variable.set(1)

    def app(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [])
        seen = str(variable.get()).encode()
        variable.set(2)
        yield seen

    assert end(begin(GrowingIOMiddleware(app, recording.tracker), "1")) == b"1"
    assert variable.get() == 2


def test_blocks_of_the_application(recording: Recording) -> None:
    """What a streamed answer binds itself holds in it until its block ends, and nowhere else."""

    def app(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [])
        with recording.tracker.context(login_user_id=f"u-{environ['HTTP_X_VISITOR']}"):
            yield b"x"
            recording.track()
        recording.track()
        yield b"x"

    middleware = GrowingIOMiddleware(app, recording.tracker, header="X-Visitor")
    with recording.tracker.context(anonymous_id="server"):
        answers = [begin(middleware, visitor) for visitor in "12"]
        parts = [iter(answer) for answer in answers]
        for _ in range(2):
            for one in parts:
                next(one)
                recording.track("server")
        for answer in answers:
            end(answer)
    found = list(
        zip(recording.subjects, (one["eventName"] for one in recording.events), strict=True)
    )
    assert [who for who, name in found if name == "server"] == [("server", None)] * 4
    assert [who for who, name in found if name == "a"] == [
        ("1", "u-1"), ("1", None), ("2", "u-2"), ("2", None),
    ]  # fmt: skip

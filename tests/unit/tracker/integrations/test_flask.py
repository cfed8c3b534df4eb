"""The Flask extension."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, Response, request, session, stream_with_context

from growingio_tracker import GrowingParamException
from growingio_tracker.integrations.flask import GrowingIO

from .conftest import Recording

CONFIGURED = {
    "GROWINGIO_PRODUCT_ID": "p",
    "GROWINGIO_DATA_SOURCE_ID": "d",
    "GROWINGIO_SERVER_HOST": "http://x",
}


def make_app(**config: Any) -> Flask:
    """Return an application with settings."""
    app = Flask("shop")
    app.secret_key = "secret"
    app.config.update(config)
    return app


def test_session(recording: Recording, caplog: pytest.LogCaptureFixture) -> None:
    """The user may be found in the session, when an event is tracked."""
    app = make_app(GROWINGIO_HEADER="X-Visitor", GROWINGIO_TRACK_REQUESTS="request")
    growingio = GrowingIO(tracker=recording.tracker, user=lambda: session.get("user"))
    growingio.init_app(app)

    @app.get("/enter")
    def enter() -> str:
        session["user"] = "u"
        growingio.tracker.track_custom_event("entered")
        return ""

    with app.test_client() as client:
        for path in ("/nothing", "/enter", "/nothing"):
            client.get(path, headers={"x-visitor": "v"}, buffered=True)
    # What is asked for first, and last, is the page that does not exist.
    assert recording.subjects == [("v", None), ("v", "u"), ("v", "u"), ("v", "u")]
    names = [(one["eventName"], one["attributes"].get("status")) for one in recording.events[:1]]
    assert names == [("request", 404)]
    assert caplog.records == []


def test_each_application_has_its_own() -> None:
    """One extension gives each application the tracker of its own configuration."""
    growingio = GrowingIO()
    apps = [make_app(**CONFIGURED), make_app(**CONFIGURED)]
    for app in apps:
        growingio.init_app(app)
        with app.app_context():
            assert growingio.tracker is app.extensions["growingio"]
    assert apps[0].extensions["growingio"] is not apps[1].extensions["growingio"]


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ({}, r"product_id is missing: set it in app\.config"),
        ({**CONFIGURED, "GROWINGIO_COOKY": "a"}, "unknown setting cooky; did you mean cookie"),
        ({**CONFIGURED, "GROWINGIO_MAX_SIZE": "many"}, "max_size must be an int"),
        ({**CONFIGURED, "GROWINGIO_COOKIE": 1}, "cookie"),
    ],
)
def test_mistakes(config: dict[str, Any], named: str) -> None:
    """A mistake in the configuration is named when the application is made."""
    with pytest.raises(GrowingParamException, match=named):
        GrowingIO(make_app(**config))


def test_application_without_a_tracker() -> None:
    """Where no tracker was given to an application, asking for it says how to give one."""
    with make_app().app_context(), pytest.raises(GrowingParamException, match="init_app"):
        GrowingIO().tracker  # noqa: B018


def test_j1_preserved_contexts(recording: Recording) -> None:
    """J1: a test client that keeps the context of a streamed answer works as without us."""
    app = make_app()
    growingio = GrowingIO(app, tracker=recording.tracker)

    @app.get("/stream")
    def stream() -> Response:
        def parts() -> Iterator[bytes]:
            for name in (b"a", b"b"):
                growingio.tracker.track_custom_event(name.decode(), anonymous_id="v")
                yield name

        return Response(stream_with_context(parts()))

    with app.test_client() as client:
        assert client.get("/stream").data == b"ab"
        assert request.path == "/stream"
    assert recording.subjects == [("v", None)] * 2


@pytest.mark.parametrize("on_nobody", ["drop", "notuser"])
def test_j1_teardown_of_preserved_contexts(recording: Recording, on_nobody: str) -> None:
    """J1: what runs when a test client lets a context go is bound as at the end of the request."""
    app = make_app(GROWINGIO_HEADER="X-Visitor", GROWINGIO_ON_NOBODY=on_nobody)
    growingio = GrowingIO(app, tracker=recording.tracker)

    @app.teardown_request
    @app.teardown_appcontext
    def end(_: BaseException | None) -> None:
        growingio.tracker.track_custom_event("ended")

    @app.get("/")
    def index() -> str:
        return "x"

    with app.test_client() as client:
        client.get("/")
        client.get("/", headers={"x-visitor": "v"})
        recorded = len(recording.events)
    assert recording.subjects[recorded:] == [("v", None)] * 2
    known = [one for one in recording.subjects if one != (None, None)]
    assert len(known) == 4
    assert recording.tracker.stats().dropped == ({"about_nobody": 4} if on_nobody == "drop" else {})
    with pytest.raises(GrowingParamException, match="anonymous_id"):
        recording.track()


@pytest.mark.parametrize("debug", [False, True])
def test_j1_nobody(recording: Recording, caplog: pytest.LogCaptureFixture, debug: bool) -> None:
    """J1: an event about nobody is no error for the visitor, and loud where Flask is debugging."""
    app = make_app(PROPAGATE_EXCEPTIONS=False)
    growingio = GrowingIO(app, tracker=recording.tracker)

    @app.get("/")
    def index() -> str:
        growingio.tracker.track_custom_event("a")
        return "x"

    app.debug = debug
    with caplog.at_level("WARNING", "growingio_tracker"):
        assert app.test_client().get("/").status_code == 200
    assert recording.tracker.stats().dropped == {"about_nobody": 1}
    assert any(record.stack_info for record in caplog.records) is debug

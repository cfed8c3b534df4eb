"""Django: the example with real servers, and what the middleware leaves alone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import urllib3

from delivering.examples import (
    DJANGO,
    Visit,
    environment,
    gunicorn,
    subjects,
    uvicorn,
    visit_at_once,
)
from delivering.processes import quiet_environment, run_well
from delivering.programs import Program
from growingio_collector import Collector

Serve = Callable[[Path, str, Collector, Path], Program]

SERVERS = [
    pytest.param(
        gunicorn,
        "wsgi:application",
        id="WSGI",
        marks=pytest.mark.skipif(not hasattr(os, "fork"), reason="not here: no gunicorn"),
    ),
    pytest.param(uvicorn, "asgi:application", id="ASGI"),
]

# What a test of a user's would have: settings, a database in memory, and Django's own client.
BEGIN = """
    import asyncio, io, logging
    import django
    from django.conf import settings
    import settings as shop_settings

    changes = {changes!r}
    shop_settings.DATABASES["default"]["NAME"] = ":memory:"
    shop_settings.ALLOWED_HOSTS.append("testserver")
    for name, value in changes.items():
        setattr(shop_settings, name, value)
    django.setup()

    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.db import connection
    from django.test import AsyncClient, Client, override_settings
    from django.test.utils import CaptureQueriesContext
    from growingio_tracker.integrations.django import get_tracker

    call_command("migrate", verbosity=0)
    user = User.objects.create_user("ann")
    client = Client(raise_request_exception=False)
    client.cookies["visitor"] = "v-1"
"""


def manage(folder: Path, collector: Collector, *command: str, **more: str) -> tuple[int, str]:
    """Run a command of Django's on the example, and return its exit code and what it printed."""
    variables = {**environment(collector, DJANGO), "DJANGO_SETTINGS_MODULE": "settings", **more}
    done = subprocess.run(
        [sys.executable, "-m", "django", *command],
        cwd=folder,
        env=quiet_environment(**variables),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def run_shop(collector: Collector, code: str, **changes: object) -> str:
    """Run ``code`` with the example's settings, some of them changed."""
    program = BEGIN.format(changes=changes) + code
    variables = {**environment(collector, DJANGO), "DJANGO_SETTINGS_MODULE": "settings"}
    return run_well(program, **variables)


def log_in(address: str, name: str) -> tuple[str, str]:
    """Return the primary key of a user who logs in, and the cookie of the session."""
    answer = urllib3.request("GET", f"{address}/enter/{name}", retries=False, timeout=30)
    return answer.data.decode(), answer.headers["set-cookie"].partition(";")[0]


@pytest.mark.parametrize(("serve", "app"), SERVERS)
def test_identities(tmp_path: Path, serve: Serve, app: str) -> None:
    """Requests at once leave events about their own visitors and users, delivered at the end."""
    with Collector() as collector:
        assert manage(tmp_path, collector, "migrate")[0] == 0
        with serve(tmp_path, app, collector, DJANGO) as program:
            users = [log_in(program.address, f"user-{n}") for n in range(2)]
            visits, expected = [], {}
            for n in range(8):
                pk, session = users[n % 2] if n % 4 < 2 else (None, "none=0")
                for way in ("buy", "async", "fail"):
                    visits.append(Visit(f"{way}/{way}-{n}", f"v-{way}-{n}; {session}"))
                    expected[f"{way}-{n}"] = (f"v-{way}-{n}", pk)
            statuses = visit_at_once(program.address, visits)
            assert statuses == [500 if "fail" in one.path else 200 for one in visits], program.log
            # Who failed has left nothing behind in the threads that serve.
            nobody = [Visit(f"{way}/nobody", None) for way in ("buy", "async") * 4]
            assert visit_at_once(program.address, nobody) == [200] * 8, program.log
            assert collector.totals().events == 0
            program.stop()
        assert subjects(collector.wait(len(visits), timeout=0)) == expected


def test_nothing_is_touched() -> None:
    """A request that tracks nothing queries no database, and its answer varies by no cookie."""
    with Collector() as collector:
        run_shop(
            collector,
            """
    client.force_login(user)
    with CaptureQueriesContext(connection) as queries:
        answer = client.get("/nothing")
    assert answer.status_code == 404
    assert not queries.captured_queries, queries.captured_queries
    assert "vary" not in answer.headers
            """,
        )


@pytest.mark.parametrize("last", [False, True])
def test_j1_observing(last: bool) -> None:
    """J1: tracking marks no session as looked at, and a request's own event asks for no query."""
    code = """
    import shop
    from django.http import HttpResponse
    from django.urls import path

    def looks(request):
        return HttpResponse(str(request.user.pk))

    def tracks(request):
        get_tracker().track_custom_event("tracked")
        return HttpResponse("the same for everybody")

    shop.urlpatterns += [path("looks", looks), path("tracks", tracks)]
    client.force_login(user)
    expected = (("/nothing", 0, False), ("/tracks", 1, False), ("/looks", 2, True))
    for address, most, varies in expected:
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(address)
        assert len(queries) <= most, (address, queries.captured_queries)
        assert ("vary" in answer.headers) is varies, (address, answer.headers)
    # A session that has ended is the application's to find out.
    from django.contrib.sessions.models import Session
    Session.objects.all().delete()
    answer = client.get("/tracks")
    assert not answer.cookies and "vary" not in answer.headers, answer.headers
    """
    middleware = [
        "growingio_tracker.integrations.django.GrowingIOMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ]
    with Collector() as collector:
        run_shop(
            collector,
            code,
            MIDDLEWARE=middleware[1:] + middleware[:1] if last else middleware,
            GROWINGIO={"cookie": "visitor", "track_requests": "request"},
        )
        events = collector.wait(6, timeout=0)
    assert [(event.name, event.user_id) for event in events] == [
        ("request", None),  # nobody had looked who it is
        ("tracked", "1"),
        ("request", None),
        ("request", "1"),
        ("tracked", None),
        ("request", None),
    ]


def test_j1_first_visit() -> None:
    """J1: a visitor without an id gets one if asked, and no error otherwise."""
    with Collector() as collector:
        run_shop(
            collector,
            """
    client = Client(raise_request_exception=False)
    first, second = client.get("/buy/A"), client.get("/buy/A")
    assert first.status_code == second.status_code == 200
    assert first.cookies["visitor"]["samesite"] == "Lax"
    assert not second.cookies
            """,
            GROWINGIO={"cookie": "visitor", "first_visit": True},
        )
        first, second = collector.wait(2, timeout=0)
    assert first.device_id == second.device_id
    assert len(first.device_id or "") == 32


def test_async_view_without_its_user() -> None:
    """In an async view without its user an event has the visitor only, and it is logged.

    A coroutine function that finds the user is awaited before the view.
    """
    with Collector() as collector:
        run_shop(
            collector,
            """
    import shop
    from django.http import HttpResponse
    from django.urls import path

    async def hasty(request):
        get_tracker().track_custom_event("hasty")
        return HttpResponse("")

    shop.urlpatterns.append(path("hasty", hasty))
    client = AsyncClient()
    client.force_login(user)
    client.cookies["visitor"] = "v-1"
    logged = io.StringIO()
    logging.getLogger("growingio_tracker").addHandler(logging.StreamHandler(logged))
    assert asyncio.run(client.get("/hasty")).status_code == 200
    assert logged.getvalue().count("the user of a request could not be determined") == 1
    assert "await request.auser() before tracking" in logged.getvalue()

    async def user_of(request):
        await asyncio.sleep(0)
        return request.headers["x-user"] if hasattr(request, "auser") else None

    shop.user_of = user_of
    with override_settings(GROWINGIO={"cookie": "visitor", "user": "shop.user_of"}):
        for some in (AsyncClient(), Client()):
            some.cookies["visitor"] = "v-1"
            answer = some.get("/hasty", headers={"x-user": "ann"})
            answer = asyncio.run(answer) if asyncio.iscoroutine(answer) else answer
            assert answer.status_code == 200
            """,
        )
        events = collector.wait(3, timeout=0)
    about = sorted(str(event.user_id) for event in events)
    assert about == ["None", "ann", "ann"]


def test_streamed_answers() -> None:
    """The parts of a streamed answer are made with the ids bound, and leave nobody behind.

    A file is sent as it would be without the middleware.
    """
    with Collector() as collector:
        run_shop(
            collector,
            """
    import shop
    from wsgiref.util import setup_testing_defaults
    from django.core.wsgi import get_wsgi_application
    from django.http import FileResponse, StreamingHttpResponse
    from django.urls import path

    def parts():
        yield b"a"
        get_tracker().track_custom_event("streamed")
        yield b"b"

    async def async_parts():
        for part in parts():
            await asyncio.sleep(0)
            yield part

    def stream(request):
        return StreamingHttpResponse(parts())

    async def async_stream(request):
        return StreamingHttpResponse(async_parts())

    def file(request):
        return FileResponse(open(shop.__file__, "rb"))

    async def read(path):
        answer = await async_client.get(path)
        return b"".join([part async for part in answer])

    shop.urlpatterns += [path("stream", stream), path("async-stream", async_stream)]
    shop.urlpatterns.append(path("file", file))
    async_client = AsyncClient()
    async_client.cookies["visitor"] = "v-2"
    async_client.force_login(user)

    answers = [client.get("/stream") for _ in range(2)]
    assert [b"".join(one.streaming_content) for one in answers] == [b"ab"] * 2
    assert asyncio.run(read("/async-stream")) == b"ab"
    nobody = Client().get("/stream")
    assert b"".join(nobody.streaming_content) == b"ab"
    assert get_tracker().current_subject().anonymous_id is None

    environ = {"wsgi.file_wrapper": lambda file, size: (file.read(), file.close())}
    setup_testing_defaults(environ)
    content, _ = get_wsgi_application()(environ | {"PATH_INFO": "/file"}, lambda *_: None)
    assert b"get_tracker" in content
            """,
        )
        events = collector.wait(3, timeout=0)
    assert [event.device_id for event in events] == ["v-1", "v-1", "v-2"]
    assert {event.name for event in events} == {"streamed"}


def test_end_of_requests() -> None:
    """Receivers of request_finished know the request, and so does a stream that breaks off."""
    with Collector() as collector:
        run_shop(
            collector,
            """
    import shop
    from wsgiref.util import setup_testing_defaults
    from django.core.signals import request_finished
    from django.core.wsgi import get_wsgi_application
    from django.http import FileResponse, StreamingHttpResponse
    from django.urls import path

    def finished(**_):
        get_tracker().track_custom_event("finished")

    def parts():
        try:
            yield b"a"
            yield b"b"
        finally:
            get_tracker().track_custom_event("broke_off")

    shop.urlpatterns.append(path("stream", lambda request: StreamingHttpResponse(parts())))
    shop.urlpatterns.append(path("file", lambda request: FileResponse(open(shop.__file__, "rb"))))
    request_finished.connect(finished)
    client.force_login(user)
    client.get("/nothing")
    Client().get("/nothing")  # about nobody

    async_client = AsyncClient()
    async_client.cookies["visitor"] = "v-2"
    asyncio.run(async_client.get("/nothing"))

    def serve(path, visitor):
        environ = {"PATH_INFO": path, "HTTP_COOKIE": f"visitor={visitor}"}
        environ["wsgi.file_wrapper"] = lambda file, size: file
        setup_testing_defaults(environ)
        return get_wsgi_application()(environ, lambda *_: None)

    answer = serve("/stream", "v-3")
    assert next(iter(answer)) == b"a"
    answer.close()  # as servers do when the client has disconnected
    serve("/file", "v-4").close()
    assert get_tracker().current_subject().anonymous_id is None
            """,
        )
        events = collector.events()
    assert [(event.name, event.device_id) for event in events] == [
        ("finished", "v-1"),
        ("finished", "v-2"),
        ("broke_off", "v-3"),
        ("finished", "v-3"),
        ("finished", "v-4"),
    ]
    assert [bool(event.user_id) for event in events] == [True, False, False, False, False]


def test_other_settings() -> None:
    """The setting may name a header, a function that finds users, and an event for requests."""
    setting = {
        "header": "X-Visitor",
        "user": "shop.user_of",
        "user_key": "phone",
        "track_requests": "request",
        "queue": {"max_events": 600},
    }
    with Collector() as collector:
        run_shop(
            collector,
            """
    import shop
    shop.user_of = lambda request: request.headers.get("x-phone")
    client.get("/buy/A", headers={"x-visitor": "v-2", "x-phone": "138"})
    client.get("/fail/A", headers={"x-visitor": "v-2"})
            """,
            GROWINGIO=setting,
        )
        events = collector.wait(4, timeout=0)
    about = [(event.name, event.device_id, event.user_key, event.user_id) for event in events]
    assert about == [
        ("buy", "v-2", "phone", "138"),
        ("request", "v-2", "phone", "138"),
        ("buy", "v-2", None, None),
        ("request", "v-2", None, None),
    ]
    assert [event.attributes.get("status") for event in events] == [None, 200, None, 500]


def test_own_tracker() -> None:
    """The setting may name a tracker that the project makes, and then takes no other key of one."""
    with Collector() as collector:
        run_shop(
            collector,
            """
    import shop
    from growingio_tracker import GrowingParamException, GrowingTracker
    shop.tracker = GrowingTracker.from_env()
    with override_settings(GROWINGIO={"tracker": "shop.tracker"}):
        assert get_tracker() is shop.tracker
    assert get_tracker() is not shop.tracker
    for wrong in ({"tracker": "shop.none"}, {"tracker": "shop.tracker", "strategy": "async"}):
        with override_settings(GROWINGIO=wrong):
            try:
                get_tracker()
            except GrowingParamException as error:
                assert "settings.GROWINGIO" in str(error), error
            else:
                raise AssertionError(wrong)
            """,
        )


@pytest.mark.parametrize("variable", ["GROWINGIO_STRATEGY", "GROWINGIO_QUEUE_MAX_EVENTS"])
def test_check(tmp_path: Path, variable: str) -> None:
    """``manage.py check`` names what is wrong in the settings, and where it stands."""
    with Collector() as collector:
        assert manage(tmp_path, collector, "check")[0] == 0
        code, printed = manage(tmp_path, collector, "check", **{variable: "wrong"})
    assert code == 1
    assert "growingio.E001" in printed
    assert variable in printed


@pytest.mark.parametrize(
    ("middleware", "warned"),
    [
        (["{ours}", "django.middleware.cache.UpdateCacheMiddleware"], None),
        (["django.middleware.security.SecurityMiddleware", "{ours}"], None),
        ([], "growingio.W001"),
        (["{ours}", "{ours}"], "growingio.W001"),
        (["django.middleware.cache.UpdateCacheMiddleware", "{ours}"], "growingio.W002"),
    ],
)
def test_j1_place_of_the_middleware(middleware: list[str], warned: str | None) -> None:
    """J1: the check says when the middleware is missing, there twice, or behind the cache."""
    ours = "growingio_tracker.integrations.django.GrowingIOMiddleware"
    with Collector() as collector:
        printed = run_shop(
            collector,
            """
    from django.core.checks import run_checks
    print([one.id for one in run_checks() if one.id.startswith("growingio")])
            """,
            MIDDLEWARE=[one.format(ours=ours) for one in middleware],
        )
    assert printed.strip() == str([warned] if warned else [])

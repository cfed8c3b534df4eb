"""docs/frameworks.md in two languages: its options, and its programs served to a new visitor."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Final

import pytest

from growingio_collector import Collector
from growingio_tracker.integrations.logging_handler import EventHandler
from growingio_tracker.integrations.request_binding import RequestOptions
from growingio_tracker.integrations.serverless import flush_before_return
from installed import Made, wanted_by
from pages import python_blocks
from tree import ROOT

PAGES = [ROOT / "docs" / name for name in ("frameworks.md", "frameworks.zh-CN.md")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_option_is_listed(page: Path) -> None:
    """Each page names every option of the middlewares, the handler and the decorator."""
    listed = set(re.findall(r"^\| `(\w+)`", page.read_text(encoding="utf-8"), re.MULTILINE))
    handler = [*inspect.signature(EventHandler).parameters][1:]
    decorator = [*inspect.signature(flush_before_return).parameters][1:]
    assert listed == {*RequestOptions.__annotations__, "user", *handler, *decorator}


SERVE: Final = """
import asyncio, io, sys

def by_wsgi(app, path):
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "SERVER_NAME": "shop", "SCRIPT_NAME": "",
               "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.url_scheme": "http",
               "wsgi.input": io.BytesIO(), "wsgi.errors": sys.stderr, "QUERY_STRING": ""}
    said = []
    answer = app(environ, lambda status, headers, *_: said.append((int(status[:3]), headers)))
    b"".join(answer)
    getattr(answer, "close", bool)()
    return said[0][0], [name.lower() for name, _ in said[0][1]]

def by_asgi(app, path):
    said = []
    bodies = [{"type": "http.request", "body": b"", "more_body": False}]
    async def receive(): return bodies.pop() if bodies else await asyncio.Event().wait()
    async def send(message): said.append(message)
    scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(),
             "root_path": "", "query_string": b"", "headers": [], "scheme": "http",
             "http_version": "1.1", "server": ("shop", 80), "client": ("127.0.0.1", 1),
             "asgi": {"version": "3.0"}}
    asyncio.run(app(scope, receive, send))
    return said[0]["status"], [name.decode().lower() for name, _ in said[0]["headers"]]
"""

DJANGO_PROJECT: Final = """
import sys, django, types
from django.conf import settings
settings.configure(INSTALLED_APPS=INSTALLED_APPS, MIDDLEWARE=MIDDLEWARE, GROWINGIO=GROWINGIO,
                   ROOT_URLCONF="urls", ALLOWED_HOSTS=["*"], SECRET_KEY="-")
django.setup()
"""

DJANGO_URLS: Final = """
from django.urls import path
sys.modules["urls"] = types.ModuleType("urls")
sys.modules["urls"].urlpatterns = [path("buy/<sku>", buy)]
"""

ANSWERS: Final = """
status, headers = {by}(app, "/buy/A-1")
assert status == 200, status
assert not {{"vary", "set-cookie"}} & set(headers), headers
tracker = {tracker}
assert tracker.stats().dropped == {{"about_nobody": 1}}, tracker.stats()
"""


def documented(page: Path, word: str) -> str:
    """Return the program on a page that has a word in it."""
    return next(block for block in python_blocks(page) if word in block)


def section(page: Path, framework: str) -> str:
    """Return the part of a page that is about a framework."""
    parts = re.split(r"^## ", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return next(part for part in parts if part.splitlines()[0].find(framework[:5]) >= 0)


def program(page: Path, framework: str) -> str:
    """Return the program of a framework, made complete, and a request of a new visitor."""
    if framework == "Flask":
        shop = documented(page, "Flask(")
        asked = ANSWERS.format(by="by_wsgi", tracker='app.extensions["growingio"]')
    elif framework == "FastAPI":
        shop = documented(page, "FastAPI(")
        asked = ANSWERS.format(by="by_asgi", tracker="tracker")
    elif framework == "WSGI":
        shop = documented(page, "def shop(")
        asked = ANSWERS.format(by="by_wsgi", tracker="tracker")
    else:
        views = documented(page, "HttpResponse") + DJANGO_URLS
        shop = documented(page, "MIDDLEWARE = [") + DJANGO_PROJECT + views
        server = "asgi" if framework == "Django by ASGI" else "wsgi"
        shop += f"from django.core.{server} import get_{server}_application\n"
        shop += f"app = get_{server}_application()\n"
        asked = ANSWERS.format(by=f"by_{server}", tracker="get_tracker()")
    return shop + SERVE + asked


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
@pytest.mark.parametrize("framework", ["Django", "Django by ASGI", "Flask", "FastAPI", "WSGI"])
def test_j1_new_visitor(tmp_path: Path, page: Path, framework: str, made: Made) -> None:
    """J1: what is documented answers a visitor without cookie and login as it would without us.

    Only what the framework's part of the page says is installed.
    """
    environment = made(wanted_by(section(page, framework)))
    with Collector() as collector:
        path = tmp_path / "program.py"
        text = program(page, framework).replace("<server_host>", collector.url)
        path.write_text(text, encoding="utf-8")
        environment.run_well(
            path,
            GROWINGIO_PRODUCT_ID="project",
            GROWINGIO_DATA_SOURCE_ID="source",
            GROWINGIO_SERVER_HOST=collector.url,
        )
        assert collector.totals().events == 0

"""The programs under examples/, started as a user starts them."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, NamedTuple

import urllib3

from delivering.programs import Program
from delivering.waiting import DEADLINE_S
from growingio_collector import Collector, Event

EXAMPLES: Final = Path(__file__).parents[3] / "examples"
DJANGO: Final = EXAMPLES / "django_shop"


class Visit(NamedTuple):
    """One request, and who makes it; ``None`` sends no cookie, and no user."""

    path: str
    visitor: str | None
    user: str | None = None


def search_path(folder: Path) -> str:
    """Return where a program looks for modules: first in ``folder``, then where this one does."""
    return os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])


def environment(collector: Collector, home: Path = EXAMPLES) -> dict[str, str]:
    """Return the variables with which a program in ``home`` tracks to ``collector``.

    Nothing leaves before it ends: what arrives has been delivered at the end.
    """
    return {
        "PYTHONPATH": search_path(home),
        "GROWINGIO_PRODUCT_ID": "project",
        "GROWINGIO_DATA_SOURCE_ID": "source",
        "GROWINGIO_SERVER_HOST": collector.url,
        "GROWINGIO_FLUSH_AFTER": "3600",
    }


def gunicorn(folder: Path, app: str, collector: Collector, home: Path = EXAMPLES) -> Program:
    """Start a WSGI application in two threads."""
    command = ["gunicorn", "--bind", "127.0.0.1:0", "--threads", "2", app]
    return Program(folder, *command, HOME=str(folder), **environment(collector, home))


def uvicorn(folder: Path, app: str, collector: Collector, home: Path = EXAMPLES) -> Program:
    """Start an ASGI application."""
    return Program(folder, "uvicorn", "--port", "0", app, **environment(collector, home))


def visit(address: str, one: Visit) -> int:
    """Make a request, and return the status of the answer."""
    headers = {"connection": "close"}
    if one.visitor is not None:
        headers["cookie"] = f"other=1; visitor={one.visitor}"
    if one.user is not None:
        headers["x-user"] = one.user
    url = f"{address}/{one.path}"
    answer = urllib3.request("GET", url, headers=headers, timeout=DEADLINE_S, retries=False)
    return answer.status


def visit_at_once(address: str, visits: list[Visit]) -> list[int]:
    """Make the requests, six at a time, and return their statuses."""
    with ThreadPoolExecutor(6) as threads:
        return list(threads.map(lambda one: visit(address, one), visits))


def subjects(events: list[Event]) -> dict[object, tuple[str | None, str | None]]:
    """Return anonymous id and user id of each event by its attribute ``sku``."""
    return {event.attributes["sku"]: (event.device_id, event.user_id) for event in events}

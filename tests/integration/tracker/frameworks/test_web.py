"""The web examples: whom events are about when requests are served at once."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from delivering.examples import Visit, gunicorn, subjects, uvicorn, visit, visit_at_once
from delivering.programs import Program
from growingio_collector import Collector

UNIX_ONLY = pytest.mark.skipif(not hasattr(os, "fork"), reason="not here: no gunicorn")


class Case(NamedTuple):
    """One example, its server, and the first parts of the paths that sell."""

    serve: Callable[[Path, str, Collector], Program]
    app: str
    ways: tuple[str, ...]


CASES = [
    pytest.param(Case(gunicorn, "wsgi_app:app", ("buy", "stream")), id="WSGI", marks=UNIX_ONLY),
    pytest.param(Case(gunicorn, "flask_app:app", ("buy", "stream")), id="Flask", marks=UNIX_ONLY),
    pytest.param(Case(uvicorn, "starlette_app:app", ("buy", "later", "stream")), id="Starlette"),
    pytest.param(Case(uvicorn, "fastapi_app:app", ("buy", "thread")), id="FastAPI"),
    pytest.param(Case(uvicorn, "litestar_app:app", ("buy", "thread")), id="Litestar"),
]


@pytest.mark.parametrize("case", CASES)
def test_identities(tmp_path: Path, case: Case) -> None:
    """Requests at once, failed ones too, leave events about themselves, and nobody behind."""
    visits = [
        Visit(f"{way}/{way}-{n}", f"v-{way}-{n}", f"u-{n}" if n % 2 else None)
        for n in range(6)
        for way in (*case.ways, "fail")
    ]
    with Collector() as collector:
        with case.serve(tmp_path, case.app, collector) as program:
            statuses = visit_at_once(program.address, visits)
            # Who failed has left nothing behind in the threads that serve.
            nobody = [Visit(f"{way}/nobody", None) for way in case.ways for _ in range(2)]
            assert visit_at_once(program.address, nobody) == [200] * len(nobody), program.log
            after = [Visit(f"buy/after-{n}", f"a-{n}") for n in range(4)]
            statuses += visit_at_once(program.address, after)
            assert collector.totals().events == 0, program.log
            program.stop()
            log = program.log
        events = collector.wait(len(visits) + 4, timeout=0, name="buy")
    ok = [500 if one.path.startswith("fail") else 200 for one in visits] + [200] * 4
    assert statuses == ok, log
    expected = {one.path.partition("/")[2]: (one.visitor, one.user) for one in visits}
    expected |= {f"after-{n}": (f"a-{n}", None) for n in range(4)}
    assert subjects(events) == expected


@pytest.mark.parametrize("case", [one for one in CASES if one.id in ("WSGI", "Starlette")])
def test_requests_are_tracked_if_asked(tmp_path: Path, case: Case) -> None:
    """With track_requests each request is an event, failed ones too, and those about nobody."""
    unusable = [None, "", "x" * 257, "a\tb", "\u00e9"]
    with Collector() as collector:
        with case.serve(tmp_path, case.app, collector) as program:
            for way in ("buy", "stream", "fail"):
                visit(program.address, Visit(f"{way}/A", "v-1", "u-1"))
            for visitor in unusable:
                visit(program.address, Visit("buy/A", visitor))
            program.stop()
        requests = collector.wait(3 + len(unusable), timeout=0, name="request")
        sold = collector.wait(3, timeout=0, name="buy")
    assert [(event.device_id, event.user_id) for event in sold] == [("v-1", "u-1")] * 3
    assert [(event.device_id, event.user_id, event.user_key) for event in requests] == [
        *[("v-1", "u-1", None)] * 3,
        *[(None, None, "$notuser")] * len(unusable),
    ]
    seen = [
        (event.attributes["method"], event.attributes["path"], event.attributes["status"])
        for event in requests[:4]
    ]
    others = ("GET", "/fail/A", 500), ("GET", "/buy/A", 200)
    assert seen == [("GET", "/buy/A", 200), ("GET", "/stream/A", 200), *others]
    assert all(0 <= event.attributes["duration_ms"] < 20_000 for event in requests)

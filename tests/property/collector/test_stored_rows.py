"""Whatever a stored row holds, the collector shows it and goes on."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drawing import examples
from growingio_cli.diff import profile
from growingio_collector.plan.draft import draft
from growingio_collector.plan.report import make_report
from growingio_collector.plan.report_formats import REPORTS
from growingio_collector.store.exporting import FORMATS
from growingio_collector.store.filter import Filter
from growingio_collector.store.reading import find_events, find_requests
from growingio_collector.store.rows import show_event, show_request
from growingio_collector.store.summary import identities, problems, properties, summary
from growingio_collector.terminal import json_line, line
from growingio_wire.plan import Plan
from kept_run import custom, item, keep

NUMBERS = st.sampled_from(["1.0", "1e2", "1e999", "9" * 4301, "-" + "9" * 30, "9007199254740993"])
SCALARS = (
    NUMBERS
    | st.sampled_from(["null", "true", '""', '"\\ud83d\\ude00"', '"\\u0000"'])
    | st.text(max_size=5).map(json.dumps)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda parts: f"[{','.join(parts)}]")
        | st.dictionaries(st.text(max_size=3).map(json.dumps), inner, max_size=3).map(
            lambda members: "{" + ",".join(f"{key}:{one}" for key, one in members.items()) + "}"
        )
    ),
    max_leaves=6,
)
MESSAGES = VALUES.map(lambda value: f'{{"attributes":{value},"identifies":{value},"id":{value}}}')
DAMAGED = st.sampled_from(
    ["", "{", "nul", "[" * 3000, '{"a":' * 2000, "\x00", '{"attributes":{"a":']
)
TEXTS = MESSAGES | VALUES | DAMAGED | st.text(max_size=20)
PLAN = Plan(events={}, items={})


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store with one event, one item and an issue."""
    path = tmp_path_factory.mktemp("stored") / "a.db"
    return keep(path, custom("pay", {"a": None}), items=(item("goods"),))


def _damage(path: Path, **columns: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE event SET json = ?", (columns["json"],))
        connection.execute("UPDATE problem SET details = ?", (columns["details"],))
        connection.execute(
            "UPDATE request SET headers = ?, steps = ?, reason = ?",
            (columns["headers"], columns["steps"], columns["reason"]),
        )


def _everything(path: Path) -> Iterator[bytes]:
    for event in find_events(path):
        assert line(event).isprintable()
        assert "\n" not in json_line(event)
        json.loads(json_line(event), parse_int=str)
        assert event.attributes is not None
        yield msgspec.json.encode(show_event(event))
    for request in find_requests(path):
        yield msgspec.json.encode(show_request(request))
    for format_, (written, _) in FORMATS.items():
        content = b"".join(written(path, Filter()))
        yield content if format_ == "requests" else b"null"
    for report in REPORTS.values():
        assert report(make_report(path, PLAN))
    for counted in (summary, problems, properties, identities):
        yield msgspec.json.encode(counted(path))
    profile(path)
    draft(path)


@given(json=TEXTS, details=TEXTS, headers=TEXTS, steps=TEXTS, reason=TEXTS)
@settings(
    max_examples=examples(200),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_row(place: Path, **columns: str) -> None:
    """A row with any texts is listed, exported, counted and compared, and what is shown is JSON."""
    _damage(place, **columns)
    for shown in _everything(place):
        msgspec.json.decode(shown, type=msgspec.Raw)


@given(json=TEXTS, key=st.sampled_from(["a", ""]), wanted=TEXTS)
@settings(max_examples=examples(200), deadline=None)
def test_any_filter(place: Path, json: str, key: str, wanted: str) -> None:
    """Any text can be asked for in any row."""
    _damage(place, json=json, details="{}", headers="[]", steps="[]", reason="")
    find_events(place, Filter(attributes=((key, wanted),)))
    find_events(place, Filter(q=wanted))


@given(VALUES)
def test_values_come_back_as_written(place: Path, value: str) -> None:
    """What is shown of a message is, byte for byte, what was stored."""
    _damage(place, json=value, details="{}", headers="[]", steps="[]", reason="")
    for event in find_events(place):
        assert bytes(event.raw) == value.encode()

"""The running counts."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from growingio_collector.rules.bodies import EMPTY_BODY
from growingio_collector.rules.checked import CheckedMessage, unreadable
from growingio_collector.rules.history import History, SeenType
from growingio_collector.store.received import count, counts_of, seen_types
from growingio_collector.store.schema import open_store, reading
from growingio_wire.table import Kind
from judging import NOW_MS, arrival, good_event, judge

LATER_US = NOW_MS * 1000 + 5_000_000


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Name a database."""
    return tmp_path / "a.db"


@pytest.fixture
def connection(place: Path) -> Iterator[sqlite3.Connection]:
    """Open a store for writing."""
    with closing(open_store(place, temporary=True)) as opened:
        yield opened


def _count(
    connection: sqlite3.Connection,
    *messages: CheckedMessage,
    client: str | None = None,
    us: int = 0,
) -> None:
    with connection:
        count(connection, counts_of(messages, client, us or NOW_MS * 1000))


def _rows(place: Path, table: str) -> set[tuple[object, ...]]:
    with reading(place) as connection:
        return {tuple(row) for row in connection.execute(f"SELECT * FROM {table}")}


def test_events(connection: sqlite3.Connection, place: Path) -> None:
    """Events are counted by kind, name, client and verdict, with the first and last time."""
    history = History()
    pay = [good_event(userId=f"u{number}") for number in range(3)]
    _count(connection, *judge(*pay, good_event(timestamp=...), history=history), client="PHP")
    more = judge(good_event(userId="u9"), came=arrival(5), history=history)
    _count(connection, *more, client="PHP", us=LATER_US)
    _count(connection, *more, us=LATER_US)
    first = NOW_MS * 1000
    assert _rows(place, "counter") == {
        ("event", "pay", "PHP", "ok", 4, first, LATER_US),
        ("event", "pay", "PHP", "bad", 1, first, first),
        ("event", "pay", "", "ok", 1, LATER_US, LATER_US),
    }


def test_names(connection: sqlite3.Connection, place: Path) -> None:
    """Without a name the type is counted, items by their key, and long names by their beginning."""
    _count(
        connection,
        *judge(good_event(eventType="VISIT", eventName=...)),
        *judge({"id": "1", "key": "goods"}, kind=Kind.ITEM),
        *judge({"identifies": {"phone": "1"}}, kind=Kind.MAPPING),
        *judge(good_event(eventName="n" * 300)),
        *judge(good_event(eventName="n" * 200 + "m")),
        unreadable(EMPTY_BODY.issue()),
    )
    assert {(row[0], row[1], row[3], row[4]) for row in _rows(place, "counter")} == {
        ("event", "VISIT", "ok", 1),
        ("item", "goods", "ok", 1),
        ("mapping", "", "ok", 1),
        ("event", "n" * 200, "warn", 2),
        ("request", "", "bad", 1),
    }


def test_properties(connection: sqlite3.Connection, place: Path) -> None:
    """Each property is counted by its type and client, and is read back for the next run."""
    events = [good_event(attributes={"qty": value, "sku": "A"}) for value in (1, 2.5, "3")]
    _count(connection, *judge(*events), client="PHP")
    _count(connection, *judge(events[0]), client="PHP")
    assert _rows(place, "property") == {
        ("event", "pay", "qty", "PHP", "number", 3),
        ("event", "pay", "qty", "PHP", "string", 1),
        ("event", "pay", "sku", "PHP", "string", 4),
    }
    assert set(seen_types(place)) == {
        SeenType("event", "pay", "qty", "PHP", "number"),
        SeenType("event", "pay", "qty", "PHP", "string"),
        SeenType("event", "pay", "sku", "PHP", "string"),
    }

"""How the store stays small."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from growingio_collector.rules.checked import CheckedMessage
from growingio_collector.rules.identities import NOBODY
from growingio_collector.store import EventStore
from growingio_collector.store.pruning import Keep
from growingio_collector.store.reading import find_events, find_requests
from growingio_collector.store.received import Received
from growingio_collector.store.schema import pack, unpack


def _received(events: int, body: bytes = b"") -> Received:
    message = CheckedMessage("event", "CUSTOM", "a", text="{}", issues=(NOBODY.issue(),))
    return Received(1, "POST", "/x", [], body, 204, [], None, "p", [message] * events)


def _rows(path: Path, table: str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        count: int = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    return count


def test_newest_are_kept(tmp_path: Path) -> None:
    """Only the newest events stay, with their problems and the requests that hold one of them."""
    with closing(EventStore(tmp_path / "a.db", keep=Keep(max_events=5))) as store:
        for _ in range(10):
            store.add(_received(3))
        assert [event.id for event in find_events(store.path)] == [26, 27, 28, 29, 30]
        assert [request.id for request in find_requests(store.path)] == [9, 10]
        assert _rows(store.path, "problem") == 5


def test_requests_without_events(tmp_path: Path) -> None:
    """Requests that hold no event are bounded by the same number."""
    with closing(EventStore(tmp_path / "a.db", keep=Keep(max_events=5))) as store:
        store.add(_received(1))
        for _ in range(20):
            store.add(_received(0))
        assert [request.id for request in find_requests(store.path)] == [17, 18, 19, 20, 21]
        assert find_events(store.path) == []


def test_larger_bounds_are_kept_roughly(tmp_path: Path) -> None:
    """At no time more than a twentieth too much is there, and never too little."""
    with closing(EventStore(tmp_path / "a.db", keep=Keep(max_events=100))) as store:
        for number in range(1, 60):
            store.add(_received(7))
            count = _rows(store.path, "event")
            assert min(100, 7 * number) <= count <= 105


@pytest.mark.parametrize("keep", [Keep(max_events=100), Keep(None, max_age_s=1e-6)])
def test_very_many(keep: Keep, tmp_path: Path) -> None:
    """No transaction removes more than a thousand events, or a quarter of what is too much."""
    with closing(EventStore(tmp_path / "a.db", keep=keep)) as store:
        store.add(_received(3000))
        counts = [_rows(store.path, "event")]
        while store.is_untidy:
            store.tidy()
            counts.append(_rows(store.path, "event"))
        assert counts == ([2000, 1000, 100] if keep.max_events else [2000, 1000, 0])
        assert [one.id for one in find_events(store.path)] == list(range(2901, 3001))[
            : 0 if keep.max_events is None else None
        ]


@pytest.mark.parametrize("age_s", [1e15, float("inf")])
def test_any_age(tmp_path: Path, age_s: float) -> None:
    """An age from before 1970 removes nothing."""
    with closing(EventStore(tmp_path / "a.db", keep=Keep(None, age_s))) as store:
        store.add(_received(1))
        assert _rows(store.path, "event") == 1


@pytest.mark.parametrize("keep", [Keep(None, None), Keep(0, 0)])
def test_no_bound(tmp_path: Path, keep: Keep) -> None:
    """None and 0 keep everything."""
    with closing(EventStore(tmp_path / "a.db", keep=keep)) as store:
        store.add(_received(30))
        store.add(_received(0))
        assert len(find_events(store.path)) == 30


def test_age(tmp_path: Path) -> None:
    """What was stored too long ago goes when something comes; what came since stays."""
    path = tmp_path / "a.db"
    with closing(EventStore(path)) as store:
        store.add(_received(2))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE request SET stored_us = stored_us - 3600000000")
    with closing(EventStore(path, keep=Keep(max_age_s=3599))) as store:
        store.add(_received(1))
        assert [event.id for event in find_events(path)] == [3]
        assert [request.id for request in find_requests(path)] == [2]


def test_waiting_to_be_forwarded(tmp_path: Path) -> None:
    """A request that still waits to be forwarded outlives its events."""
    path = tmp_path / "a.db"
    with closing(EventStore(path, keep=Keep(max_events=2))) as store:
        store.add(_received(1, b"kept"))
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(
                "INSERT INTO forward VALUES (1, 'waiting', 0, 0, 0, NULL, NULL, NULL, NULL)"
            )
        for _ in range(5):
            store.add(_received(1))
        assert [request.body for request in find_requests(path)] == [b"kept", b"", b""]


@pytest.mark.parametrize("body", [b"", b"a" * 1000, b"a" * 100_000, bytes(range(256)) * 4])
def test_bodies(tmp_path: Path, body: bytes) -> None:
    """Every body is read back as it came; long ones take less room."""
    stored, packed = pack(body)
    assert unpack(stored, packed) == body
    assert len(stored) <= len(body)
    with closing(EventStore(tmp_path / "a.db")) as store:
        store.add(_received(0, body))
        assert find_requests(store.path)[0].body == body

"""The store."""

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from growingio_collector.rules.checked import CheckedMessage
from growingio_collector.rules.identities import NOBODY, USER_ID_NOT_TEXT
from growingio_collector.rules.issue import Issue
from growingio_collector.store import EventStore
from growingio_collector.store.filter import Filter
from growingio_collector.store.reading import count_all, find_events, find_requests
from growingio_collector.store.received import Received
from growingio_collector.store.rows import Step, Totals
from growingio_tracker.exceptions import GrowingParamException


def _received(*messages: CheckedMessage) -> Received:
    return Received(
        received_us=1_700_000_000_123_456,
        method="POST",
        target="/x?stm=1",
        headers=[("b", "1"), ("a", "2"), ("b", "3")],
        body=b"\x00\xff",
        answered=204,
        steps=[Step("json", "1 message")],
        reason=None,
        project="p1",
        messages=messages,
    )


def _named(name: str, user: str = "u1", *issues: Issue) -> CheckedMessage:
    return CheckedMessage("event", "CUSTOM", name, user_id=user, text="{}", issues=issues)


def test_request_as_it_came(tmp_path: Path) -> None:
    """A request is read back with its headers in order and its body byte for byte."""
    with closing(EventStore(tmp_path / "a.db")) as store:
        store.add(_received())
        [request] = find_requests(store.path)
    assert request.headers == (("b", "1"), ("a", "2"), ("b", "3"))
    assert (request.body, request.received_ms, request.answered) == (
        b"\x00\xff",
        1_700_000_000_123,
        204,
    )
    assert request.steps == (Step("json", "1 message"),)


def test_filters_and_order(tmp_path: Path) -> None:
    """Filters combine, a limit keeps the newest when asked, and order follows arrival."""
    with closing(EventStore(tmp_path / "a.db")) as store:
        store.add(_received(_named("a"), _named("b", "u2"), _named("a", "u2")))
        store.add(_received(_named("a")))
        path = store.path
        assert [event.id for event in find_events(path)] == [1, 2, 3, 4]
        assert [event.id for event in find_events(path, Filter(name="a"))] == [1, 3, 4]
        assert [event.id for event in find_events(path, Filter(name="a", user="u2"))] == [3]
        assert [event.id for event in find_events(path, limit=2, newest=True)] == [4, 3]
        assert [event.id for event in find_events(path, after=2, limit=1)] == [3]


def test_issues_stay_with_their_event(tmp_path: Path) -> None:
    """Each event has its own issues in their order, and totals count verdicts."""
    first, second = NOBODY.issue(not_user="$notuser"), USER_ID_NOT_TEXT.issue("userId", n=1)
    with closing(EventStore(tmp_path / "a.db")) as store:
        store.add(_received(_named("1", "u", first, second), _named("2"), _named("3", "u", second)))
        events = find_events(store.path)
        totals = count_all(store.path)
    assert [event.issues for event in events] == [(first, second), (), (second,)]
    assert [event.verdict for event in events] == ["bad", "ok", "warn"]
    assert totals == Totals(requests=1, ok=1, warn=1, bad=1)


def test_failed_request_leaves_nothing(tmp_path: Path) -> None:
    """When one event cannot be stored, nothing of its request is, and the next one is."""
    with closing(EventStore(tmp_path / "a.db")) as store:
        impossible = msgspec.structs.replace(_named("a"), timestamp=2**70)
        with pytest.raises(OverflowError):
            store.add(_received(_named("b"), impossible))
        store.add(_received(_named("c")))
        assert [event.name for event in find_events(store.path)] == ["c"]
        assert count_all(store.path).requests == 1


def test_clear_keeps_counting(tmp_path: Path) -> None:
    """Clearing removes everything and says how much; ids are not used again."""
    with closing(EventStore(tmp_path / "a.db")) as store:
        store.add(_received(_named("a", "u", NOBODY.issue()), _named("b")))
        assert store.clear() == 2
        store.add(_received(_named("c")))
        [event] = find_events(store.path)
        assert (event.id, event.issues) == (3, ())
        assert count_all(store.path).requests == 1


def test_listeners(tmp_path: Path) -> None:
    """A listener is called after each change while its block lasts, and then no more."""
    calls: list[int] = []
    with closing(EventStore(tmp_path / "a.db")) as store:
        with store.listening(lambda: calls.append(len(find_events(store.path)))):
            store.add(_received(_named("a")))
        store.add(_received(_named("b")))
    assert calls == [1]


def test_reopened(tmp_path: Path) -> None:
    """A file opened again still has its events, and goes on counting after them."""
    for name in ("a", "b"):
        with closing(EventStore(tmp_path / "a.db")) as store:
            store.add(_received(_named(name)))
    assert [(event.id, event.name) for event in find_events(tmp_path / "a.db")] == [
        (1, "a"),
        (2, "b"),
    ]


def test_two_writers(tmp_path: Path) -> None:
    """Two collectors on one file both store, with ids of their own."""
    path = tmp_path / "a.db"
    with closing(EventStore(path)) as first, closing(EventStore(path)) as second:
        for store in (first, second, first):
            store.add(_received(_named("a"), _named("b")))
    assert [event.id for event in find_events(path)] == [1, 2, 3, 4, 5, 6]
    assert [request.id for request in find_requests(path)] == [1, 2, 3]


def test_newer_schema(tmp_path: Path) -> None:
    """A file of a newer release is refused and left alone."""
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(GrowingParamException, match="newer release"):
        EventStore(path)


@pytest.mark.parametrize("content", [b"not a database, but long enough to be looked at" * 100])
def test_not_a_database(tmp_path: Path, content: bytes) -> None:
    """A file that is no database is refused and left alone."""
    path = tmp_path / "a.db"
    path.write_bytes(content)
    with pytest.raises(GrowingParamException, match=r"a\.db cannot be used"):
        EventStore(path)
    assert path.read_bytes() == content


def test_foreign_database(tmp_path: Path) -> None:
    """A database of another program is refused and gets no tables of ours."""
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE event (a)")
    with pytest.raises(GrowingParamException, match="another program"):
        EventStore(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("event",)]


def test_missing_folder(tmp_path: Path) -> None:
    """A file in a folder that does not exist is refused with its name."""
    with pytest.raises(GrowingParamException, match="missing"):
        EventStore(tmp_path / "missing" / "a.db")


@pytest.mark.parametrize("count", [0, 1, 19, 20, 21, 45])
def test_rows_in_order(tmp_path: Path, count: int) -> None:
    """However many events a request has, each is one row with its own values, in their order."""
    names = [f"e{number}" for number in range(count)]
    with closing(EventStore(tmp_path / "a.db")) as store:
        store.add(_received(_named("before")))
        store.add(_received(*(_named(name, f"user of {name}") for name in names)))
        _, *events = find_events(store.path)
    assert [event.id for event in events] == list(range(2, 2 + count))
    assert [(event.name, event.user_id) for event in events] == [
        (name, f"user of {name}") for name in names
    ]
    assert {(event.request_id, event.project, event.client) for event in events} <= {
        (2, "p1", None)
    }

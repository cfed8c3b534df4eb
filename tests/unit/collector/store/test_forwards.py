"""The table of what is forwarded."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from growingio_collector.store import EventStore
from growingio_collector.store.forwards import (
    State,
    UpstreamAnswer,
    count_states,
    forwards_of,
    next_in_line,
    now_us,
    queue_again,
    resume,
    settle,
)
from growingio_collector.store.received import Received
from growingio_collector.store.schema import UNFORWARDED, reading

HOUR_US = 3_600_000_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EventStore]:
    with closing(EventStore(tmp_path / "a.db")) as opened:
        yield opened


def _add(store: EventStore, state: State | None = State.WAITING) -> int:
    forward = state.value if state else None
    return store.add(
        Received(now_us(), "POST", "/", [], b"", 204, [], None, "p", [], forward=forward)
    )


def _next(store: EventStore) -> tuple[int, bool] | None:
    waiting = next_in_line(store.path)
    return (waiting.request_id, waiting.pause_s > 0) if waiting else None


def test_oldest_first(store: EventStore) -> None:
    """The oldest that waits is next, and what is in any other state is not."""
    for state in (None, State.HELD, State.SENDING, State.DONE, State.FAILED):
        _add(store, state)
    assert _next(store) is None
    assert [_add(store), _add(store)] == [6, 7]
    assert _next(store) == (6, False)


def test_in_line(store: EventStore) -> None:
    """One that is to be tried again holds up the others until it was tried eight times."""
    first, second = _add(store), _add(store)
    for _ in range(7):
        settle(store, first, State.WAITING, UpstreamAnswer(503), next_us=now_us() + HOUR_US)
        assert _next(store) == (first, True)
    settle(store, first, State.WAITING, UpstreamAnswer(503), next_us=now_us() + HOUR_US)
    assert _next(store) == (second, False)
    settle(store, second, State.DONE, UpstreamAnswer(204))
    assert _next(store) == (first, True)


def test_again(store: EventStore) -> None:
    """All that failed, or those that are named, wait anew; what waits already is left alone."""
    failed, waiting, done, fresh = (
        _add(store, state) for state in (State.FAILED, State.WAITING, State.DONE, None)
    )
    settle(store, failed, State.FAILED, UpstreamAnswer(400, b"no"))
    settle(store, waiting, State.WAITING, UpstreamAnswer(503))
    assert queue_again(store, None) == 1
    assert queue_again(store, [waiting, done, fresh, 99]) == 2
    tries = {id_: one["tries"] for id_, one in forwards_of(store.path, range(100)).items()}
    assert tries == {failed: 0, waiting: 1, done: 0, fresh: 0}
    assert count_states(store.path)["waiting"] == 4


def test_settle(store: EventStore) -> None:
    """The outcome of a request that was not to be forwarded is kept; a removed one stays so."""
    settle(store, _add(store, None), State.DONE, UpstreamAnswer(200, b"x" * 2000))
    settle(store, 99, State.DONE, UpstreamAnswer(200))
    [only] = forwards_of(store.path, range(100)).values()
    assert (only["state"], only["tries"], only["status"]) == ("done", 1, 200)
    assert only["answer"] == "x" * 1024


def test_resume(store: EventStore) -> None:
    """What a collector was sending when it died waits again."""
    _add(store, State.SENDING)
    resume(store)
    assert _next(store) == (1, False)


def test_unforwarded(store: EventStore) -> None:
    """What waits or is being sent must be kept, and nothing else."""
    for state in (None, *State):
        _add(store, state)
    with reading(store.path) as connection:
        kept = {row[0] for row in connection.execute(UNFORWARDED)}
    assert kept == {2, 3}


def test_many(store: EventStore) -> None:
    """More requests than SQLite takes values are found."""
    _add(store, State.HELD)
    assert list(forwards_of(store.path, range(3000, 0, -1))) == [1]

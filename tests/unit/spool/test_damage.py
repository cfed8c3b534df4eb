"""G2: files that cannot be read, and disks that do not take anything."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delivering.queues import DELIVERED, REJECTED
from delivering.rig import assert_balanced
from delivering.spools import Process, files
from growingio_tracker.delivery.spool.dead_letters import DeadLetters
from growingio_tracker.delivery.spool.store import Store
from growingio_tracker.exceptions import SpoolError
from growingio_tracker.wire import Kind

Start = Callable[..., Process]
NAMES = [f"event-{number:04}" for number in range(600)]


def _leave(start: Start, names: list[str] = NAMES) -> Path:
    """Let a process leave a file with events of these names; return it."""
    process = start()
    process.offer(*names)
    process.end()
    [path] = process.spool.directory.glob("*.spool")
    return path


def _overwrite_middle(path: Path) -> None:
    """Destroy a page behind those that describe the tables, and before the last."""
    pages = path.stat().st_size // 4096
    with path.open("r+b") as file:
        file.seek(pages * 2 // 3 * 4096)
        file.write(b"\xff" * 4096)


def test_g2_a_file_that_is_none_of_ours(start: Start, tmp_path: Path) -> None:
    """A file full of something else is set aside and told of, and events go on."""
    path = _leave(start)
    path.write_bytes(b"not a database, however long one looks at it " * 200)
    process = start()
    process.offer("new")
    assert process.deliver_all() == ["new"]
    assert process.reasons == ["spool_damaged"]
    assert files(tmp_path) == ["spool", "spool-wal", "spool.damaged"]


def test_g2_damage_in_the_middle(start: Start, tmp_path: Path) -> None:
    """When a part of a file is destroyed, everything before it and behind it is delivered.

    What lay in the part is counted as lost, and the file is kept for people to look at.
    """
    path = _leave(start)
    _overwrite_middle(path)
    process = start()
    process.queue.request_flush()
    delivered = process.deliver_all()
    assert delivered == sorted(delivered)
    assert (delivered[0], delivered[-1]) == (NAMES[0], NAMES[-1])
    [problem] = process.problems
    assert (problem.reason, problem.events) == ("spool_damaged", len(NAMES) - len(delivered))
    assert 0 < problem.events < 200
    assert "spool.damaged" in files(tmp_path)


def test_g2_a_damaged_end(start: Start) -> None:
    """When the end of a file is cut off, everything before it is delivered."""
    path = _leave(start)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 3 * 4096)
    process = start()
    process.queue.request_flush()
    delivered = process.deliver_all()
    assert len(delivered) > 300
    assert delivered == NAMES[: len(delivered)]
    assert process.reasons == ["spool_damaged"]


def test_g2_damage_spares_what_was_delivered(start: Start) -> None:
    """What was delivered of a file before it was damaged is not sent again."""
    path = _leave(start)
    process = start()
    process.queue.request_flush()
    batch = process.queue.take(wait=False)
    assert batch is not None
    process.queue.settle(batch, DELIVERED)
    process.end()
    _overwrite_middle(path)
    second = start()
    second.queue.request_flush()
    delivered = second.deliver_all()
    assert (delivered[0], delivered[-1]) == (NAMES[len(batch)], NAMES[-1])
    assert second.reasons == ["spool_damaged"]


def test_g2_damage_while_in_use(start: Start) -> None:
    """A file that becomes unreadable while it is in use is replaced, and nothing is fatal."""
    process = start()
    process.offer(*NAMES)
    [store] = process.queue._holdings._stores.values()
    store._run("PRAGMA wal_checkpoint(TRUNCATE)")
    _overwrite_middle(store.path)
    store._run("PRAGMA shrink_memory")
    delivered = []
    for _ in range(3):
        delivered += process.deliver_all()
        process.offer("later")
        process.look_again()
    assert set(delivered) >= {NAMES[0], NAMES[-1], "later"}
    assert process.reasons == ["spool_damaged"]
    assert 400 < len(set(delivered)) < len(NAMES)
    assert process.ledger.pending == 1, "the last one"
    assert_balanced(process.ledger)


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(cut=st.integers(1, 60_000))
def test_g2_a_torn_log(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    """However much of the log's end is torn off, what is before it is delivered, in order."""
    directory = tmp_path_factory.mktemp("spool")
    first = Process(directory)
    first.offer(*NAMES[:30])
    [store] = first.queue._holdings._stores.values()
    log = Path(f"{store.path}-wal").read_bytes()
    database = store.path.read_bytes()
    first.deliver_all()
    first.end()
    store.path.write_bytes(database)
    Path(f"{store.path}-wal").write_bytes(log[:-cut])
    second = Process(directory)
    second.offer("new")
    delivered = second.deliver_all()
    second.end()
    assert delivered[-1] == "new"
    assert delivered[:-1] == NAMES[: len(delivered) - 1]


class FullDisk:
    """Takes nothing while it is full."""

    def __init__(self, store: Store) -> None:
        self.full = True
        self._cursor = store._cursor
        self.close = store._cursor.close
        store._cursor = self  # type: ignore[assignment]

    def execute(self, statement: str, parameters: tuple[object, ...]) -> sqlite3.Cursor:
        if self.full and not statement.startswith("SELECT"):
            raise sqlite3.OperationalError("database or disk is full")
        return self._cursor.execute(statement, parameters)


def _fill_disk(process: Process) -> FullDisk:
    [store] = process.queue._holdings._stores.values()
    return FullDisk(store)


def test_g2_full_disk(start: Start) -> None:
    """A full disk is a SpoolError at the call, counted; the events already there are safe."""
    process = start()
    process.offer("a", "b")
    disk = _fill_disk(process)
    with pytest.raises(SpoolError, match=r"disk is full.*already there are safe"):
        process.offer("c")
    disk.full = False
    process.offer("d")
    assert process.deliver_all() == ["a", "b", "d"]
    assert process.ledger.stats().dropped == {"spool_error": 1}
    assert_balanced(process.ledger)


def test_g2_delivered_on_a_full_disk(start: Start) -> None:
    """What was delivered while the disk was full is not sent again, and goes when it can."""
    process = start()
    process.offer("a", "b")
    disk = _fill_disk(process)
    assert process.deliver_all() == ["a", "b"]
    disk.full = False
    process.offer("c")
    assert process.deliver_all() == ["c"]
    process.end()
    assert files(process.spool.directory) == []


def test_g2_adopted_and_delivered_on_a_full_disk(start: Start) -> None:
    """A dead process's file is kept until its delivered events can be removed, and then goes."""
    _leave(start, ["a", "b"])
    process = start()
    process.queue.request_flush()
    disk = _fill_disk(process)
    assert process.deliver_all() == ["a", "b"]
    other = start()
    other.queue.request_flush()
    assert other.deliver_all() == []
    disk.full = False
    process.look_again()
    assert process.deliver_all() == []
    assert files(process.spool.directory) == []


def test_g2_rejected_on_a_full_disk(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rejected event that cannot become a dead letter stays, and its neighbours go."""
    process = start()
    process.offer("a", "b", "c")
    bury = DeadLetters.bury

    def fail(*_: object) -> int:
        raise SpoolError("the disk is full")

    monkeypatch.setattr(DeadLetters, "bury", fail)
    batch = process.queue.take(wait=False)
    assert batch is not None
    process.queue.settle(batch.before(1), DELIVERED)
    process.queue.settle(batch.after(1).before(1), REJECTED)
    process.queue.settle(batch.after(2), DELIVERED)
    assert_balanced(process.ledger)
    monkeypatch.setattr(DeadLetters, "bury", bury)
    process.look_again()
    assert process.deliver_all() == ["b"]


def test_g2_everything_on_a_full_disk(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a batch of which nothing can be removed or buried, only the rejected are sent again."""
    process = start()
    process.offer(*"abcde")
    disk = _fill_disk(process)
    batch = process.queue.take(wait=False)
    assert batch is not None
    with monkeypatch.context() as patch:

        def fail(*_: object) -> int:
            raise SpoolError("the disk is full")

        patch.setattr(DeadLetters, "bury", fail)
        for outcome in (DELIVERED, REJECTED, DELIVERED, REJECTED, DELIVERED):
            process.queue.settle(batch.before(1), outcome)
            batch = batch.after(1)
    process.look_again()
    assert process.deliver_all() == ["b", "d"]
    assert process.ledger.pending == 0
    disk.full = False
    process.offer("f")
    assert process.deliver_all() == ["f"]
    process.end()
    assert files(process.spool.directory) == []


@pytest.mark.parametrize("kind", Kind)
def test_g2_unwritable_directory(start: Start, tmp_path: Path, kind: Kind) -> None:
    """A directory in which no file can be made is a SpoolError at the call."""
    place = tmp_path / "file"
    place.write_text("in the way")
    process = Process(place / "spool")
    with pytest.raises(SpoolError, match="cannot take the event"):
        process.offer("a", kind=kind)
    assert process.ledger.stats().dropped == {"spool_error": 1}
    place.unlink()
    process.offer("b", kind=kind)
    assert process.deliver_all() == ["b"]
    process.end()


def test_g2_unreadable_directory(start: Start) -> None:
    """A directory that cannot be looked through is told of, and own events go on."""
    process = start()
    process.offer("a")

    def fail() -> object:
        raise PermissionError("not yours")

    process.spool.adopt_stores = fail  # type: ignore[method-assign, assignment]
    assert process.deliver_all() == ["a"]
    process.look_again()
    process.offer("b")
    assert process.deliver_all() == ["b"]
    assert set(process.reasons) == {"spool_unreadable"}

"""G4: what the server refused for good."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from delivering.queues import names
from delivering.spools import HERE, Process
from growingio_tracker.delivery import Batch, Rejected
from growingio_tracker.delivery.spool import dead_letters
from growingio_tracker.delivery.spool.dead_letters import DeadLetters
from growingio_tracker.delivery.spool.inspection import requeue
from growingio_tracker.exceptions import GrowingIOException, RejectedError, SpoolError
from growingio_wire.table import Kind

Start = Callable[..., Process]
REFUSED = Rejected("status_400", RejectedError("answered 400", 400, "no such attribute"))
UNENCODABLE = Rejected("not_encodable", GrowingIOException("the parser could not encode it"))


def _reject(process: Process, outcome: Rejected = REFUSED) -> None:
    batch = process.queue.take(wait=False)
    assert batch is not None
    process.queue.settle(batch, outcome)


def test_g4_rejected_records_are_kept(start: Start, tmp_path: Path) -> None:
    """A rejected record is kept with reason and what the server said, and not sent again."""
    process = start()
    process.offer("a", "b")
    _reject(process)
    process.offer("i", kind=Kind.ITEM)
    _reject(process, UNENCODABLE)
    assert process.deliver_all() == []
    letters = list(DeadLetters(tmp_path))
    assert [(one.kind, json.loads(one.record)["eventName"], one.reason) for one in letters] == [
        (Kind.EVENT, "a", "status_400"),
        (Kind.EVENT, "b", "status_400"),
        (Kind.ITEM, "i", "not_encodable"),
    ]
    assert letters[0].detail.en == "answered 400; response: no such attribute"
    assert letters[0].detail.zh.endswith("；响应：no such attribute")
    assert letters[0].destination == HERE
    assert letters[0].at_ms == process.clock.now_ms()
    assert process.ledger.stats().rejected == {"status_400": 2, "not_encodable": 1}


def test_g4_requeued(start: Start, tmp_path: Path) -> None:
    """Dead letters that are requeued are sent by the next process, and are dead letters no more."""
    process = start()
    process.offer("a", "b", "c")
    process.offer("i", kind=Kind.ITEM)
    _reject(process)
    _reject(process)
    letters = list(DeadLetters(tmp_path))
    assert list(requeue(tmp_path, [letters[0], letters[3]])) == [1, 2]
    assert [one.number for one in DeadLetters(tmp_path)] == [2, 3]
    process.look_again()
    assert sorted(process.deliver_all()) == ["a", "i"]


def test_g4_requeued_go_where_they_belong(start: Start, tmp_path: Path) -> None:
    """Each dead letter goes to the server that it was tracked for."""
    other = start(HERE._replace(server_host="http://other.example"))
    process = start()
    for one, name in ((other, "there"), (process, "here")):
        one.offer(name)
        _reject(one)
        one.look_again()
    assert list(requeue(tmp_path, DeadLetters(tmp_path))) == [1, 2]
    assert (other.deliver_all(), process.deliver_all()) == (["there"], ["here"])


def test_g4_bounded(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest dead letters go when there are too many, and that is reported with the number."""
    monkeypatch.setattr(dead_letters, "MAX_DEAD_LETTERS", 3)
    process = start()
    for name in "abcde":
        process.offer(name)
        _reject(process)
    assert len(DeadLetters(tmp_path)) == 3
    assert [(one.reason, one.events) for one in process.problems] == [("dead_letters_full", 1)] * 2
    assert names_of(tmp_path) == ["c", "d", "e"]


def test_g4_unreadable_dead_letters(start: Start, tmp_path: Path) -> None:
    """When they cannot be written, rejected records stay where they are, and are sent later."""
    (tmp_path / f"{dead_letters.NAME}.lock").mkdir()
    process = start()
    process.offer("a")
    _reject(process)
    assert process.queue.take(wait=False) is None
    process.look_again()
    batch = process.queue.take(wait=False)
    assert batch is not None
    assert names(batch) == ["a"]
    with pytest.raises(SpoolError, match="dead letters"):
        DeadLetters(tmp_path).remove([1])


def names_of(directory: Path) -> list[str]:
    return [json.loads(one.record)["eventName"] for one in DeadLetters(directory)]


def test_g5_bounded_by_bytes_and_age(tmp_path: Path) -> None:
    """Dead letters beyond the bound in bytes, or older than a month, go, the oldest first."""
    letters = DeadLetters(tmp_path, max_bytes=80_000)
    for number in range(60):
        batch = Batch.of(Kind.EVENT, (b"%02d" % number + b"x" * 5000,))
        letters.keep_rejected(batch, REFUSED, HERE, 1000)
    kept = [letter.record[:2] for letter in letters]
    assert sum(path.stat().st_size for path in tmp_path.glob("*.seg")) < 90_000
    assert kept == [b"%02d" % number for number in range(60 - len(kept), 60)]
    late_ms = 1000 + int(dead_letters.MAX_AGE_S * 1000) + 1
    letters.keep_rejected(Batch.of(Kind.EVENT, (b"y" * 20_000,)), REFUSED, HERE, late_ms)
    assert [letter.record[:1] for letter in letters][-1] == b"y"
    assert len(letters) <= 3


def test_g4_numbers_are_not_used_again(tmp_path: Path) -> None:
    """A dead letter's number is never another one's, even after all were removed."""
    letters = DeadLetters(tmp_path)
    for expected in (1, 2, 3):
        letters.keep_rejected(Batch.of(Kind.EVENT, (b"{}",)), REFUSED, HERE, 1)
        assert [letter.number for letter in letters] == [expected]
        letters.remove([expected])

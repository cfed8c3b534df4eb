"""G1, G3: what one process leaves, another one sends, and never two at once."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from zlib import crc32

import msgspec
import pytest

from delivering.queues import DELIVERED, postponed
from delivering.queues import names as names_of
from delivering.rig import assert_balanced, record
from delivering.spools import HERE, Process, files
from growingio_tracker.delivery import Destination, QueueLimits
from growingio_tracker.delivery.spool import being_relay
from growingio_tracker.delivery.spool.store import Store
from growingio_tracker.exceptions import SpoolError
from growingio_wire.table import Kind

Start = Callable[..., Process]


def _all_waiting(start: Start) -> list[str]:
    process = start()
    process.queue.request_flush()
    return process.deliver_all()


def test_g1_next_process_continues(start: Start) -> None:
    """What a process left is sent by the next one before its own, and counted as adopted."""
    first = start()
    first.offer("a", "b")
    first.offer("i", kind=Kind.ITEM)
    first.end()
    second = start()
    second.offer("c")
    assert second.deliver_all() == ["a", "b", "c", "i"]
    stats = second.ledger.stats()
    assert (stats.accepted, stats.adopted, stats.delivered) == (4, 3, 4)


def test_g1_what_was_on_its_way_is_sent_again(start: Start) -> None:
    """The part of a batch that has no outcome is there for the next process; the rest is not."""
    first = start()
    first.offer("a", "b", "c", "d")
    batch = first.queue.take(wait=False)
    assert batch is not None
    first.queue.settle(batch.before(1), DELIVERED)
    first.queue.settle(batch.after(1), postponed())
    first.end()
    assert _all_waiting(start) == ["b", "c", "d"]


def test_g1_what_was_dropped_meanwhile_stays_dropped(start: Start) -> None:
    """What drop_oldest dropped while an older batch was being sent is not sent by the next one."""
    first = start(limits=QueueLimits(max_events=4, overflow="drop_oldest"))
    first.offer("a", "b")
    batch = first.queue.take(wait=False)
    assert batch is not None
    first.offer("c", "d", "e", "f")
    assert first.ledger.stats().dropped == {"queue_full": 2}
    first.queue.settle(batch, postponed())
    first.end()
    second = start()
    second.queue.request_flush()
    assert second.ledger.stats().adopted == 4
    assert second.deliver_all() == ["a", "b", "e", "f"]
    assert_balanced(second.ledger)


@pytest.mark.parametrize("max_age_s", [60, 60.0, None])
def test_g1_whatever_the_heading(start: Start, max_age_s: float | None) -> None:
    """The next process finds the first record, however its owner wrote what stands before it."""
    first = start(max_age_s=max_age_s)
    first.offer("a", "b")
    first.end()
    second = start()
    second.queue.request_flush()
    assert second.deliver_all() == ["a", "b"]
    assert second.problems == []
    assert second.ledger.stats().pending_bytes == 0


def test_g1_a_heading_of_another_release(start: Start, tmp_path: Path) -> None:
    """A heading that says more than this release knows of costs no record behind it."""
    names = [f"{number:03}" for number in range(250)]
    store = Store.create(tmp_path, HERE, segment_bytes=4000)
    for name in names:
        store.journals[Kind.EVENT].append(1, record(name))
    store.close()
    segments = list(tmp_path.glob("*.seg"))
    for path in segments:
        _say_more(path)
    process = start()
    process.queue.request_flush()
    assert process.deliver_all() == names
    assert process.problems == []
    assert process.ledger.stats().pending_bytes == 0
    assert len(segments) > 3


def _say_more(path: Path) -> None:
    """Give a file the heading that a later release might give it."""
    data, head = path.read_bytes(), struct.Struct("<8sIII")
    magic, version, size, _ = head.unpack_from(data)
    text = msgspec.json.encode({**msgspec.json.decode(data[head.size :][:size]), "later": "x" * 99})
    new = head.pack(magic, version, len(text), crc32(text)) + text
    path.write_bytes(new + data[head.size + size :])


def test_g1_flush_takes_in_what_was_left(start: Start) -> None:
    """A process that tracks nothing sends what was left when it is told to flush."""
    first = start()
    first.offer("a")
    first.end()
    second = start()
    mark = second.queue.request_flush()
    assert not second.queue.outcomes.wait(mark, 0.0)
    assert second.deliver_all() == ["a"]
    assert second.queue.outcomes.wait(mark, 0.0)


def test_g3_one_process_at_a_time(start: Start) -> None:
    """While a process lives, no other one sends its events; when it has ended, another one does."""
    first, second = start(), start()
    first.offer("a")
    second.offer("b")
    assert second.deliver_all() == ["b"]
    first.end()
    assert second.deliver_all() == []
    second.look_again()
    assert second.deliver_all() == ["a"]


def test_g3_many_are_adopted(start: Start) -> None:
    """One process adopts all that others left, and every count stays balanced."""
    others = [start() for _ in range(5)]
    for number, other in enumerate(others):
        other.offer(f"a{number}", f"b{number}")
    survivor = start()
    survivor.offer("own")
    for other in others:
        other.end()
    survivor.look_again()
    delivered = survivor.deliver_all()
    assert sorted(delivered) == sorted(["own", *(f"{x}{n}" for x in "ab" for n in range(5))])
    assert survivor.ledger.stats().adopted == 10
    assert_balanced(survivor.ledger)


def test_g3_a_kept_batch_of_an_adopted_store(start: Start) -> None:
    """A batch that came from another process's file goes back there when it was not delivered."""
    first = start()
    first.offer("a")
    second = start()
    second.offer("b")
    first.end()
    second.look_again()
    batches = [second.queue.take(wait=False), second.queue.take(wait=False)]
    for batch in batches:
        assert batch is not None
        second.queue.settle(batch, postponed())
    second.end()
    assert _all_waiting(start) == ["a", "b"]


@pytest.mark.parametrize(
    "other",
    [HERE._replace(product_id="q"), HERE._replace(server_host="http://other.example")],
    ids=["project", "server"],
)
def test_g3_not_for_another_destination(start: Start, other: Destination) -> None:
    """Events for another project or server are not taken over, and that is said, once."""
    first = start(other)
    first.offer("a")
    first.end()
    second = start()
    second.offer("b")
    for _ in range(3):
        assert "a" not in second.deliver_all()
        second.look_again()
    assert second.reasons == ["spool_of_another"]
    assert "growingio spool drain" in second.problems[0].detail


def test_g3_another_data_source_is_no_other_destination(start: Start) -> None:
    """The data source stands in each record, so that it does not keep anybody from sending it."""
    first = start(HERE._replace(data_source_id="e"))
    first.offer("a")
    first.end()
    assert _all_waiting(start) == ["a"]


def test_files_go_when_they_are_empty(start: Start, tmp_path: Path) -> None:
    """An ended process leaves a file only if something waits in it."""
    first, second = start(), start()
    first.offer("a")
    second.offer("b")
    assert first.deliver_all() == ["a"]
    first.end()
    second.end()
    assert files(tmp_path) == ["seg", "spool"]
    _all_waiting(start)


def test_adopted_files_go_when_they_are_empty(start: Start, tmp_path: Path) -> None:
    """The file of a dead process is removed as soon as its last event has an outcome."""
    first, second = start(), start()
    first.offer("a")
    second.offer("b")
    first.end()
    second.look_again()
    second.deliver_all()
    assert files(tmp_path) == ["spool"]


def test_g1_half_sent_by_an_adopter(start: Start) -> None:
    """Of a file that two processes after another take over, each event is delivered once."""
    names = [f"{number:04}" for number in range(350)]
    first = start()
    first.offer(*names)
    first.end()
    delivered: list[str] = []
    for _ in range(3):
        process = start()
        process.queue.request_flush()
        delivered += names_of(process.deliver_one())
        process.end()
    last = start()
    last.offer("own")
    assert last.ledger.stats().adopted == 50
    assert delivered + last.deliver_all() == [*names, "own"]


def test_limits_hold_for_what_was_left(start: Start) -> None:
    """G5: what earlier processes left counts against the limits."""
    first = start()
    first.offer("a", "b")
    first.end()
    second = start(limits=QueueLimits(max_events=3))
    second.offer("c", "d")
    assert second.ledger.stats().dropped == {"queue_full": 1}
    assert second.deliver_all() == ["a", "b", "c"]


def test_relay_gets_everything(start: Start, tmp_path: Path) -> None:
    """While a relay runs, a process leaves its events to it, and counts them as handed over."""
    process = start()
    with being_relay(tmp_path):
        process.offer("a", "b")
        assert process.deliver_all() == []
        assert process.ledger.stats().handed_over == 2
        process.offer("c")
        process.look_again()
        assert process.deliver_all() == []
        stats = process.ledger.stats()
        assert (stats.handed_over, stats.pending) == (2, 1), "one file at a time"
        process.end()
    assert_balanced(process.ledger)
    assert _all_waiting(start) == ["a", "b", "c"]


def test_without_the_relay_processes_send_again(start: Start, tmp_path: Path) -> None:
    """When the relay has ended, a process adopts what it had left to it, and sends by itself."""
    process = start()
    with being_relay(tmp_path):
        process.offer("a")
        assert process.deliver_all() == []
    process.offer("b")
    process.look_again()
    assert sorted(process.deliver_all()) == ["a", "b"]
    assert_balanced(process.ledger)


def test_one_relay(tmp_path: Path) -> None:
    """A second relay on the same directory is refused, and leaves no file when it ends."""
    directory = tmp_path / "new"
    with being_relay(directory), pytest.raises(SpoolError, match="already has a relay"):
        being_relay(directory).__enter__()
    assert list(directory.iterdir()) == []

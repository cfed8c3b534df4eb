"""While the response to a batch is awaited, what follows it is read from the disk."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from delivering.queues import DELIVERED, names
from delivering.rig import assert_balanced, record
from delivering.spools import HERE, Process
from delivering.waiting import DEADLINE_S
from growingio_tracker import DurableConsumer, GrowingTracker, QueueLimits
from growingio_tracker.delivery import Batch
from growingio_tracker.delivery.spool.files import Files
from growingio_tracker.delivery.spool.store import Store
from growingio_tracker.testing import MemoryTransport
from growingio_wire.http import Request, Response
from growingio_wire.table import Kind

Start = Callable[..., Process]
NAMES = [f"{number:03}" for number in range(600)]
SEGMENT_BYTES = 4000  # fewer records than a batch has


class Disk(Files):
    """Counts what is read, and fails while it is told to."""

    def __init__(self) -> None:
        super().__init__(self._before_call)
        self.reads = 0
        self.fails = False

    def _before_call(self, call: str) -> None:
        self.reads += call == "read"
        if self.fails:
            raise OSError(errno.EIO, "Input/output error")


@pytest.fixture
def segments(tmp_path: Path) -> list[Path]:
    """Segments that an earlier process left, oldest first."""
    store = Store.create(tmp_path, HERE, segment_bytes=SEGMENT_BYTES)
    for name in NAMES:
        store.journals[Kind.EVENT].append(1, record(name))
    store.close()
    return sorted(tmp_path.glob("*.seg"))


def batches(process: Process) -> Iterator[Batch]:
    """Yield all batches, each of which is delivered after that."""
    process.queue.request_flush()
    while (batch := process.queue.take(wait=False)) is not None:
        yield batch
        process.queue.settle(batch, DELIVERED)


def test_no_further_than_the_next_segment(start: Start, segments: list[Path]) -> None:
    """Each request reads a part of what follows, until there is nothing left nearby."""
    disk = Disk()
    process, delivered, ahead = start(files=disk), list[str](), 0
    for batch in batches(process):
        delivered += names(batch)
        before = disk.reads
        process.lanes.read_ahead(batch)
        process.lanes.read_ahead(batch)
        assert disk.reads - before <= 1
        ahead += disk.reads - before
    assert delivered == NAMES
    assert ahead > 3
    assert len(segments) > 6


def test_g2_a_disk_that_fails_meanwhile(start: Start, segments: list[Path]) -> None:
    """What cannot be read ahead is read when its turn comes."""
    disk = Disk()
    process, delivered = start(files=disk), list[str]()
    for batch in batches(process):
        delivered += names(batch)
        disk.fails = True
        process.lanes.read_ahead(batch)
        disk.fails = False
    assert delivered == NAMES
    assert process.problems == []
    assert_balanced(process.ledger)


def test_g2_a_file_that_has_gone_meanwhile(start: Start, segments: list[Path]) -> None:
    """The loss is counted once, with its number, and all that is left is delivered."""
    process, delivered = start(), list[str]()
    for batch in batches(process):
        if not delivered:
            segments[-2].unlink()
        delivered += names(batch)
        process.lanes.read_ahead(batch)
    lost = len(NAMES) - len(delivered)
    assert 0 < lost < 100
    assert process.ledger.stats().dropped == {"spool_damaged": lost}
    assert delivered == sorted(set(delivered))
    assert_balanced(process.ledger)


def test_a_store_that_is_not_ours_any_more(start: Start, segments: list[Path]) -> None:
    """Nothing is read, and nothing fails."""
    process = start()
    process.queue.request_flush()
    batch = process.deliver_one()
    process.end()
    process.lanes.read_ahead(batch)


class EmptiesFiles(MemoryTransport):
    """Waits for its time, does what is to be done meanwhile, and empties the oldest segments."""

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self.directory = directory
        self.may_begin = threading.Event()

    def exchange(self, request: Request) -> Response:
        assert self.may_begin.wait(DEADLINE_S)
        assert request.meanwhile is not None
        request.meanwhile()
        for segment in sorted(self.directory.glob("*.seg"))[:2]:
            segment.write_bytes(b"")
        return super().exchange(request)


def test_durable_consumer_reads_ahead(tmp_path: Path) -> None:
    """A request of it reads what follows, which comes although its file has been emptied since."""
    transport = EmptiesFiles(tmp_path)
    consumer = DurableConsumer(
        *("p", "d", "http://collect.example"),
        spool=tmp_path,
        queue=QueueLimits(max_bytes=16 * 64 * 1024),  # segments of 64 KiB, with 140 events each
        transport=transport,
        flush_after=3600,
        max_size=100,
    )
    tracker = GrowingTracker.consumer(consumer)
    for number in range(600):
        tracker.track_custom_event("e", login_user_id=f"{number}", attributes={"a": "x" * 200})
    transport.may_begin.set()
    assert consumer.flush(DEADLINE_S)
    assert consumer.stats().delivered == 600
    consumer.close()

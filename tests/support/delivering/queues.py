"""Every queue that keeps the contract, made in one way."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, TypeAlias

from delivering.rig import record
from growingio_tracker.delivery.contract import (
    Batch,
    BatchLimits,
    Delivered,
    Kept,
    Outcome,
    Problem,
    Queue,
    QueueLimits,
    Rejected,
    Stats,
)
from growingio_tracker.delivery.ledger import Ledger, Reporter
from growingio_tracker.delivery.memory_queue import MemoryQueue
from growingio_tracker.delivery.sharded_queue import ShardedQueue
from growingio_tracker.delivery.spool.directory import Spool
from growingio_tracker.delivery.spool.spool_queue import SpoolQueue
from growingio_tracker.delivery.spool.store import Destination
from growingio_tracker.exceptions import GrowingIOException
from growingio_tracker.testing import FakeClock
from growingio_tracker.wire import Kind

MakeQueue: TypeAlias = Callable[
    [QueueLimits, BatchLimits, Ledger, Reporter, FakeClock, Path], Queue
]

DESTINATION: Final = Destination("p", "d", "http://collect.example")
ERROR: Final = GrowingIOException("the test says so")
DELIVERED: Final = Delivered()
REJECTED: Final = Rejected("status_400", ERROR)


def kept(rest_s: float = 0.0, *, everywhere: bool = True) -> Kept:
    """Return the outcome of a batch that the server did not take."""
    return Kept(ERROR, rest_s, everywhere)


def memory_queue(
    limits: QueueLimits,
    batches: BatchLimits,
    ledger: Ledger,
    reporter: Reporter,
    clock: FakeClock,
    directory: Path,
) -> Queue:
    """Make the queue in memory."""
    return MemoryQueue(limits, dict.fromkeys(Kind, batches), ledger, reporter, clock)


def sharded_queue(
    limits: QueueLimits,
    batches: BatchLimits,
    ledger: Ledger,
    reporter: Reporter,
    clock: FakeClock,
    directory: Path,
) -> Queue:
    """Make the queue in memory for several threads. What tests offer is all of one user."""
    by_kind = dict.fromkeys(Kind, batches)
    return ShardedQueue(limits, by_kind, ledger, reporter, clock, shards=4)


def spool_queue(
    limits: QueueLimits,
    batches: BatchLimits,
    ledger: Ledger,
    reporter: Reporter,
    clock: FakeClock,
    directory: Path,
) -> Queue:
    """Make a queue on disk."""
    spool = Spool(directory, DESTINATION)
    return SpoolQueue(spool, limits, dict.fromkeys(Kind, batches), ledger, reporter, clock)


MAKERS: Final[dict[str, MakeQueue]] = {
    "memory": memory_queue,
    "sharded": sharded_queue,
    "spool": spool_queue,
}


class Room:
    """A queue under test, with everything around it."""

    def __init__(
        self, make: MakeQueue, limits: QueueLimits | None = None, batches: BatchLimits | None = None
    ) -> None:
        self.clock = FakeClock()
        self.clock.advance(1000.0)
        self._directory = TemporaryDirectory(prefix="growingio-test-")
        self.keeps = make is spool_queue
        """Whether closing leaves what waits to the next process."""
        self.problems: list[Problem] = []
        self.ledger = Ledger(self.clock)
        reporter = Reporter(self.problems.append, self.clock)
        self.queue = make(
            limits or QueueLimits(),
            batches or BatchLimits(linger_s=0.0),
            self.ledger,
            reporter,
            self.clock,
            Path(self._directory.name),
        )

    def offer(self, *names: str, kind: Kind = Kind.EVENT) -> None:
        for name in names:
            self.queue.offer(kind, record(name))

    def take(self) -> Batch:
        """Return the batch that must be due now."""
        assert self.queue.may_be_due()
        batch = self.queue.take(wait=False)
        assert batch is not None
        return batch

    def settle(self, batch: Batch, outcome: Outcome = DELIVERED) -> None:
        self.queue.settle(batch, outcome)

    def end(self) -> None:
        """Let go of files."""
        self.queue.close()
        self.queue.give_up("end")
        self._directory.cleanup()

    @property
    def nothing_due(self) -> bool:
        return self.queue.take(wait=False) is None

    @property
    def stats(self) -> Stats:
        return self.ledger.stats()


def names(batch: Batch) -> list[str]:
    """Return the names of the events in a batch."""
    return [json.loads(one)["eventName"] for one in batch.records]

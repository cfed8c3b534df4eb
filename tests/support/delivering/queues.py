"""Every queue that keeps the contract, made in one way."""

from __future__ import annotations

import json
from collections.abc import Callable
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
from growingio_tracker.exceptions import GrowingIOException
from growingio_tracker.testing import FakeClock
from growingio_tracker.wire import Kind

MakeQueue: TypeAlias = Callable[[QueueLimits, BatchLimits, Ledger, Reporter, FakeClock], Queue]

ERROR: Final = GrowingIOException("the test says so")
DELIVERED: Final = Delivered()
REJECTED: Final = Rejected("status_400", ERROR)


def kept(rest_s: float = 0.0, *, everywhere: bool = True) -> Kept:
    """Return the outcome of a batch that the server did not take."""
    return Kept(ERROR, rest_s, everywhere)


def memory_queue(
    limits: QueueLimits, batches: BatchLimits, ledger: Ledger, reporter: Reporter, clock: FakeClock
) -> Queue:
    """Make the queue in memory."""
    return MemoryQueue(limits, dict.fromkeys(Kind, batches), ledger, reporter, clock)


MAKERS: Final[dict[str, MakeQueue]] = {"memory": memory_queue}
"""A queue on disk is tested by adding one line here."""


class Room:
    """A queue under test, with everything around it."""

    def __init__(
        self, make: MakeQueue, limits: QueueLimits | None = None, batches: BatchLimits | None = None
    ) -> None:
        self.clock = FakeClock()
        self.clock.advance(1000.0)
        self.problems: list[Problem] = []
        self.ledger = Ledger(self.clock)
        reporter = Reporter(self.problems.append, self.clock)
        self.queue = make(
            limits or QueueLimits(),
            batches or BatchLimits(linger_s=0.0),
            self.ledger,
            reporter,
            self.clock,
        )

    def offer(self, *names: str, kind: Kind = Kind.EVENT) -> None:
        for name in names:
            self.queue.offer(kind, record(name))

    def take(self) -> Batch:
        """Return the batch that must be due now."""
        batch = self.queue.take(wait=False)
        assert batch is not None
        return batch

    def settle(self, batch: Batch, outcome: Outcome = DELIVERED) -> None:
        self.queue.settle(batch, outcome)

    @property
    def nothing_due(self) -> bool:
        return self.queue.take(wait=False) is None

    @property
    def stats(self) -> Stats:
        return self.ledger.stats()


def names(batch: Batch) -> list[str]:
    """Return the names of the events in a batch."""
    return [json.loads(one)["eventName"] for one in batch.records]

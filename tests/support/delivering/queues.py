"""Waiting rooms over every kind of lanes, made in one way."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, TypeAlias

from delivering.rig import record
from growingio_tracker.delivery import (
    Batch,
    BatchLimits,
    Delivered,
    Destination,
    Outcome,
    Postponed,
    QueueLimits,
    Rejected,
)
from growingio_tracker.delivery.lanes import Lanes, MemoryLanes
from growingio_tracker.delivery.ledger import Ledger, Stats
from growingio_tracker.delivery.queue import WaitingRoom
from growingio_tracker.delivery.spool import Spool
from growingio_tracker.delivery.spool.spool_lanes import SpoolLanes
from growingio_tracker.exceptions import GrowingIOException
from growingio_tracker.model.losses import Problem, Reporter
from growingio_tracker.testing import FakeClock
from growingio_wire.table import Kind

MakeLanes: TypeAlias = Callable[[BatchLimits, Ledger, Reporter, FakeClock, Path], Lanes]

DESTINATION: Final = Destination("p", "d", "http://collect.example")
ERROR: Final = GrowingIOException("the test says so")
DELIVERED: Final = Delivered()
REJECTED: Final = Rejected("status_400", ERROR)


def postponed(pause_s: float = 0.0, *, everywhere: bool = True) -> Postponed:
    """Return the outcome of a batch that the server did not take."""
    return Postponed(ERROR, pause_s, everywhere)


def memory_lanes(
    batches: BatchLimits, ledger: Ledger, reporter: Reporter, clock: FakeClock, directory: Path
) -> Lanes:
    """Make lanes in memory."""
    return MemoryLanes(dict.fromkeys(Kind, batches))


def sharded_lanes(
    batches: BatchLimits, ledger: Ledger, reporter: Reporter, clock: FakeClock, directory: Path
) -> Lanes:
    """Make lanes in memory for several threads. What tests offer is all of one user."""
    return MemoryLanes(dict.fromkeys(Kind, batches), shards=4)


def spool_lanes(
    batches: BatchLimits, ledger: Ledger, reporter: Reporter, clock: FakeClock, directory: Path
) -> Lanes:
    """Make lanes on disk."""
    spool = Spool(directory, DESTINATION)
    return SpoolLanes(spool, dict.fromkeys(Kind, batches), ledger, reporter, clock)


MAKERS: Final[dict[str, MakeLanes]] = {
    "memory": memory_lanes,
    "sharded": sharded_lanes,
    "spool": spool_lanes,
}


class Room:
    """A waiting room under test, with everything around it."""

    def __init__(
        self, make: MakeLanes, limits: QueueLimits | None = None, batches: BatchLimits | None = None
    ) -> None:
        self.clock = FakeClock()
        self.clock.advance(1000.0)
        self._directory = TemporaryDirectory(prefix="growingio-test-")
        self.keeps = make is spool_lanes
        """Whether closing leaves what waits to the next process."""
        self.problems: list[Problem] = []
        self.ledger = Ledger(self.clock)
        reporter = Reporter(self.problems.append, self.clock)
        lanes = make(
            batches or BatchLimits(linger_s=0.0),
            self.ledger,
            reporter,
            self.clock,
            Path(self._directory.name),
        )
        limits = limits or QueueLimits()
        self.queue = WaitingRoom(lanes, limits, self.ledger, reporter, self.clock)

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

"""Queues on disk that share a directory, as processes would."""

from __future__ import annotations

from pathlib import Path

from delivering.queues import names
from delivering.rig import record
from growingio_tracker.delivery import Batch, BatchLimits, Delivered, Destination, QueueLimits
from growingio_tracker.delivery.ledger import Ledger
from growingio_tracker.delivery.queue import WaitingRoom
from growingio_tracker.delivery.spool import Spool
from growingio_tracker.delivery.spool.files import DISK, Files
from growingio_tracker.delivery.spool.spool_lanes import SpoolLanes
from growingio_tracker.delivery.spool.store import Store
from growingio_tracker.model.losses import Problem, Reporter
from growingio_tracker.testing import FakeClock
from growingio_wire.table import Kind

HERE = Destination("p", "d", "http://collect.example")


class Process:
    """The queue of one process, whose worker is whoever calls. Nothing lingers."""

    def __init__(
        self,
        directory: Path,
        destination: Destination = HERE,
        *,
        clock: FakeClock | None = None,
        limits: QueueLimits | None = None,
        max_age_s: float | None = None,
        files: Files = DISK,
        fsync: bool = False,
    ) -> None:
        self.clock = clock or FakeClock()
        self.problems: list[Problem] = []
        self.ledger = Ledger(self.clock)
        self.spool = Spool(directory, destination, max_age_s=max_age_s, files=files, fsync=fsync)
        reporter = Reporter(self.problems.append, self.clock)
        self.lanes = SpoolLanes(
            self.spool,
            dict.fromkeys(Kind, BatchLimits(max_events=100, linger_s=0.0)),
            self.ledger,
            reporter,
            self.clock,
        )
        limits = limits or QueueLimits()
        self.queue = WaitingRoom(self.lanes, limits, self.ledger, reporter, self.clock)

    def offer(self, *event_names: str, kind: Kind = Kind.EVENT) -> None:
        for name in event_names:
            self.queue.offer(kind, record(name))

    def look_again(self) -> None:
        """Let so much time pass that the directory is looked at again."""
        self.clock.advance(60.0)

    def deliver_all(self) -> list[str]:
        """Deliver what is due; return the names, in order."""
        delivered: list[str] = []
        while (batch := self.queue.take(wait=False)) is not None:
            self.queue.settle(batch, Delivered())
            delivered += names(batch)
        return delivered

    def deliver_one(self) -> Batch:
        """Deliver one batch that is due; return it."""
        batch = self.queue.take(wait=False)
        assert batch is not None
        self.queue.settle(batch, Delivered())
        return batch

    def end(self) -> None:
        """End in order, and leave what waits."""
        self.queue.close()
        self.queue.give_up("end")

    @property
    def stores(self) -> list[Store]:
        """The stores that it has."""
        return [one.store for one in self.lanes._stores]

    @property
    def reasons(self) -> list[str]:
        """The reasons of all problems that were reported."""
        return [problem.reason for problem in self.problems]


def files(directory: Path) -> list[str]:
    """Return the endings of the files in a directory."""
    return sorted(path.name.partition(".")[2] for path in directory.iterdir())

"""The engine's parts without a thread, a network or real time."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping

from delivering.waiting import DEADLINE_S
from growingio_tracker import Consumer, GrowingTracker
from growingio_tracker.delivery import Batch, BatchLimits, Outcome, QueueLimits, Rejected
from growingio_tracker.delivery.formats import DataParser, JsonParser
from growingio_tracker.delivery.lanes import MemoryLanes
from growingio_tracker.delivery.ledger import Ledger
from growingio_tracker.delivery.queue import WaitingRoom
from growingio_tracker.delivery.sender import Sender
from growingio_tracker.delivery.waiting import Interrupt
from growingio_tracker.model.losses import Problem, Reporter
from growingio_tracker.testing import Answer, FakeClock, MemoryTransport
from growingio_wire.http import Request, Response
from growingio_wire.http.retry import RetryPolicy
from growingio_wire.table import Kind

HOST = "http://collect.example"
ADDRESSES = {kind: f"{HOST}/{kind.value}" for kind in Kind}
NO_LINGER = BatchLimits(max_events=500, linger_s=0.0)


def record(name: str) -> bytes:
    """Return a record that carries a name."""
    return b'{"eventName":"%s"}' % name.encode()


def names(request: Request) -> list[str]:
    """Return the names of the events in a JSON request."""
    return [message["eventName"] for message in json.loads(request.body)]


class FakeInterrupt(Interrupt):
    """Writes down how long it should have paused, and lets the clock go on by that."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.pauses: list[float] = []
        self._fake_clock = clock

    def pause(self, seconds: float) -> bool:
        self.pauses.append(seconds)
        self._fake_clock.advance(seconds)
        return True


class Rig:
    """A queue, a sender and what they need. ``round()`` does what a worker does for one batch."""

    def __init__(
        self,
        answers: Iterable[Answer] = (),
        policy: RetryPolicy | None = None,
        *,
        parser: DataParser | None = None,
        queue: QueueLimits | None = None,
        batches: BatchLimits | Mapping[Kind, BatchLimits] = NO_LINGER,
    ) -> None:
        self.clock = FakeClock()
        self.clock.advance(1000.0)
        self.problems: list[Problem] = []
        self.ledger = Ledger(self.clock)
        self.reporter = Reporter(self.problems.append, self.clock)
        self.interrupt = FakeInterrupt(self.clock)
        self.transport = MemoryTransport(answers)
        per_kind = dict.fromkeys(Kind, batches) if isinstance(batches, BatchLimits) else batches
        self.queue = WaitingRoom(
            MemoryLanes(per_kind), queue or QueueLimits(), self.ledger, self.reporter, self.clock
        )
        self.sender = Sender(
            self.transport,
            parser or JsonParser(),
            ADDRESSES,
            policy or RetryPolicy(),
            request_timeout_s=2.0,
            ledger=self.ledger,
            reporter=self.reporter,
            interrupt=self.interrupt,
        )

    def offer(self, *event_names: str, kind: Kind = Kind.EVENT) -> None:
        for name in event_names:
            self.queue.offer(kind, record(name))

    def deliver(
        self, *event_names: str, kind: Kind = Kind.EVENT
    ) -> list[tuple[list[str], Outcome]]:
        """Send one batch past the queue; return the outcome of each part."""
        batch = Batch.of(kind, tuple(record(name) for name in event_names))
        outcomes: list[tuple[list[str], Outcome]] = []
        for part, outcome in self.sender.deliver(batch):
            if isinstance(outcome, Rejected):
                self.sender.report(part, outcome)
            outcomes.append(([json.loads(one)["eventName"] for one in part.records], outcome))
        return outcomes

    def round(self) -> bool:
        """Send the batch that is due; return whether there was one."""
        batch = self.queue.take(wait=False)
        if batch is None:
            return False
        for part, outcome in self.sender.deliver(batch):
            if isinstance(outcome, Rejected):
                self.sender.report(part, outcome)
            self.queue.settle(part, outcome)
        return True

    @property
    def sent(self) -> list[list[str]]:
        """The names in each request."""
        return sent(self.transport)


def assert_balanced(ledger: Ledger) -> None:
    """Check C4's equation."""
    stats = ledger.stats()
    lost = sum(stats.rejected.values()) + sum(stats.dropped.values())
    gone = stats.delivered + lost + stats.handed_over
    assert stats.accepted == gone + stats.pending, stats


class Gate:
    """An answer that comes when it is let through."""

    def __init__(self, status: int = 200, **headers: str) -> None:
        self.entered = threading.Event()
        self.opened = threading.Event()
        self._response = Response(status, headers)

    def __call__(self, request: Request) -> Response:
        self.entered.set()
        assert self.opened.wait(DEADLINE_S)
        return self._response

    def wait(self) -> None:
        """Return when a request waits here."""
        assert self.entered.wait(DEADLINE_S)


def track(consumer: Consumer, *event_names: str) -> None:
    """Track events with these names."""
    tracker = GrowingTracker.consumer(consumer)
    for name in event_names:
        tracker.track_custom_event(name, anonymous_id="a")


def sent(transport: MemoryTransport) -> list[list[str]]:
    """Return the names in each request."""
    return [names(request) for request in transport.requests]

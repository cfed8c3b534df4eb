"""What a call returns, and what it tells later."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from delivering.queues import MAKERS, Room
from delivering.rig import record
from delivering.waiting import DEADLINE_S
from growingio_tracker import (
    AsyncBufferedConsumer,
    BufferedConsumer,
    Consumer,
    DebugConsumer,
    DefaultConsumer,
    DurableConsumer,
    Fate,
    GrowingTracker,
    Problem,
    QueueLimits,
    Receipt,
    RejectedError,
)
from growingio_tracker.consumers.strategy import Strategy
from growingio_tracker.delivery.receipt import Outcomes
from growingio_tracker.testing import Answer, MemoryTransport
from growingio_wire.http import Request, Response
from growingio_wire.table import Kind

DELIVERED, PENDING = Fate("delivered"), Fate("pending")
Make = Callable[..., Strategy]


@pytest.fixture(params=["async", "workers", "durable"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """Make a consumer that sends in the background and waits for a reason to."""

    def consumer(*answers: Answer, **options: object) -> Strategy:
        options = {"flush_after": 3600, "transport": MemoryTransport(answers), **options}
        ids = "p", "d", "http://x.example"
        if request.param == "durable":
            return DurableConsumer(*ids, spool=tmp_path, **options)  # type: ignore[arg-type]
        workers = 3 if request.param == "workers" else 1
        return AsyncBufferedConsumer(*ids, workers=workers, **options)  # type: ignore[arg-type]

    return consumer


def track(consumer: Strategy, name: str = "a", user: str = "u") -> Receipt:
    return GrowingTracker.consumer(consumer).track_custom_event(name, login_user_id=user)


def test_delivered(make: Make) -> None:
    """Waiting sends the event at once, and says that it was delivered."""
    with make() as consumer:
        receipt = track(consumer)
        assert receipt.fate == PENDING
        assert receipt.wait(DEADLINE_S) == DELIVERED
        assert receipt.fate == DELIVERED
        assert receipt.fate.delivered
        assert consumer.stats().delivered == 1


def test_rejected(make: Make) -> None:
    """An event that the server refuses is rejected, with the reason under which it is counted."""
    with make(400, 204) as consumer:
        first = track(consumer)
        assert first.wait(DEADLINE_S) == Fate("rejected", "status_400")
        assert track(consumer).wait(DEADLINE_S) == DELIVERED
        assert first.fate == Fate("rejected", "status_400")
        assert consumer.stats().rejected == {"status_400": 1}


def test_one_of_many_is_rejected(make: Make) -> None:
    """Of a batch that was refused and split, each receipt tells the fate of its own event."""

    def refuse_the_bad(request: Request) -> Response:
        body = request.body if isinstance(request.body, bytes) else request.body.encode()
        return Response(413 if body.count(b"eventName") > 1 else 400 if b"bad" in body else 204)

    with make(*[refuse_the_bad] * 30) as consumer:
        names = ["good", "bad", "good", "good", "bad", "good", "good"]
        receipts = [track(consumer, name) for name in names]
        fates = [receipt.wait(DEADLINE_S) for receipt in receipts]
        assert [fate.status for fate in fates] == [
            "delivered" if name == "good" else "rejected" for name in names
        ]


def test_overflow(make: Make) -> None:
    """An event that finds no place is dropped at once; with drop_oldest, the oldest is."""
    gate = threading.Event()
    transport = MemoryTransport([_wait_for(gate)])
    with make(queue=QueueLimits(max_events=2), max_size=2, transport=transport) as consumer:
        first, second, third = (track(consumer) for _ in range(3))
        assert third.wait(0) == Fate("dropped", "queue_full")
        gate.set()
        assert (first.wait(DEADLINE_S), second.wait(DEADLINE_S)) == (DELIVERED, DELIVERED)


def _wait_for(gate: threading.Event) -> Callable[[Request], Response]:
    def answer(_: Request) -> Response:
        assert gate.wait(DEADLINE_S)
        return Response(204)

    return answer


@pytest.mark.parametrize("kind", MAKERS)
def test_drop_oldest(kind: str) -> None:
    """An event that is pushed out by newer ones is dropped, and the newer ones are not."""
    room = Room(MAKERS[kind], QueueLimits(max_events=3, overflow="drop_oldest"))
    receipts = [room.queue.offer(Kind.EVENT, record(str(number))) for number in range(5)]
    dropped = [Fate("dropped", "queue_full")] * 2
    assert [receipt.fate for receipt in receipts] == [*dropped, *[PENDING] * 3]
    room.settle(room.take())
    assert [receipt.fate for receipt in receipts] == [*dropped, *[DELIVERED] * 3]
    room.end()


def test_not_in_time(make: Make) -> None:
    """An event that has no outcome in time is pending, and can be asked for again."""
    gate = threading.Event()
    with make(_wait_for(gate)) as consumer:
        receipt = track(consumer)
        assert receipt.wait(0.01) == PENDING
        gate.set()
        assert receipt.wait(DEADLINE_S) == DELIVERED


def test_given_up_at_the_end(make: Make) -> None:
    """What closing could not deliver is dropped, or left in the spool."""
    consumer = make(*[503] * 100, retry_limit=0)
    receipt = track(consumer)
    consumer.close(0.2)
    durable = isinstance(consumer, DurableConsumer)
    left = Fate("pending", "left_in_spool") if durable else Fate("dropped", "undelivered")
    assert receipt.wait(DEADLINE_S) == left
    assert track(consumer).fate == Fate("dropped", "closed")


def test_await(make: Make) -> None:
    """A receipt can be awaited."""

    async def program() -> Fate:
        return await track(consumer)

    with make() as consumer:
        assert asyncio.run(program()) == DELIVERED


def test_in_a_callback(make: Make) -> None:
    """A callback that waits in the thread that sends gets the truth of the moment, at once."""
    seen: list[Fate] = []
    receipts: list[Receipt] = []

    def on_error(_: Problem) -> None:
        receipts.append(track(consumer))
        seen.append(receipts[-1].wait())

    with make(400, on_error=on_error) as consumer:
        assert track(consumer).wait(DEADLINE_S).status == "rejected"
        assert consumer.flush(DEADLINE_S)
        assert seen == [PENDING]
        assert receipts[0].fate == DELIVERED


@pytest.mark.skipif(not hasattr(os, "fork"), reason="not here: no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_f1_in_a_forked_child(make: Make) -> None:
    """A forked child does not know what became of its parent's events, and does not wait."""
    with make() as consumer:
        receipt = track(consumer)
        child = os.fork()
        if child == 0:
            os._exit(receipt.wait() != Fate("unknown"))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert receipt.wait(DEADLINE_S) == DELIVERED


@pytest.mark.skipif(not hasattr(os, "fork"), reason="not here: no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_f1_forked_while_a_thread_held_the_lock() -> None:
    """In a forked child no lock is asked for that a thread of the parent held at the fork."""
    lock = threading.RLock()
    outcomes = Outcomes({}, lock, lambda: None)
    receipt = Receipt(outcomes, 0, 0)
    held, forked = threading.Event(), threading.Event()

    def hold() -> None:
        with lock:
            held.set()
            forked.wait(DEADLINE_S)

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(DEADLINE_S)
    if (child := os.fork()) == 0:
        signal.alarm(int(DEADLINE_S))  # ends a child that waits for the lock
        fates = [receipt.fate, receipt.wait(), asyncio.run(_awaited(receipt))]
        os._exit(fates != [Fate("unknown")] * 3)
    forked.set()
    holder.join(DEADLINE_S)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_so_many_losses_that_some_are_forgotten() -> None:
    """Fates that are no longer remembered are unknown, never told wrongly."""
    transport = MemoryTransport([400] * 1200)
    with AsyncBufferedConsumer(
        "p", "d", "http://x.example", max_size=1, transport=transport
    ) as consumer:
        receipts = [track(consumer) for _ in range(1200)]
        assert consumer.flush(DEADLINE_S)
        fates = [receipt.fate.status for receipt in receipts]
        assert fates == ["unknown"] * 200 + ["rejected"] * 1000


def test_invalid_and_filtered() -> None:
    """What never reached the consumer has a receipt, too, where it is dropped."""
    consumer = AsyncBufferedConsumer("p", "d", "http://x.example", transport=MemoryTransport())
    tracker = GrowingTracker.consumer(consumer, on_invalid="drop", before_send=lambda _: None)
    receipts = tracker.track_custom_event(""), tracker.track_custom_event("a", anonymous_id="x")
    assert [receipt.fate.status for receipt in receipts] == ["dropped", "dropped"]
    assert receipts[0].fate == Fate("dropped", "invalid")


@pytest.mark.parametrize("strategy", [DefaultConsumer, DebugConsumer])
def test_d6_sent_at_once(strategy: type[DefaultConsumer | DebugConsumer]) -> None:
    """Where a call sends by itself and returns, its receipt says that the event was delivered."""
    consumer = strategy("p", "d", "http://x.example", transport=MemoryTransport([204, 400]))
    tracker = GrowingTracker.consumer(consumer)
    receipt = tracker.track_custom_event("a", anonymous_id="x")
    assert (receipt.fate, receipt.wait(), asyncio.run(_awaited(receipt))) == (DELIVERED,) * 3
    with pytest.raises(RejectedError):
        tracker.track_custom_event("a", anonymous_id="x")
    tracker.close()
    assert tracker.track_custom_event("a", anonymous_id="x").fate == Fate("dropped", "closed")


def test_buffered() -> None:
    """An event that waits for its batch is pending; waiting for it sends it in the caller."""
    transport = MemoryTransport([204, 204, 400, 503, 204])
    consumer = BufferedConsumer("p", "d", "http://x.example", retry_limit=0, transport=transport)
    tracker = GrowingTracker.consumer(consumer)

    def track_one() -> Receipt:
        return tracker.track_custom_event("a", anonymous_id="x")

    first, second = track_one(), track_one()
    assert (first.fate, len(transport.requests)) == (PENDING, 0)
    assert first.wait() == DELIVERED
    assert (second.fate, len(transport.requests)) == (DELIVERED, 1)
    assert asyncio.run(_awaited(track_one())) == DELIVERED
    assert track_one().wait() == Fate("rejected", "status_400")
    assert (kept := track_one()).wait(0.0) == PENDING, "the server was asked once"
    assert kept.wait(DEADLINE_S) == DELIVERED
    assert tracker.close()


def test_buffered_in_a_callback() -> None:
    """In on_error, which the sending call runs, waiting for an event returns at once."""
    seen: list[Fate] = []
    transport = MemoryTransport([400])

    def on_error(_: Problem) -> None:
        seen.append(tracker.track_custom_event("late", anonymous_id="x").wait())

    consumer = BufferedConsumer(
        "p", "d", "http://x.example", on_error=on_error, transport=transport
    )
    tracker = GrowingTracker.consumer(consumer)
    assert tracker.track_custom_event("a", anonymous_id="x").wait().status == "rejected"
    assert seen == [PENDING]
    assert tracker.close()


def test_consumer_of_ones_own() -> None:
    """What a consumer of one's own did with an event nobody knows, and the receipt says so."""

    class Own(Consumer):
        def send(self, message: object) -> None:
            pass

    own = GrowingTracker.consumer(Own("p", "d", "http://x.example"))
    assert own.track_custom_event("a", anonymous_id="x").wait() == Fate("unknown")


async def _awaited(receipt: Receipt) -> Fate:
    return await receipt

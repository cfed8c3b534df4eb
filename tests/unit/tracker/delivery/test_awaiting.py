"""Flushing and closing in an event loop."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from delivering.waiting import DEADLINE_S, until
from growingio_tracker import (
    AsyncBufferedConsumer,
    BufferedConsumer,
    GrowingTracker,
    RejectedError,
)
from growingio_tracker.testing import MemoryTransport
from growingio_wire.http import Request, Response


def test_the_loop_goes_on() -> None:
    """While a flush waits for the server, other tasks of the loop run."""
    answer = threading.Event()

    def slow(_: Request) -> Response:
        assert answer.wait(DEADLINE_S)
        return Response(204)

    consumer = AsyncBufferedConsumer(
        "p", "d", "http://x.example", transport=MemoryTransport([slow])
    )

    async def program() -> bool:
        async with GrowingTracker.consumer(consumer) as tracker:
            tracker.track_custom_event("a", anonymous_id="x")
            flushing = asyncio.create_task(tracker.aflush(DEADLINE_S))
            await asyncio.sleep(0)
            answer.set()  # only another task can do this
            return await flushing

    assert asyncio.run(program())
    assert consumer.stats().delivered == 1


def test_async_with_closes() -> None:
    """Leaving `async with` delivers what waits, and closes."""
    transport = MemoryTransport()
    consumer = AsyncBufferedConsumer("p", "d", "http://x.example", transport=transport)

    async def program() -> None:
        async with GrowingTracker.consumer(consumer) as tracker:
            tracker.track_custom_event("a", anonymous_id="x")
        tracker.track_custom_event("late", anonymous_id="x")

    asyncio.run(program())
    stats = consumer.stats()
    assert (stats.delivered, stats.dropped) == (1, {"closed": 1})


def test_timeout() -> None:
    """A flush that is not answered in time returns False, in about that time."""
    answer = threading.Event()

    def never(_: Request) -> Response:
        answer.wait(DEADLINE_S)
        return Response(204)

    consumer = AsyncBufferedConsumer(
        "p", "d", "http://x.example", transport=MemoryTransport([never])
    )
    tracker = GrowingTracker.consumer(consumer)
    tracker.track_custom_event("a", anonymous_id="x")
    begin = time.monotonic()
    assert asyncio.run(tracker.aflush(0.05)) is False
    assert time.monotonic() - begin < DEADLINE_S
    answer.set()
    assert asyncio.run(tracker.aclose(DEADLINE_S))


def held(*, workers: int = 1) -> tuple[GrowingTracker, threading.Event]:
    """Return a tracker whose server answers when the event is set."""
    answer = threading.Event()

    def wait(_: Request) -> Response:
        assert answer.wait(DEADLINE_S)
        return Response(204)

    transport = MemoryTransport([wait] * workers)
    consumer = AsyncBufferedConsumer(
        "p", "d", "http://x.example", workers=workers, transport=transport
    )
    return GrowingTracker.consumer(consumer), answer


def threads() -> set[str]:
    """Return the names of the threads that do not send."""
    return {one.name for one in threading.enumerate() if one.name != "growingio-sender"}


def test_e6_no_thread_is_taken() -> None:
    """Awaiting any number of receipts, and a flush, takes no thread at all."""
    tracker, answer = held()

    async def program() -> None:
        before = threads()
        receipts = [tracker.track_custom_event("a", anonymous_id="x") for _ in range(200)]
        waiting = [asyncio.ensure_future(receipt) for receipt in receipts]
        flushing = asyncio.ensure_future(tracker.aflush())
        await asyncio.sleep(0.05)
        assert threads() <= before
        assert not any(one.done() for one in waiting)
        answer.set()
        assert {fate.status for fate in await asyncio.gather(*waiting)} == {"delivered"}
        assert await flushing

    asyncio.run(program())
    tracker.close()


def test_e6_nothing_outlives_its_task() -> None:
    """A wait that is cancelled is over: the event loop ends while the server says nothing."""
    tracker, answer = held()

    async def program() -> None:
        receipt = tracker.track_custom_event("a", anonymous_id="x")
        for waiting in (receipt, tracker.aflush(), tracker.aclose(DEADLINE_S)):
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(waiting, 0.01)

    before = threads()
    begin = time.monotonic()
    asyncio.run(program())
    assert time.monotonic() - begin < DEADLINE_S / 2
    assert threads() <= before
    answer.set()
    assert tracker.close(DEADLINE_S), "its outcome comes when the loop is gone, and harms nobody"


def test_e6_consumer_that_sends_in_its_caller() -> None:
    """Where flushing sends by itself, it does so in a thread that the loop does not wait for."""
    answer = threading.Event()

    def wait(_: Request) -> Response:
        answer.wait(DEADLINE_S)
        return Response(503)

    consumer = BufferedConsumer(
        *("p", "d", "http://x.example"),
        retry_limit=0,
        transport=MemoryTransport([wait, 204]),
    )
    tracker = GrowingTracker.consumer(consumer)
    tracker.track_custom_event("a", anonymous_id="x")

    async def cancelled() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(tracker.aflush(), 0.01)

    asyncio.run(cancelled())
    answer.set()
    until(lambda: consumer.stats().last_error)
    assert asyncio.run(tracker.aflush()) is True
    assert tracker.close()


def test_e6_errors_arrive() -> None:
    """What flushing raises in a thread of its own is raised by the coroutine."""
    consumer = BufferedConsumer(
        *("p", "d", "http://x.example"), retry_limit=0, transport=MemoryTransport([503, 204])
    )
    tracker = GrowingTracker.consumer(consumer)
    tracker.track_custom_event("a", anonymous_id="x")
    with pytest.raises(RejectedError):
        asyncio.run(tracker.aflush())
    assert asyncio.run(tracker.aclose()) is True

"""Flushing and closing in an event loop."""

from __future__ import annotations

import asyncio
import threading
import time

from delivering.waiting import DEADLINE_S
from growingio_tracker import AsyncBufferedConsumer, GrowingTracker
from growingio_tracker.testing import MemoryTransport
from growingio_tracker.transport.base import Request, Response


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

"""What is bound in one place of a program never shows in another."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import threading
import weakref
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from delivering.waiting import DEADLINE_S, in_threads
from growingio_tracker import GrowingTracker
from growingio_tracker.model.binding import bindings
from growingio_tracker.testing import RecordingConsumer


@pytest.fixture
def consumer() -> RecordingConsumer:
    return RecordingConsumer()


@pytest.fixture
def tracker(consumer: RecordingConsumer) -> GrowingTracker:
    """Whoever is not bound is nobody."""
    return GrowingTracker.consumer(consumer).bind(anonymous_id="nobody")


def who(tracker: GrowingTracker, consumer: RecordingConsumer) -> str | None:
    """Return whom an event that is tracked here and now is about."""
    name = f"event-{threading.get_ident()}"
    tracker.track_custom_event(name)
    return consumer.assert_tracked(name)[-1].user_id


def block(tracker: GrowingTracker, user: str) -> Iterator[str]:
    """A generator with a context inside."""
    with tracker.context(login_user_id=user):
        yield user


def test_pool_threads_are_clean(tracker: GrowingTracker, consumer: RecordingConsumer) -> None:
    """A thread that serves one request after the other takes nothing from one to the next."""

    def serve(number: int) -> tuple[str | None, str | None, str | None]:
        before = who(tracker, consumer)
        with tracker.context(login_user_id=f"u{number}"):
            inside = who(tracker, consumer)
        return before, inside, who(tracker, consumer)

    with ThreadPoolExecutor(3) as pool:
        served = list(pool.map(serve, range(50)))
    assert served == [(None, f"u{number}", None) for number in range(50)]


def test_executors(tracker: GrowingTracker, consumer: RecordingConsumer) -> None:
    """run_in_executor does not take the context along, to_thread does; neither keeps it."""

    async def program() -> list[str | None]:
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1) as pool:
            loop.set_default_executor(pool)  # one thread, which would keep what is left behind
            with tracker.context(login_user_id="u1"):
                first = await loop.run_in_executor(None, who, tracker, consumer)
                second = await asyncio.to_thread(who, tracker, consumer)
                copied = contextvars.copy_context()
                third = await loop.run_in_executor(None, copied.run, who, tracker, consumer)
            return [first, second, third, await loop.run_in_executor(None, who, tracker, consumer)]

    assert asyncio.run(program()) == [None, "u1", "u1", None]


def test_task_outlives_the_block(tracker: GrowingTracker, consumer: RecordingConsumer) -> None:
    """A task keeps what was bound where it was started, and what it binds stays inside it."""

    async def later(started: asyncio.Event) -> str | None:
        await started.wait()
        found = who(tracker, consumer)
        tracker.context(login_user_id="inner").__enter__()  # and never ends it
        return found

    async def program() -> list[str | None]:
        started = asyncio.Event()
        with tracker.context(login_user_id="u1"):
            task = asyncio.create_task(later(started))
        started.set()
        return [who(tracker, consumer), await task, who(tracker, consumer)]

    assert asyncio.run(program()) == [None, "u1", None]


def test_cancelled_task(tracker: GrowingTracker, consumer: RecordingConsumer) -> None:
    """A task that is cancelled inside a block leaves it."""

    async def wait() -> None:
        try:
            with tracker.context(login_user_id="u1"):
                await asyncio.sleep(DEADLINE_S)
        finally:
            assert who(tracker, consumer) is None

    async def program() -> None:
        task = asyncio.create_task(wait())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert who(tracker, consumer) is None

    asyncio.run(program())


@pytest.mark.parametrize("error", [KeyError, KeyboardInterrupt, GeneratorExit])
def test_exceptions(
    error: type[BaseException], tracker: GrowingTracker, consumer: RecordingConsumer
) -> None:
    """Each exception restores the block around it, and at last nothing is bound."""
    with tracker.context(login_user_id="outer"):
        inner = tracker.context(login_user_id="inner")
        with pytest.raises(error), inner:
            raise error
        assert who(tracker, consumer) == "outer"
    assert who(tracker, consumer) is None
    assert bindings() is None


def test_generator_in_a_loop(tracker: GrowingTracker, consumer: RecordingConsumer) -> None:
    """A generator's block holds until it is ended; Python has no contexts of their own for them."""
    generator = block(tracker, "u1")
    next(generator)
    assert who(tracker, consumer) == "u1"
    generator.close()  # type: ignore[attr-defined]
    assert who(tracker, consumer) is None


@pytest.mark.parametrize("first", [0, 1])
def test_generators_that_overlap(
    first: int, tracker: GrowingTracker, consumer: RecordingConsumer
) -> None:
    """Of two blocks that overlap the newer one holds, and each takes only its own away."""
    generators = [block(tracker, "u1"), block(tracker, "u2")]
    for generator in generators:
        next(generator)
    assert who(tracker, consumer) == "u2"
    assert next(generators[first], None) is None
    assert who(tracker, consumer) == ("u2", "u1")[first]
    assert next(generators[1 - first], None) is None
    assert who(tracker, consumer) is None
    assert bindings() is None


def test_overlapping_parts(tracker: GrowingTracker, consumer: RecordingConsumer) -> None:
    """What a block said that has ended is gone, also from what a block inside it had taken over."""
    outer = tracker.context(login_user_id="u1", attributes={"outer": 1})
    inner = tracker.context(anonymous_id="v", attributes={"inner": 1})
    outer.__enter__()
    inner.__enter__()
    outer.__exit__(None, None, None)
    tracker.track_custom_event("a")
    [event] = consumer.events
    assert (event.user_id, event.anonymous_id, event.attributes) == (None, "v", {"inner": 1})
    inner.__exit__(None, None, None)
    assert bindings() is None


def test_async_generators(tracker: GrowingTracker, consumer: RecordingConsumer) -> None:
    """Async generators that two tasks go through in turns keep apart, also when left half-way."""

    async def visits(user: str) -> AsyncIterator[None]:
        with tracker.context(login_user_id=user):
            for _ in range(3):
                yield
                await asyncio.sleep(0)

    async def task(user: str) -> set[str | None]:
        found, generator = set(), visits(user)
        async for _ in generator:
            found.add(who(tracker, consumer))
            if user == "u2":
                break
        await generator.aclose()  # type: ignore[attr-defined]
        return found | {who(tracker, consumer)}

    async def program() -> list[set[str | None]]:
        return await asyncio.gather(*(task(f"u{number}") for number in range(4)))

    assert asyncio.run(program()) == [{f"u{number}", None} for number in range(4)]


def test_ended_in_a_copy(tracker: GrowingTracker, consumer: RecordingConsumer) -> None:
    """A block that ends in a copy of its context ends there, and where it began it goes on."""
    generator, began = block(tracker, "u1"), contextvars.copy_context()
    began.run(next, generator)
    copied = began.copy()
    copied.run(generator.close)  # type: ignore[attr-defined]
    assert copied.run(who, tracker, consumer) is None
    assert began.run(who, tracker, consumer) == "u1"


def test_bound_trackers_share_nothing(consumer: RecordingConsumer) -> None:
    """Binding copies: threads that bind the same tracker see their own user only."""
    tracker = GrowingTracker.consumer(consumer)

    def serve(user: str) -> None:
        bound = tracker.bind(login_user_id=user)
        for _ in range(50):
            bound.track_custom_event(user)

    users = [f"u{number}" for number in range(8)]
    in_threads([lambda user=user: serve(user) for user in users])  # type: ignore[misc]
    for user in users:
        consumer.assert_tracked(user, count=50, user_id=user)


def test_two_trackers_overlap(consumer: RecordingConsumer) -> None:
    """Overlapping blocks of different trackers do not take each other's away."""
    first, second = (GrowingTracker.consumer(consumer).bind(anonymous_id="v") for _ in range(2))
    one, two = first.context(login_user_id="u1"), second.context(login_user_id="u2")
    one.__enter__()
    two.__enter__()
    one.__exit__(None, None, None)
    assert (who(first, consumer), who(second, consumer)) == (None, "u2")
    two.__exit__(None, None, None)
    assert bindings() is None


def test_nothing_is_kept_alive(consumer: RecordingConsumer) -> None:
    """A tracker whose blocks have ended is freed, and so is what they held."""

    class Finder:
        def __call__(self) -> str:
            return "u1"

    tracker, finder = GrowingTracker.consumer(consumer), Finder()
    freed = weakref.ref(tracker), weakref.ref(finder)
    with tracker.context(login_user_id=finder), tracker.context(anonymous_id="v"):
        tracker.track_custom_event("a")
    del tracker, finder
    gc.collect()
    assert [reference() for reference in freed] == [None, None]

"""record_everything: all consumers of the process record, and nothing reaches the network."""

from __future__ import annotations

import asyncio
import gc
import io
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from delivering.rig import HOST, names
from delivering.servers import Server
from delivering.waiting import DEADLINE_S, in_threads, until
from growingio_tracker import (
    AsyncBufferedConsumer,
    BufferedConsumer,
    Consumer,
    CustomEventMessage,
    DebugConsumer,
    DefaultConsumer,
    DurableConsumer,
    ExperimentOptions,
    GrowingTracker,
)
from growingio_tracker.model import Message
from growingio_tracker.testing import (
    MemoryTransport,
    RecordingConsumer,
    WouldSendError,
    record_everything,
)


def tracked(tracker: GrowingTracker, name: str) -> None:
    """Track one event."""
    tracker.track_custom_event(name, login_user_id="u1")


CONSUMERS: list[Any] = [
    DefaultConsumer,
    BufferedConsumer,
    AsyncBufferedConsumer,
    lambda *ids, **options: AsyncBufferedConsumer(*ids, workers=3, **options),
    lambda *ids, **options: DebugConsumer(*ids, stream=io.StringIO(), **options),
]


@pytest.mark.parametrize("make", CONSUMERS)
def test_consumers_made_before(make: Any) -> None:
    """A consumer that has sent already records inside the block, and sends again behind it."""
    transport = MemoryTransport()
    tracker = GrowingTracker.consumer(make("p", "d", HOST, transport=transport))
    tracked(tracker, "before")
    assert tracker.flush(DEADLINE_S)
    with record_everything() as events:
        tracked(tracker, "inside")
        assert tracker.flush(DEADLINE_S)
        assert tracker.stats().delivered == 1
    tracked(tracker, "after")
    assert tracker.close(DEADLINE_S)
    assert [event.name for event in events.events] == ["inside"]
    assert [name for request in transport.requests for name in names(request)] == [
        "before",
        "after",
    ]
    assert tracker.stats().accepted == 2


@pytest.mark.parametrize("make", CONSUMERS)
def test_consumers_made_inside(make: Any) -> None:
    """A consumer that is made or first used inside records there, and sends behind the block."""
    transport = MemoryTransport()
    unused = GrowingTracker.consumer(make("p", "d", HOST, transport=transport))
    with record_everything() as events:
        new = GrowingTracker.consumer(make("p", "d", HOST, transport=transport))
        tracked(unused, "a")
        tracked(new, "b")
    assert [event.name for event in events.events] == ["a", "b"]
    assert transport.requests == []
    for tracker in (unused, new):
        tracked(tracker, "after")
        assert tracker.close(DEADLINE_S)
    assert [names(request) for request in transport.requests] == [["after"], ["after"]]


def test_durable(tmp_path: Path) -> None:
    """A durable consumer's directory is not touched."""
    consumer = DurableConsumer("p", "d", HOST, spool=tmp_path / "spool")
    with record_everything() as events:
        tracked(GrowingTracker.consumer(consumer), "a")
        events.assert_tracked("a", count=1)
    assert not (tmp_path / "spool").exists()


def test_waiting_events_keep_waiting() -> None:
    """What waited before the block is sent behind it, and what fails inside is nobody's fault."""
    with Server() as server:
        consumer = AsyncBufferedConsumer("p", "d", server.url, flush_after=600)
        tracked(GrowingTracker.consumer(consumer), "waiting")
        engine = consumer._pipelines.peek()
        assert engine is not None
        with record_everything():
            assert engine.flush(0) is False  # as the background thread's next round would
            until(lambda: engine.ledger.last_error, "an attempt")
            assert server.received == []
            assert consumer.stats().pending == 0
        assert consumer.stats().pending == 1
        assert consumer.close(DEADLINE_S)
        assert server.names == ["waiting"]


def test_closed_inside() -> None:
    """A tracker that is closed inside, as when an application ends, is open behind the block."""
    transport = MemoryTransport()
    tracker = GrowingTracker.consumer(DefaultConsumer("p", "d", HOST, transport=transport))
    for _ in range(2):
        with record_everything() as events:
            tracked(tracker, "a")
            tracker.close()
            tracked(tracker, "late")
        events.assert_tracked("a", count=1)
        events.assert_tracked("late", count=0)
    tracked(tracker, "after")
    assert len(transport.requests) == 1


def test_disabled_consumers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where GROWINGIO_DISABLED is set, everything inside is recorded all the same."""
    monkeypatch.setenv("GROWINGIO_DISABLED", "1")
    tracker = GrowingTracker("p", "d", HOST)
    with record_everything() as events:
        tracked(tracker, "a")
    tracked(tracker, "after")
    events.assert_tracked("a", count=1)
    assert tracker.stats().dropped == {"disabled": 1}


class _Own(Consumer):
    def __init__(self) -> None:
        super().__init__("p", "d", HOST)
        self.sent: list[Message] = []

    def send(self, message: Message) -> None:
        self.sent.append(message)


class _Adding(AsyncBufferedConsumer):
    def send(self, message: Message) -> None:
        assert isinstance(message, CustomEventMessage)
        message.attributes = {"added": 1}
        super().send(message)


class _Foreign:
    def __init__(self) -> None:
        self.sent: list[Message] = []

    def send(self, message: Message) -> None:
        self.sent.append(message)


def test_consumers_of_ones_own() -> None:
    """A consumer that sends by itself records instead; one that changes messages does so first."""
    own, foreign = _Own(), _Foreign()
    trackers = [
        GrowingTracker.consumer(own),
        GrowingTracker.consumer(_Adding("p", "d", HOST)),
        GrowingTracker("p", "d", HOST, foreign),  # type: ignore[arg-type]
    ]
    with record_everything() as events:
        for number, tracker in enumerate(trackers):
            tracked(tracker, f"a{number}")
    assert [event.name for event in events.events] == ["a0", "a1", "a2"]
    assert events.events[1].attributes == {"added": 1}
    assert (own.sent, foreign.sent) == ([], [])
    tracked(trackers[0], "after")
    assert len(own.sent) == 1


def test_recording_consumer() -> None:
    """A RecordingConsumer inside the block records as well as the block does."""
    consumer = RecordingConsumer()
    with record_everything() as events:
        tracked(GrowingTracker.consumer(consumer), "a")
    assert events.events == consumer.events
    assert len(events.events) == 1


def test_nested() -> None:
    """The inner one of two blocks records, then again the outer one."""
    tracker = GrowingTracker("p", "d", HOST)
    with record_everything() as outer:
        tracked(tracker, "a")
        with record_everything() as inner:
            tracked(tracker, "b")
        tracked(tracker, "c")
    assert [event.name for event in outer.events] == ["a", "c"]
    assert [event.name for event in inner.events] == ["b"]


def test_a_block_that_raises() -> None:
    """Behind a block that raises everything is what it was."""
    transport = MemoryTransport()
    tracker = GrowingTracker.consumer(DefaultConsumer("p", "d", HOST, transport=transport))
    block = record_everything()
    with pytest.raises(KeyError), block:
        raise KeyError
    tracked(tracker, "after")
    assert len(transport.requests) == 1


class _Posting(DefaultConsumer):
    """Never gives its events to the strategy."""

    def send(self, message: Message) -> None:
        self.post_data(self.endpoints["collect"], [message])


def test_unrecorded_consumer() -> None:
    """A consumer that posts by itself raises there and at the end, by its name and the block's."""
    tracker = GrowingTracker.consumer(_Posting("p", "d", HOST))
    said = r"_Posting\(.*server_host='http://collect.example'\) would post to .* in the test t, but"
    block = record_everything("the test t")
    events = block.__enter__()
    with pytest.raises(WouldSendError, match=said):
        tracked(tracker, "a")
    events.assert_nothing_tracked()
    with pytest.raises(WouldSendError, match=said):
        block.__exit__(None, None, None)


def test_experiments_do_not_leave() -> None:
    """The experiment server is not asked, which fails the block; a transport that was given is."""
    with Server() as server:
        tracker = GrowingTracker("p", "d", HOST, experiments=ExperimentOptions(host=server.url))
        block = record_everything()
        block.__enter__()
        with pytest.raises(WouldSendError, match="a request to http://127"):
            tracker.experiment("1", "v")
        with pytest.raises(WouldSendError, match="a request to http://127"):
            block.__exit__(None, None, None)
        assert server.received == []
    own = ExperimentOptions(transport=MemoryTransport())
    with record_everything():
        GrowingTracker("p", "d", HOST, experiments=own).experiment("1", "v")


def test_threads_and_tasks() -> None:
    """Threads and tasks of the program record, while blocks begin and end around them."""
    tracker = GrowingTracker.consumer(
        AsyncBufferedConsumer("p", "d", HOST, transport=MemoryTransport())
    )
    tracked(tracker, "before")  # what is made by the first event is no matter of this test
    counts: list[int] = []
    ended = threading.Event()

    def track() -> None:
        while not ended.wait(0.001):  # an endless loop would fill the queue of a busy machine
            tracked(tracker, "thread")

    def switch() -> None:
        try:
            for _ in range(20):
                with record_everything() as events:
                    asyncio.run(tracks())
                counts.append(len(events.assert_tracked("task")))
        finally:
            ended.set()

    async def tracks() -> None:
        await asyncio.gather(
            *(one() for _ in range(3)), asyncio.to_thread(tracked, tracker, "task")
        )

    async def one() -> None:
        tracked(tracker, "task")

    in_threads([track, track, switch])
    assert counts == [4] * 20
    assert tracker.close(DEADLINE_S)
    stats = tracker.stats()
    assert stats.accepted == stats.delivered


def test_nothing_is_kept_alive() -> None:
    """A consumer that recorded is freed like any other."""
    consumer = DefaultConsumer("p", "d", HOST)
    with record_everything():
        tracked(GrowingTracker.consumer(consumer), "a")
    freed = weakref.ref(consumer)
    del consumer
    gc.collect()
    assert freed() is None


@pytest.mark.parametrize("call", [lambda t: t.flush(), lambda t: t.healthy(), lambda t: t.stats()])
def test_first_call_inside(call: Callable[[GrowingTracker], object]) -> None:
    """Whatever a consumer is first asked inside a block, it sends by itself behind it."""
    transport = MemoryTransport()
    tracker = GrowingTracker.consumer(DefaultConsumer("p", "d", HOST, transport=transport))
    with record_everything():
        call(tracker)
    tracked(tracker, "after")
    assert len(transport.requests) == 1

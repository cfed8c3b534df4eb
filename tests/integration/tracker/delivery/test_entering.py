"""Events that wait for room in a full queue (``overflow="block"``), and who makes the room."""

from __future__ import annotations

import threading

import pytest

from delivering.servers import Server
from delivering.waiting import DEADLINE_S, Running, in_threads
from growingio_tracker import (
    AsyncBufferedConsumer,
    BufferedConsumer,
    GrowingIOException,
    GrowingTracker,
    Problem,
    QueueLimits,
    Receipt,
)

FOREVER_S = 100 * DEADLINE_S


def blocking(max_events: int = 1, **limits: int) -> QueueLimits:
    """Return limits of a queue in which an event waits longer than any test."""
    return QueueLimits(max_events, overflow="block", block_s=FOREVER_S, **limits)


def test_a_callback_does_not_wait_for_itself() -> None:
    """An event of on_error is refused by a full queue, which only its own thread could empty."""
    receipts: list[Receipt] = []

    def track_again(problem: Problem) -> None:
        if problem.reason != "queue_full":
            receipts.append(tracker.track_custom_event("callback", anonymous_id="x"))

    with (
        Server(400) as server,
        AsyncBufferedConsumer(
            "p", "d", server.url, queue=blocking(), on_error=track_again
        ) as consumer,
    ):
        tracker = GrowingTracker.consumer(consumer)
        rejected = tracker.track_custom_event("rejected", anonymous_id="x")
        assert rejected.wait(DEADLINE_S).status == "rejected"
    assert [receipt.fate.reason for receipt in receipts] == ["queue_full"]


def test_an_event_that_never_fits() -> None:
    """An event larger than the queue is refused immediately, and needs no sending thread."""
    limits = blocking(max_bytes=10)
    with AsyncBufferedConsumer("p", "d", "http://127.0.0.1:9", queue=limits) as consumer:
        tracker = GrowingTracker.consumer(consumer)
        before = set(threading.enumerate())
        refused: list[Receipt] = []
        in_threads([lambda: refused.append(tracker.track_custom_event("e", anonymous_id="x"))])
        assert [receipt.fate.reason for receipt in refused] == ["queue_full"]
        assert set(threading.enumerate()) == before


def test_the_caller_sends_before_it_waits() -> None:
    """A call of BufferedConsumer that finds the queue full sends it, instead of waiting for it."""
    with (
        Server(503) as server,
        BufferedConsumer("p", "d", server.url, retry_limit=0, queue=blocking()) as consumer,
    ):
        tracker = GrowingTracker.consumer(consumer)
        with pytest.raises(GrowingIOException):
            tracker.track_custom_event("first", anonymous_id="x")
        Running(lambda: tracker.track_custom_event("second", anonymous_id="x")).wait()
    assert server.names == ["first", "first", "second"]

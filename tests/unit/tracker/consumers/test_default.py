"""DefaultConsumer: D1, D6, E3, F3."""

from __future__ import annotations

import pickle

import pytest

from delivering.rig import HOST, Gate, sent, track
from delivering.waiting import Running, in_threads, until
from growingio_tracker import (
    DefaultConsumer,
    GrowingIOException,
    Problem,
    RejectedError,
    TransportError,
)
from growingio_tracker.testing import Answer, MemoryTransport


def make(*answers: Answer, retry_limit: int = 3) -> tuple[DefaultConsumer, MemoryTransport]:
    transport = MemoryTransport(answers)
    consumer = DefaultConsumer(
        "p", "d", HOST, retry_limit=retry_limit, retry_backoff_factor=0, transport=transport
    )
    return consumer, transport


def test_d1_delivered_at_the_third_attempt() -> None:
    """503, 503, 200 is three requests and one delivery."""
    consumer, transport = make(503, 503, 200)
    track(consumer, "a")
    assert sent(transport) == [["a"]] * 3
    assert (consumer.stats().delivered, consumer.stats().retries) == (1, 2)


def test_each_event_is_a_request() -> None:
    """Each event is one request of its own, made before the call returns."""
    consumer, transport = make()
    for number, name in enumerate("abc", start=1):
        track(consumer, name)
        assert len(transport.requests) == number
    assert sent(transport) == [["a"], ["b"], ["c"]]


@pytest.mark.parametrize("status", [500, 429, 400, 413, 401, 404, 302])
def test_d6_refusal_is_raised(status: int) -> None:
    """When the server has not accepted, the call raises, and says status and the event's fate."""
    consumer, _ = make(*[status] * 9)
    with pytest.raises(RejectedError, match="the event was not kept") as raised:
        track(consumer, "a")
    assert raised.value.status == status
    stats = consumer.stats()
    assert stats.pending == stats.delivered == 0
    assert {**stats.dropped, **stats.rejected} in (
        {"undelivered": 1},
        {f"status_{status}": 1},
    )


def test_d6_no_answer_is_raised() -> None:
    """When no answer came, the call raises TransportError after the repeats."""
    consumer, transport = make(*[TransportError("refused")] * 2, retry_limit=1)
    with pytest.raises(TransportError, match="refused"):
        track(consumer, "a")
    assert len(transport.requests) == 2


def test_d5_a_failure_concerns_one_event() -> None:
    """An event that failed is not sent again with the next one."""
    consumer, transport = make(400, 200)
    with pytest.raises(GrowingIOException):
        track(consumer, "a")
    track(consumer, "b")
    assert sent(transport) == [["a"], ["b"]]


def test_errors_can_be_pickled() -> None:
    """A RejectedError survives the way between processes with status and body."""
    error = pickle.loads(pickle.dumps(RejectedError("message", 503, "body")))
    assert (str(error), error.status, error.body) == ("message", 503, "body")


def test_threads_send_at_the_same_time() -> None:
    """A call does not wait for another thread's request."""
    gate = Gate()
    consumer, transport = make(gate)
    held = Running(lambda: track(consumer, "held"))
    gate.wait()
    in_threads([lambda: track(consumer, "other")] * 4)
    gate.opened.set()
    held.wait()
    assert len(transport.requests) == consumer.stats().delivered == 5


def test_interrupted_call_is_counted() -> None:
    """C4: an event whose call ends with KeyboardInterrupt is counted as undelivered."""

    class Interrupted(MemoryTransport):
        def exchange(self, request: object) -> object:  # type: ignore[override]
            raise KeyboardInterrupt

    consumer = DefaultConsumer("p", "d", HOST, transport=Interrupted())  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        track(consumer, "a")
    assert (consumer.stats().pending, consumer.stats().dropped) == (0, {"undelivered": 1})


def test_e2_closing_cuts_the_backoff_short() -> None:
    """stop() ends the wait of a call that is between two attempts."""
    transport = MemoryTransport([503] * 99)
    consumer = DefaultConsumer(
        "p", "d", HOST, retry_limit=1, retry_backoff_factor=1e9, transport=transport
    )
    call = Running(lambda: track(consumer, "a"))
    until(lambda: transport.requests)
    consumer.stop()
    with pytest.raises(RejectedError):
        call.wait()


def test_e3_closed() -> None:
    """After stop() events are refused, counted as closed, and warned of once; stop() may repeat."""
    problems: list[Problem] = []
    transport = MemoryTransport()
    consumer = DefaultConsumer("p", "d", HOST, transport=transport, on_error=problems.append)
    with consumer:
        track(consumer, "a")
    consumer.stop()
    in_threads([lambda: track(consumer, "b")] * 4)
    assert consumer.stats().dropped == {"closed": 4}
    assert [problem.reason for problem in problems] == ["closed"]
    assert sent(transport) == [["a"]]


def test_f3_on_error_may_track() -> None:
    """An event tracked by on_error is sent like any other, and cannot call it again."""
    problems: list[Problem] = []

    def on_error(problem: Problem) -> None:
        problems.append(problem)
        track(consumer, "trouble")

    transport = MemoryTransport([400, 400, 200])
    consumer = DefaultConsumer("p", "d", HOST, transport=transport, on_error=on_error)
    with pytest.raises(RejectedError):
        track(consumer, "a")
    assert sent(transport) == [["a"], ["trouble"]]
    assert len(problems) == 1
    assert consumer.stats().rejected == {"status_400": 2}

"""BufferedConsumer: C3, D4-D6, E3, E4, F3."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from delivering.rig import HOST, Gate, assert_balanced, names, sent, track
from delivering.waiting import Running, in_threads, until
from growingio_tracker import (
    BufferedConsumer,
    GrowingIOException,
    GrowingParamException,
    GrowingTracker,
    Problem,
    QueueLimits,
    RejectedError,
    TransportError,
)
from growingio_tracker.delivery import Overflow
from growingio_tracker.testing import Answer, MemoryTransport
from growingio_wire.http import Request, Response


def make(
    *answers: Answer,
    max_size: int = 3,
    retry_limit: int = 0,
    on_error: Callable[[Problem], object] | None = None,
) -> tuple[BufferedConsumer, MemoryTransport]:
    transport = MemoryTransport(answers)
    consumer = BufferedConsumer(
        "p",
        "d",
        HOST,
        max_size=max_size,
        retry_limit=retry_limit,
        retry_backoff_factor=0,
        transport=transport,
        on_error=on_error,
    )
    return consumer, transport


def test_c3_max_size_sends() -> None:
    """The event that makes max_size sends the batch, in its own call; earlier ones send nothing."""
    consumer, transport = make()
    track(consumer, "a", "b")
    assert not transport.requests
    track(consumer, "c")
    assert sent(transport) == [["a", "b", "c"]]


@pytest.mark.parametrize("overflow", ["drop_new", "drop_oldest", "block", "raise"])
def test_c3_an_event_that_does_not_fit_sends(overflow: Overflow) -> None:
    """An event that does not fit beside the queued ones sends them, and is queued itself."""
    transport = MemoryTransport()
    queue = QueueLimits(max_bytes=1000, overflow=overflow)
    tracker = GrowingTracker.consumer(
        BufferedConsumer("p", "d", HOST, queue=queue, transport=transport)
    )
    for name in "abc":
        tracker.track_custom_event(name, login_user_id="u", attributes={"text": "x" * 500})
    assert sent(transport) == [["a"], ["b"]]
    stats = tracker.stats()
    assert (stats.pending, stats.delivered, stats.dropped) == (1, 2, {})


def test_c3_an_item_pushes_nothing_out() -> None:
    """An item is sent at once and alone; queued events stay queued."""
    consumer, transport = make()
    track(consumer, "a")
    GrowingTracker.consumer(consumer).submit_item("k", "i")
    [request] = transport.requests
    assert "/collect/item" in request.url
    assert consumer.stats().pending == 1


@pytest.mark.parametrize("max_size", [0, -1, 11, True, 1.5, "3", None])
def test_c3_max_size_out_of_range(max_size: object) -> None:
    """A max_size that the queue cannot hold is refused, not cut."""
    with pytest.raises(GrowingParamException, match="max_size must be"):
        BufferedConsumer(
            "p",
            "d",
            HOST,
            max_size=max_size,  # type: ignore[arg-type]
            queue=QueueLimits(max_events=10),
        )


def test_d6_failure_is_raised_and_kept() -> None:
    """When the server does not accept, the call raises, and the events stay queued in order."""
    consumer, transport = make(503, 200)
    with pytest.raises(RejectedError, match="stays queued"):
        track(consumer, "a", "b", "c")
    assert consumer.stats().pending == 3
    track(consumer, "d")
    assert sent(transport) == [["a", "b", "c"]] * 2
    assert consumer.flush()
    assert sent(transport)[-1] == ["d"]


def test_d6_rejection_is_raised() -> None:
    """A rejected event is raised in the call that sent it; the others are delivered."""

    def answer(request: Request) -> Response:
        return Response(400 if "b" in names(request) else 200)

    consumer, _ = make(*[answer] * 9)
    with pytest.raises(RejectedError, match="given up, the others were delivered"):
        track(consumer, "a", "b", "c")
    stats = consumer.stats()
    assert (stats.delivered, stats.rejected, stats.pending) == (2, {"status_400": 1}, 0)


def test_d5_delivered_batches_are_not_repeated() -> None:
    """After a later batch has failed, flush sends only what was not delivered."""
    consumer, transport = make(200, 503, 200, max_size=2)
    track(consumer, "a", "b", "c")
    with pytest.raises(RejectedError):
        track(consumer, "d")
    assert consumer.flush()
    assert sent(transport) == [["a", "b"], ["c", "d"], ["c", "d"]]


def test_d5_server_that_counts() -> None:
    """With every second request failing, each event arrives exactly once, in order."""
    consumer, transport = make(*[200, 503] * 50, max_size=2)
    for number in range(30):
        try:
            track(consumer, f"{number}")
        except GrowingIOException:
            continue
    while consumer.stats().pending:
        try:
            consumer.flush()
        except GrowingIOException:
            continue
    delivered = sent(transport)[::2]
    assert [name for batch in delivered for name in batch] == [str(number) for number in range(30)]


def test_e4_flush() -> None:
    """flush() sends what waits and returns True; with nothing waiting it sends nothing."""
    consumer, transport = make()
    assert consumer.flush()
    track(consumer, "a")
    assert consumer.flush(5.0)
    assert consumer.flush(0.0)
    assert sent(transport) == [["a"]]


def test_keyboard_interrupt_loses_nothing() -> None:
    """KeyboardInterrupt during flush leaves the events queued; the next flush delivers them."""
    interrupts: list[BaseException] = [KeyboardInterrupt()]

    def answer(request: Request) -> Response:
        raise interrupts.pop()

    consumer, transport = make(answer)
    track(consumer, "a", "b")
    with pytest.raises(KeyboardInterrupt):
        consumer.flush()
    assert consumer.stats().pending == 2
    assert consumer.flush()
    assert sent(transport) == [["a", "b"]] * 2
    assert_balanced(consumer._pipelines.get().ledger)


def test_threads_neither_lose_nor_repeat() -> None:
    """From many threads each event is sent exactly once, and each thread's events in order."""
    consumer, transport = make(max_size=7)

    def call(thread: int) -> None:
        for number in range(100):
            track(consumer, f"{thread}-{number}")

    in_threads([lambda n=n: call(n) for n in range(6)])  # type: ignore[misc]
    consumer.flush()
    arrived = [name for batch in sent(transport) for name in batch]
    assert len(arrived) == 600
    for thread in range(6):
        own = [name for name in arrived if name.startswith(f"{thread}-")]
        assert own == [f"{thread}-{number}" for number in range(100)]


def test_threads_and_failures() -> None:
    """From many threads, with a third of all requests failing, each event is delivered once."""
    delivered: list[str] = []
    lock = threading.Lock()
    calls = iter(range(10_000))

    def answer(request: Request) -> Response:
        with lock:
            if next(calls) % 3 == 0:
                return Response(503)
            delivered.extend(names(request))
        return Response(200)

    consumer, _ = make(*[answer] * 10_000, max_size=5)

    def call(thread: int) -> None:
        for number in range(100):
            try:
                track(consumer, f"{thread}-{number}")
            except GrowingIOException:
                continue

    in_threads([lambda n=n: call(n) for n in range(4)])  # type: ignore[misc]
    while consumer.stats().pending:
        try:
            consumer.flush()
        except GrowingIOException:
            continue
    assert len(delivered) == len(set(delivered)) == 400
    assert_balanced(consumer._pipelines.get().ledger)


def test_a_call_does_not_wait_for_another_threads_request() -> None:
    """While one thread sends, the calls of others return; the first one sends their batches too."""
    gate = Gate()
    consumer, transport = make(gate, max_size=2)
    sending = Running(lambda: track(consumer, "a", "b"))
    gate.wait()
    track(consumer, "c", "d", "e")
    gate.opened.set()
    sending.wait()
    assert sent(transport) == [["a", "b"], ["c", "d"]]
    assert consumer.stats().pending == 1


def test_e4_flush_waits_for_another_threads_request() -> None:
    """flush returns when the batch in another thread's hands has an outcome, too."""
    gate = Gate()
    consumer, _ = make(gate, max_size=2)
    sending = Running(lambda: track(consumer, "a", "b"))
    gate.wait()
    assert consumer.flush(0.0) is False
    flushing = Running(consumer.flush)
    gate.opened.set()
    sending.wait()
    assert flushing.wait() is True


def test_e4_flush_takes_over_from_a_thread_that_failed() -> None:
    """When the thread that was sending fails, a waiting flush tries itself, and delivers.

    It does so at once, also when the server asked for patience: the caller asks again.
    """
    gate = Gate(503, **{"retry-after": "300"})
    consumer, transport = make(gate, 200, max_size=2)
    sending = Running(lambda: track(consumer, "a", "b"))
    gate.wait()
    flushing = Running(consumer.flush)
    gate.opened.set()
    with pytest.raises(RejectedError):
        sending.wait()
    assert flushing.wait() is True
    assert len(transport.requests) == 2


def test_e3_close_delivers() -> None:
    """close() sends what waits, says True, and may be called again; later events are refused."""
    consumer, transport = make()
    track(consumer, "a")
    assert consumer.close()
    assert consumer.close()
    track(consumer, "b")
    assert sent(transport) == [["a"]]
    assert consumer.stats().dropped == {"closed": 1}


def test_e3_close_with_a_dead_server() -> None:
    """close() raises nothing; what it cannot deliver is counted and reported, and it says False."""
    problems: list[Problem] = []
    consumer, transport = make(*[TransportError("refused")] * 9, on_error=problems.append)
    track(consumer, "a", "b")
    assert consumer.close() is False
    assert consumer.close() is False
    assert consumer.stats().dropped == {"undelivered": 2}
    assert [(problem.reason, problem.events) for problem in problems] == [("undelivered", 2)]
    assert len(transport.requests) == 1


def test_e1_close_tries_every_kind() -> None:
    """When one kind cannot be delivered at close, the others still are."""

    def answer(request: Request) -> Response:
        return Response(404 if "/item" in request.url else 200)

    consumer, _ = make(*[answer] * 9)
    with pytest.raises(RejectedError):
        GrowingTracker.consumer(consumer).submit_item("k", "i")
    with pytest.raises(RejectedError, match="/item answered 404"):
        track(consumer, "a")
    consumer.close()
    assert consumer.stats().delivered == 1
    assert consumer.stats().dropped == {"undelivered": 1}


def test_d3_wrong_address_of_one_kind() -> None:
    """Items whose address is wrong are kept and raised in every call; events are delivered."""

    def answer(request: Request) -> Response:
        return Response(404 if "/item" in request.url else 200)

    consumer, _ = make(*[answer] * 99, max_size=2)
    with pytest.raises(RejectedError):
        GrowingTracker.consumer(consumer).submit_item("k", "i")
    for name in "abcd":
        with pytest.raises(RejectedError, match="/item answered 404"):
            track(consumer, name)
    assert (consumer.stats().delivered, consumer.stats().pending) == (4, 1)


def test_e3_close_does_not_wait_for_ever_for_another_thread() -> None:
    """close() returns False at its time-out when another thread's request does not end."""
    gate = Gate()
    consumer, _ = make(gate, max_size=1)
    sending = Running(lambda: track(consumer, "a"))
    gate.wait()
    assert Running(lambda: consumer.close(0.01)).wait() is False
    gate.opened.set()
    sending.wait()
    assert consumer.stats().delivered == 1


def test_e3_close_and_flush_from_a_callback() -> None:
    """close() and flush() from on_error, inside the sending call, return instead of deadlocking."""
    answers: list[bool] = []

    def on_error(problem: Problem) -> None:
        answers.extend([consumer.flush(), consumer.close()])

    consumer, transport = make(400, 200, max_size=1, on_error=on_error)
    with pytest.raises(RejectedError):
        Running(lambda: track(consumer, "a")).wait()
    assert answers == [False, False]
    assert consumer.close()
    assert len(transport.requests) == 1


def test_f3_on_error_may_track() -> None:
    """An event tracked by on_error is queued and sent by the call that is already sending."""
    told: list[Problem] = []

    def on_error(problem: Problem) -> None:
        told.append(problem)
        track(consumer, "trouble")

    consumer, transport = make(400, 200, max_size=1, on_error=on_error)
    with pytest.raises(RejectedError):
        track(consumer, "a")
    assert sent(transport) == [["a"], ["trouble"]]
    assert len(told) == 1


def test_c4_balance_while_threads_come_and_go() -> None:
    """Sampled while threads track, flush and close at once, the balance holds at every instant."""
    consumer, _ = make(*[200, 503, 400] * 300, max_size=3)
    ledger = consumer._pipelines.get().ledger
    done = threading.Event()

    def sample() -> None:
        while not done.is_set():
            assert_balanced(ledger)

    def call(act: Callable[[int], object]) -> None:
        for number in range(100):
            try:
                act(number)
            except GrowingIOException:
                continue

    def close_in_the_middle() -> None:
        until(lambda: ledger.stats().accepted > 150)
        consumer.close()

    sampling = Running(sample)
    in_threads(
        [
            *[lambda: call(lambda number: track(consumer, f"{number}"))] * 3,
            lambda: call(lambda number: consumer.flush(0.0)),
            close_in_the_middle,
        ]
    )
    done.set()
    sampling.wait()
    stats = ledger.stats()
    assert (stats.accepted, stats.pending) == (300, 0)

"""AsyncBufferedConsumer and DurableConsumer: C2-C4, D2, E2-E4, F3."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest

from delivering.rig import HOST, Gate, assert_balanced, sent, track
from delivering.waiting import DEADLINE_S, Running, in_threads, until
from growingio_tracker import (
    AsyncBufferedConsumer,
    DurableConsumer,
    GrowingIOException,
    GrowingParamException,
    GrowingTracker,
    JsonParser,
    Problem,
    QueueFullError,
    QueueLimits,
    TransportError,
)
from growingio_tracker.consumers.strategy import Strategy
from growingio_tracker.delivery import Overflow
from growingio_tracker.delivery.formats import DataParser
from growingio_tracker.delivery.ledger import Ledger
from growingio_tracker.testing import Answer, MemoryTransport
from growingio_wire.http import Request, Response
from growingio_wire.table import Kind

Make = Callable[..., "tuple[Strategy, MemoryTransport]"]
NO_ANSWER = TransportError("refused")


@pytest.fixture(params=["memory", "spool"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    """Make consumers that are closed at the end, without waiting for what they hold."""
    consumers: list[Strategy] = []
    strategy = (
        AsyncBufferedConsumer
        if request.param == "memory"
        else partial(DurableConsumer, spool=tmp_path)
    )

    def make(
        *answers: Answer,
        flush_after: float = 0,
        max_size: int = 500,
        parser: DataParser | None = None,
        queue: QueueLimits | None = None,
        on_error: Callable[[Problem], object] | None = None,
        retry_limit: int = 0,
        backoff: float = 0,
    ) -> tuple[Strategy, MemoryTransport]:
        transport = MemoryTransport(answers)
        consumer = strategy(
            "p",
            "d",
            HOST,
            parser,
            flush_after=flush_after,
            max_size=max_size,
            retry_limit=retry_limit,
            retry_backoff_factor=backoff,
            transport=transport,
            queue=queue or QueueLimits(),
            on_error=on_error,
        )
        consumers.append(consumer)
        return consumer, transport

    yield make
    for consumer in consumers:
        consumer.close(0)
    until(lambda: not workers(), "the end of all workers")


def ledger(consumer: Strategy) -> Ledger:
    return consumer._pipelines.get().ledger


def undelivered(consumer: Strategy) -> int:
    """Return what closing gave up: dropped from memory, left on disk."""
    stats = consumer.stats()
    left = stats.pending if isinstance(consumer, DurableConsumer) else 0
    return left + stats.dropped.get("undelivered", 0)


def worker() -> threading.Thread:
    [thread] = [one for one in threading.enumerate() if one.name == "growingio-sender"]
    return thread


def inject(thread: threading.Thread, error: type[BaseException]) -> None:
    """Let ``error`` come over ``thread`` where it stands."""
    ident = ctypes.c_ulong(thread.ident or 0)
    assert ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, ctypes.py_object(error)) == 1


killed = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")


def workers() -> int:
    return sum(thread.name == "growingio-sender" for thread in threading.enumerate())


class TestBatches:
    """B5, C3"""

    def test_b5_a_call_does_not_wait(self, make: Make) -> None:
        """Calls return while the transport waits for an answer that does not come."""
        gate = Gate()
        consumer, transport = make(gate)
        track(consumer, "held")
        gate.wait()
        track(consumer, *map(str, range(1000)))
        assert (len(transport.requests), consumer.stats().pending) == (1, 1001)
        gate.opened.set()
        assert consumer.flush(DEADLINE_S)

    def test_c3_max_size(self, make: Make) -> None:
        """max_size events leave together, however long flush_after is; fewer stay."""
        consumer, transport = make(flush_after=3600, max_size=3)
        track(consumer, "a", "b", "c", "d")
        until(lambda: consumer.stats().delivered == 3)
        assert sent(transport) == [["a", "b", "c"]]
        assert consumer.stats().pending == 1

    def test_c3_flush_after(self, make: Make) -> None:
        """Fewer events than max_size leave when flush_after has passed."""
        consumer, transport = make(flush_after=0.01, max_size=3)
        track(consumer, "a")
        until(lambda: consumer.stats().delivered == 1)
        assert sent(transport) == [["a"]]

    @pytest.mark.parametrize("flush_after", [-1, float("nan"), float("inf"), "1", None, True])
    def test_c3_flush_after_out_of_range(self, make: Make, flush_after: object) -> None:
        """A flush_after that is no number of seconds is refused by name."""
        with pytest.raises(GrowingParamException, match="flush_after"):
            make(flush_after=flush_after)

    @pytest.mark.parametrize("max_size", [0, 100_001])
    def test_c3_max_size_out_of_range(self, make: Make, max_size: int) -> None:
        """A max_size out of range is refused by name, and nothing caps it silently."""
        with pytest.raises(GrowingParamException, match="max_size"):
            make(max_size=max_size)
        make(max_size=100_000)


class TestOverflow:
    """C2"""

    @pytest.mark.parametrize("overflow", ["drop_new", "drop_oldest", "block", "raise"])
    def test_c2_outage(self, make: Make, overflow: Overflow) -> None:
        """C1: in an outage no more than max_events wait, and each loss is counted and told."""
        gate, problems = Gate(), list[Problem]()
        queue = QueueLimits(max_events=10, overflow=overflow, block_s=0)
        consumer, transport = make(gate, queue=queue, on_error=problems.append, max_size=10)
        track(consumer, "held")
        gate.wait()
        raised = 0
        for number in range(50):
            try:
                track(consumer, f"{number}")
            except QueueFullError:
                raised += 1
            assert consumer.stats().pending <= 10
        assert raised == (41 if overflow == "raise" else 0)
        assert consumer.stats().dropped == {"queue_full": 41}
        assert sum(problem.events for problem in problems) == 41
        gate.opened.set()
        assert consumer.flush(DEADLINE_S)
        kept = range(41, 50) if overflow == "drop_oldest" else range(9)
        assert sent(transport)[1] == [str(number) for number in kept]


class TestBalance:
    """C4"""

    def test_c4_at_every_instant(self, make: Make) -> None:
        """Sampled while threads track and requests fail in all ways, the balance always holds."""
        answers: list[Answer] = [200, 503, 400, NO_ANSWER, 413, 200, ValueError("x")] * 500
        consumer, _ = make(
            *answers, max_size=7, queue=QueueLimits(max_events=60, overflow="drop_oldest")
        )
        done, own = threading.Event(), ledger(consumer)

        def sample() -> None:
            while not done.is_set():
                assert_balanced(own)

        def call() -> None:
            for number in range(300):
                track(consumer, f"{number}")
                consumer.flush(0.0)

        sampling = Running(sample)
        in_threads([call] * 4)
        consumer.close()
        done.set()
        sampling.wait()
        stats = consumer.stats()
        assert stats.accepted == 1200
        assert not stats.pending or isinstance(consumer, DurableConsumer)

    def test_c4_unhealthy(self, make: Make) -> None:
        """healthy() is false once something has been pending for the time without a delivery."""
        gate = Gate()
        consumer, _ = make(gate)
        assert consumer.healthy(0.0)
        track(consumer, "a")
        gate.wait()
        until(lambda: not consumer.healthy(0.0))
        assert consumer.healthy(3600.0)
        gate.opened.set()
        assert consumer.flush(DEADLINE_S)
        assert consumer.healthy(0.0)


class TestFailures:
    """D2, F3"""

    def test_d2_recovery_in_order(self, make: Make) -> None:
        """What failed leaves first when the server is back, and nothing is repeated."""
        consumer, transport = make(503, 503, 200)
        track(consumer, "a")
        until(lambda: consumer.stats().requests == 1)
        for name in "bc":
            track(consumer, name)
            until(lambda: consumer.flush(0.05) or consumer.stats().requests > 1)
        assert consumer.flush(DEADLINE_S)
        arrived = [name for batch in sent(transport)[2:] for name in batch]
        assert arrived == ["a", "b", "c"]

    def test_f3_parser_that_fails(self, make: Make) -> None:
        """Events the parser cannot encode are rejected; the worker and the others go on."""

        class Picky(JsonParser):
            def encode_records(self, kind: Kind, records: Sequence[bytes], stm: int) -> bytes:
                if any(b'"bad"' in one for one in records):
                    raise ValueError
                return super().encode_records(kind, records, stm)

        consumer, transport = make(parser=Picky(), flush_after=3600)
        track(consumer, "a", "bad", "b")
        assert consumer.flush(DEADLINE_S)
        assert [name for batch in sent(transport) for name in batch] == ["a", "b"]
        assert consumer.stats().rejected == {"not_encodable": 1}
        assert consumer.stats().worker_restarts == 0

    def test_f3_on_error_that_raises(self, make: Make) -> None:
        """An on_error that raises does not end the worker."""

        def on_error(problem: Problem) -> None:
            raise RuntimeError

        consumer, _ = make(400, 200, on_error=on_error)
        track(consumer, "a")
        until(lambda: consumer.stats().rejected)
        track(consumer, "b")
        assert consumer.flush(DEADLINE_S)
        assert (consumer.stats().delivered, consumer.stats().worker_restarts) == (1, 0)

    @pytest.mark.parametrize("error", [SystemExit(1), KeyboardInterrupt(), GeneratorExit()])
    def test_f3_on_error_that_exits(
        self, make: Make, error: BaseException, caplog: pytest.LogCaptureFixture
    ) -> None:
        """An on_error that calls sys.exit() in the worker ends nothing there, and it is logged."""

        def on_error(problem: Problem) -> None:
            raise error

        consumer, _ = make(400, 200, on_error=on_error)
        track(consumer, "a")
        until(lambda: consumer.stats().rejected)
        track(consumer, "b")
        assert consumer.flush(DEADLINE_S)
        assert (consumer.stats().delivered, consumer.stats().worker_restarts) == (1, 0)
        assert "on_error raised" in caplog.text

    def test_f3_on_error_that_exits_in_the_caller(self, make: Make) -> None:
        """In the thread of a call sys.exit() goes on to its caller, and the event is counted."""

        def on_error(problem: Problem) -> None:
            raise SystemExit

        consumer, _ = make(queue=QueueLimits(1), max_size=1, flush_after=3600, on_error=on_error)
        consumer.close()
        with pytest.raises(SystemExit):
            track(consumer, "a")
        assert consumer.stats().dropped == {"closed": 1}
        assert_balanced(ledger(consumer))

    def test_f3_no_memory(self, make: Make) -> None:
        """Events for whose request there was no memory wait, and are delivered when there is."""

        class Hungry(JsonParser):
            missing = 3

            def encode_records(self, kind: Kind, records: Sequence[bytes], stm: int) -> bytes:
                self.missing -= 1
                if self.missing >= 0:
                    raise MemoryError
                return super().encode_records(kind, records, stm)

        consumer, transport = make(parser=Hungry())
        track(consumer, "a")
        until(lambda: consumer.flush(0.05))
        assert (consumer.stats().delivered, sent(transport)) == (1, [["a"]])

    def test_f3_on_error_that_tracks(self, make: Make) -> None:
        """An event tracked by on_error is queued and delivered like any other."""

        def on_error(problem: Problem) -> None:
            track(consumer, "trouble")

        consumer, transport = make(400, on_error=on_error)
        track(consumer, "a")
        until(lambda: consumer.stats().delivered == 1)
        assert sent(transport) == [["a"], ["trouble"]]

    @pytest.mark.parametrize("status", [100, 0, 999, -1])
    def test_f3_absurd_status(self, make: Make, status: int) -> None:
        """A transport that returns an absurd status loses no event."""
        consumer, _ = make(status)
        track(consumer, "a")
        until(lambda: consumer.stats().requests == 1)
        until(lambda: consumer.flush(0.01))
        assert consumer.stats().delivered == 1

    def test_f3_worker_killed_while_idle(self, make: Make) -> None:
        """A worker that an exception ends while it waits is replaced by the next event, too."""
        consumer, transport = make()
        track(consumer, "a")
        assert consumer.flush(DEADLINE_S)
        thread = worker()
        inject(thread, ValueError)
        while thread.is_alive():  # it notices when something wakes it
            track(consumer, "b")
        track(consumer, "c")
        assert consumer.flush(DEADLINE_S)
        assert consumer.stats().worker_restarts == 1
        assert sent(transport)[-1][-1] == "c"

    @killed
    def test_f3_killed_worker(self, make: Make, caplog: pytest.LogCaptureFixture) -> None:
        """After an exception was injected into the worker, the next event starts another one."""
        gate = Gate()
        consumer, transport = make(gate)
        track(consumer, "a")
        gate.wait()
        thread = worker()
        inject(thread, SystemExit)
        gate.opened.set()
        until(lambda: not thread.is_alive())
        assert_balanced(ledger(consumer))
        track(consumer, "b")
        assert consumer.flush(DEADLINE_S)
        assert consumer.stats().worker_restarts == 1
        assert "the sending thread ended" in caplog.text
        assert {name for batch in sent(transport) for name in batch} == {"a", "b"}

    @killed
    def test_f3_flush_replaces_a_killed_worker(self, make: Make) -> None:
        """A flush that waits for a worker that dies does not wait for ever."""
        gate = Gate()
        consumer, _ = make(gate)
        track(consumer, "a")
        gate.wait()
        thread = worker()
        flushing = Running(consumer.flush)
        inject(thread, SystemExit)
        gate.opened.set()
        assert flushing.wait() is True

    def test_f3_without_threads(self, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
        """When no thread can be started, flush and close deliver in the caller; nothing is lost."""

        def start(thread: threading.Thread) -> None:
            raise RuntimeError("can't start new thread")

        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", start)
            consumer, transport = make(503, 200)
            track(consumer, "a", "b")
            assert consumer.flush(0.0) is False, "the server did not accept"
            assert consumer.flush() is True
            track(consumer, "c")
            assert consumer.close() is True
        assert sent(transport) == [["a", "b"], ["a", "b"], ["c"]]
        assert consumer.stats().worker_restarts == 0

    def test_f2_flush_of_nothing(self, make: Make) -> None:
        """flush and close of a consumer that has no event start no thread."""
        before = workers()
        consumer, _ = make()
        assert consumer.flush()
        assert consumer.close()
        assert workers() == before
        assert consumer.flush(), "also after close"
        assert workers() == before


class TestFlush:
    """E4"""

    def test_e4_true_when_everything_has_an_outcome(self, make: Make) -> None:
        """flush is true when all accepted before has an outcome, however long flush_after is."""
        consumer, _ = make(400, flush_after=3600)
        track(consumer, "a")
        assert consumer.flush()
        assert consumer.stats().rejected == {"status_400": 1}

    def test_e4_false_at_the_time_out(self, make: Make) -> None:
        """flush is false when its time-out passes first, and 0 does not wait."""
        gate = Gate()
        consumer, _ = make(gate)
        track(consumer, "a")
        gate.wait()
        assert consumer.flush(0.0) is False
        assert consumer.flush(0.01) is False
        gate.opened.set()

    def test_e4_from_many_threads(self, make: Make) -> None:
        """After a flush that returned true, the caller's events have arrived, in every thread."""
        consumer, transport = make(flush_after=3600)

        def call(thread: int) -> None:
            for number in range(20):
                name = f"{thread}-{number}"
                track(consumer, name)
                assert consumer.flush()
                assert any(name in batch for batch in sent(transport))

        in_threads([lambda n=n: call(n) for n in range(4)])  # type: ignore[misc]


class TestClose:
    """E2, E3"""

    def test_e3_drains_at_once(self, make: Make) -> None:
        """stop() delivers what waits without waiting for flush_after, and ends the thread."""
        consumer, transport = make(flush_after=3600)
        track(consumer, "a", "b")
        consumer.stop()
        assert sent(transport) == [["a", "b"]]
        assert workers() == 0
        assert transport.closed

    def test_e3_with_closes(self, make: Make) -> None:
        """A with block closes at its end."""
        consumer, transport = make(flush_after=3600)
        with consumer:
            track(consumer, "a")
        assert sent(transport) == [["a"]]

    def test_e3_idempotent_and_from_any_thread(self, make: Make) -> None:
        """Many threads may close at once and again; each gets the same answer."""
        consumer, transport = make(flush_after=3600)
        track(consumer, "a")
        answers: list[bool] = []
        in_threads([lambda: answers.append(consumer.close())] * 8)
        answers.append(consumer.close())
        assert answers == [True] * 9
        assert sent(transport) == [["a"]]

    def test_e3_closed(self, make: Make) -> None:
        """After close events are refused, counted as closed, and told of once."""
        problems: list[Problem] = []
        consumer, _ = make(on_error=problems.append)
        consumer.close()
        in_threads([lambda: track(consumer, "a", "b")] * 4)
        assert consumer.stats().dropped == {"closed": 8}
        assert [problem.reason for problem in problems] == ["closed"]

    def test_e3_from_a_callback(self, make: Make) -> None:
        """stop() and flush() in on_error, in the worker itself, return; the worker then ends."""
        answers: list[bool] = []

        def on_error(problem: Problem) -> None:
            answers.append(consumer.flush())
            answers.append(consumer.close())

        gate = Gate(400)
        consumer, transport = make(gate, 200, on_error=on_error, max_size=1)
        track(consumer, "a", "b")
        gate.opened.set()
        until(lambda: workers() == 0)
        assert answers == [False, False]
        assert consumer.close()
        assert_balanced(ledger(consumer))
        assert sent(transport)[0] == ["a"]

    @killed
    def test_e3_dead_worker(self, make: Make) -> None:
        """close() after the worker has died delivers what waits, in bounded time."""
        gate = Gate()
        consumer, _ = make(gate)
        track(consumer, "a")
        gate.wait()
        thread = worker()
        inject(thread, SystemExit)
        gate.opened.set()
        until(lambda: not thread.is_alive())
        assert Running(consumer.close).wait() is True
        assert consumer.stats().delivered == 1

    def test_e2_silent_server(self, make: Make) -> None:
        """close() gives up at its deadline when an answer does not come, and says False."""
        gate = Gate()
        consumer, _ = make(gate)
        track(consumer, "a", "b")
        gate.wait()
        assert Running(lambda: consumer.close(0.05)).wait() is False
        gate.opened.set()
        until(lambda: workers() == 0)
        assert_balanced(ledger(consumer))

    def test_e2_unreachable_server(self, make: Make) -> None:
        """close() tries once more, then counts and reports what is left, by its deadline."""
        problems: list[Problem] = []
        consumer, transport = make(
            *[NO_ANSWER] * 99, retry_limit=50, backoff=1e9, on_error=problems.append
        )
        track(consumer, "a", "b")
        until(lambda: transport.requests)
        assert Running(lambda: consumer.close(0.1)).wait() is False
        until(lambda: undelivered(consumer) == 2)
        assert len(transport.requests) >= 2
        until(lambda: problems)
        assert {problem.reason for problem in problems} <= {"undelivered", "left_in_spool"}

    def test_e3_zero_timeout(self, make: Make) -> None:
        """close(0) gives up at once; afterwards every event has been counted."""
        consumer, _ = make(flush_after=3600)
        track(consumer, *map(str, range(1000)))
        consumer.close(0)
        until(lambda: workers() == 0)
        assert consumer.stats().delivered + undelivered(consumer) == 1000

    def test_e1_every_kind_is_tried(self, make: Make) -> None:
        """When the address of one kind is wrong, close still delivers the others."""

        def answer(request: Request) -> Response:
            return Response(404 if "/item" in request.url else 200)

        consumer, _ = make(*[answer] * 99, flush_after=3600)
        tracker = GrowingTracker.consumer(consumer)
        tracker.submit_item("k", "i")
        track(consumer, "a")
        tracker.track_user_mapping({"phone": "1"})
        assert tracker.close() is False
        assert consumer.stats().delivered == 2
        assert undelivered(consumer) == 1

    def test_e3_storm(self, make: Make) -> None:
        """Offers, flushes and closes from many threads end, and every event is accounted for."""
        for round_ in range(15):
            consumer, _ = make(*[200, 503, 400] * 50, flush_after=0.001, max_size=3)

            def call(act: Callable[[], object], consumer: Strategy = consumer) -> None:
                for _ in range(20):
                    track(consumer, "a")
                    act()

            in_threads(
                [
                    lambda c=consumer: call(lambda: c.flush(0.001)),  # type: ignore[misc]
                    lambda c=consumer: call(c.stats),  # type: ignore[misc]
                    lambda c=consumer, limit=3 * round_: call(  # type: ignore[misc]
                        lambda: c.close(0.01) if c.stats().accepted > limit else None
                    ),
                ]
            )
            consumer.close()
            until(lambda: workers() == 0)
            stats = consumer.stats()
            assert stats.accepted - stats.adopted == 60
            assert not stats.pending or isinstance(consumer, DurableConsumer)
            assert_balanced(ledger(consumer))


def test_failures_raise_in_no_call(make: Make) -> None:
    """Failures in the background raise in no call; stats() has the last one."""
    consumer, _ = make(*[NO_ANSWER, ValueError("x"), GrowingIOException("y")] * 3)
    track(consumer, "a")
    until(lambda: consumer.stats().last_error)
    track(consumer, "b")
    assert "refused" in (consumer.stats().last_error or "")


def test_e3_all_kinds_in_one_report(make: Make) -> None:
    """E3: what closing leaves undelivered is reported once, with the number of all kinds."""
    problems: list[Problem] = []
    consumer, _ = make(*[503] * 9, on_error=problems.append, retry_limit=0)
    tracker = GrowingTracker.consumer(consumer)
    track(consumer, "a")
    tracker.submit_item("k", "1")
    consumer.close()
    [problem] = problems
    assert (problem.reason, problem.events) in (("undelivered", 2), ("left_in_spool", 0))
    assert undelivered(consumer) == 2

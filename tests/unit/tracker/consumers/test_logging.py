"""H3 and H4: what we log, and being tracked from a logging handler."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import pytest

from delivering.rig import HOST, track
from delivering.servers import Server
from delivering.waiting import DEADLINE_S, Running, in_threads, until
from growingio_tracker import (
    AsyncBufferedConsumer,
    BufferedConsumer,
    Consumer,
    DefaultConsumer,
    GrowingIOException,
    GrowingTracker,
    JsonParser,
    Problem,
)
from growingio_tracker.testing import MemoryTransport
from growingio_wire.http import Response
from growingio_wire.table import Kind

SECRETS = ("secret-value", "secret-user", "secret-visitor", "secret-answer")
CONSUMERS: list[Any] = [
    DefaultConsumer,
    partial(BufferedConsumer, max_size=1),
    partial(AsyncBufferedConsumer, flush_after=0),
]
IDS = ["default", "buffered", "async"]


class TrackingHandler(logging.Handler):
    """Tracks an event for every record, as an application might."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.consumer: Consumer | None = None
        self.records = 0

    def emit(self, entry: logging.LogRecord) -> None:
        self.records += 1
        if self.consumer is not None:
            with contextlib.suppress(GrowingIOException):
                track(self.consumer, "log")


@pytest.fixture
def handler() -> Iterator[TrackingHandler]:
    """A handler on the root logger, with everything at DEBUG level."""
    root, handler = logging.getLogger(), TrackingHandler()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    handler.consumer = None
    root.setLevel(level)
    root.removeHandler(handler)


class Failing(JsonParser):
    """Cannot encode an event, and says which in its error."""

    def encode_records(self, kind: Kind, records: Sequence[bytes], stm: int) -> bytes:
        raise ValueError(records)


@pytest.mark.parametrize("kind", CONSUMERS, ids=IDS)
@pytest.mark.parametrize("parser", [JsonParser(), Failing()], ids=["json", "failing"])
def test_h3_nothing_personal(
    kind: Any,
    parser: JsonParser,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """At the default level no value, id or body is logged, told or printed, whatever goes wrong."""
    problems: list[Problem] = []
    echo = b"secret-answer secret-value"
    answers = [Response(status, {}, echo) for status in (400, 404, 503, 413, 200)] * 9
    consumer = kind(
        "p",
        "d",
        HOST,
        parser,
        retry_limit=0,
        transport=MemoryTransport(answers),
        on_error=problems.append,
    )
    tracker = GrowingTracker.consumer(consumer)
    attributes: Any = {"a": "secret-value", "b": object()}
    errors: list[GrowingIOException] = []
    for _ in range(5):
        try:
            tracker.track_custom_event("e", None, "secret-visitor", "k", "secret-user", attributes)
        except GrowingIOException as error:
            errors.append(error)
        if isinstance(consumer, AsyncBufferedConsumer):
            consumer.flush(0.01)
    consumer.close(1)
    shown = caplog.text + repr(problems) + repr(consumer.stats()) + repr(consumer) + repr(errors)
    assert problems
    assert not any(secret in shown for secret in SECRETS)
    assert capsys.readouterr() == ("", "")


def test_h3_loggers() -> None:
    """The package's logger has a NullHandler, no level and no other handler."""
    logger = logging.getLogger("growingio_tracker")
    assert [type(one) for one in logger.handlers] == [logging.NullHandler]
    assert (logger.level, logger.propagate) == (logging.NOTSET, True)


@pytest.mark.parametrize("kind", CONSUMERS, ids=IDS)
def test_h4_tracking_from_the_root_logger(kind: Any, handler: TrackingHandler) -> None:
    """Events tracked from a DEBUG handler on the root logger end, and make no more of themselves.

    The requests log at DEBUG level, so each of them would otherwise be the reason for the next.
    """
    with Server() as server:
        consumer = kind("p", "d", server.url)
        handler.consumer = consumer
        calling = Running(lambda: logging.getLogger("app").warning("look"))
        calling.wait()
        assert consumer.flush(DEADLINE_S)
        for _ in range(3):  # what is about our own requests would show as further requests
            assert consumer.flush(DEADLINE_S)
        requests = len(server.received)
        assert server.names == ["log"] * len(server.names)
        assert requests == consumer.stats().requests <= 3
        assert consumer.stats().dropped.keys() <= {"reentrant"}
        assert handler.records > 1, "the transport does log"
        assert consumer.close()


@pytest.mark.parametrize("kind", CONSUMERS, ids=IDS)
def test_h4_many_threads(kind: Any, handler: TrackingHandler) -> None:
    """Threads that log and threads that track at the same time do not wait for ever."""
    with Server() as server:
        consumer = kind("p", "d", server.url)
        handler.consumer = consumer

        def log() -> None:
            for _ in range(20):
                logging.getLogger("app").warning("look")

        def call() -> None:
            for _ in range(20):
                track(consumer, "direct")

        in_threads([log, log, call, call])
        assert consumer.flush(DEADLINE_S)
        assert server.names.count("direct") == 40
        handler.consumer = None
        assert consumer.close()


def test_h4_a_sender_that_logs_is_not_waited_for(handler: TrackingHandler) -> None:
    """A thread inside a handler does not wait for one that sends and wants to log."""
    inside, proceed = threading.Event(), threading.Event()

    def exchange(request: object) -> Response:
        inside.set()
        assert proceed.wait(DEADLINE_S)
        logging.getLogger("transport").debug("sending")  # needs the handler's lock
        return Response(200)

    consumer = BufferedConsumer("p", "d", HOST, max_size=1, transport=MemoryTransport([exchange]))
    sending = Running(lambda: track(consumer, "a"))
    assert inside.wait(DEADLINE_S)
    with handler.lock:  # type: ignore[union-attr] # as logging does around emit
        tracking = Running(lambda: track(consumer, "b"))
        proceed.set()
        tracking.wait()
    sending.wait()
    until(lambda: consumer.stats().delivered == 2)


@pytest.mark.parametrize("kind", CONSUMERS, ids=IDS)
def test_h4_failures(kind: Any, handler: TrackingHandler) -> None:
    """A handler that tracks what we log about failures does not go round in circles."""
    transport = MemoryTransport([400] * 10_000)
    consumer = kind("p", "d", HOST, transport=transport, on_error=lambda problem: None)
    handler.consumer = consumer
    for _ in range(5):
        with contextlib.suppress(GrowingIOException):
            track(consumer, "a")
        if isinstance(consumer, AsyncBufferedConsumer):
            assert consumer.flush(DEADLINE_S)
    assert consumer.close()
    assert len(transport.requests) < 30

"""Log records as events."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest

from delivering.examples import EXAMPLES, environment
from delivering.processes import run, run_well
from growingio_collector import Collector
from growingio_tracker import DefaultConsumer, GrowingParamException, GrowingTracker
from growingio_tracker.integrations.logging_handler import EventHandler
from growingio_tracker.testing import MemoryTransport
from growingio_wire.http import Request, Response

ALL_AT_ONCE = """
    import logging
    from growingio_tracker import GrowingTracker
    from growingio_tracker.integrations.logging_handler import EventHandler

    # Everything there is, at the lowest level, while the strategy delivers and urllib3 logs it.
    with GrowingTracker.from_env() as tracker:
        logging.getLogger().setLevel(1)
        logging.getLogger().addHandler(EventHandler(tracker, level=1))
        for number in range(3):
            logging.getLogger("shop").debug("message %d", number)
        tracker.flush()
        tracker.flush()
"""


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    """A logger of this test's own."""
    found = logging.getLogger("shop.tests")
    found.propagate = False
    yield found
    found.handlers.clear()


def make_tracker(transport: MemoryTransport) -> GrowingTracker:
    """Return a tracker that sends at once."""
    consumer = DefaultConsumer("p", "d", "http://x", retry_limit=0, transport=transport)
    return GrowingTracker.consumer(consumer)


def test_example() -> None:
    """The example's chosen records arrive, about whom they are, with their extras; no others."""
    with Collector() as collector:
        # It logs to the standard error, too.
        done = run(EXAMPLES / "logging_events.py", **environment(collector))
        assert done.returncode == 0, done.stderr
        sold, failed, low = collector.wait(3, timeout=0)
        assert collector.totals().events == 3
    assert (sold.name, sold.user_id) == ("shop_log", "user-1")
    assert sold.attributes == {"sku": "A-1", "message": "sold", "logger": "shop", "level": "INFO"}
    assert failed.attributes["exception"] == "ConnectionRefusedError"
    assert "Traceback" in failed.attributes["message"]
    assert (low.user_id, low.user_key) == (None, "$notuser")


@pytest.mark.parametrize("strategy", ["default", "buffered", "async", "debug"])
def test_no_recursion(strategy: str) -> None:
    """At the root and at the lowest level no delivery makes an event of its own logging."""
    with Collector() as collector:
        variables = environment(collector) | {"GROWINGIO_STRATEGY": strategy}
        if strategy != "async":
            del variables["GROWINGIO_FLUSH_AFTER"]
        run_well(ALL_AT_ONCE, **variables)
        messages = [event.attributes["message"] for event in collector.events()]
    assert messages == ["message 0", "message 1", "message 2"]


@pytest.mark.parametrize("failure", ["server", "include"])
def test_failures(logger: logging.Logger, monkeypatch: pytest.MonkeyPatch, failure: str) -> None:
    """What goes wrong is printed as logging prints it, and not raised."""
    printed = io.StringIO()
    monkeypatch.setattr("sys.stderr", printed)
    transport = MemoryTransport([400] if failure == "server" else [])
    tracker = make_tracker(transport)

    def include(record: logging.LogRecord) -> bool:
        return failure == "server" or bool(1 / 0)

    logger.addHandler(EventHandler(tracker, include=include))
    logger.warning("low")
    assert "--- Logging error ---" in printed.getvalue()


def test_records_within_tracking(logger: logging.Logger) -> None:
    """What is logged by others while a record is being tracked is no event, and later is one."""

    def answer(request: Request) -> Response:
        logger.warning("inside")
        return Response(204)

    transport = MemoryTransport([answer])
    logger.addHandler(EventHandler(make_tracker(transport)))
    logger.warning("first")
    assert len(transport.requests) == 1
    logger.warning("second")
    assert len(transport.requests) == 2


def test_level_and_formatter(logger: logging.Logger) -> None:
    """Records below the level are no events, and the formatter makes the message."""
    transport = MemoryTransport()
    handler = EventHandler(make_tracker(transport), level="ERROR")
    handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    logger.addHandler(handler)
    logger.warning("low")
    logger.error("gone")
    [request] = transport.requests
    assert b'"message":"ERROR: gone"' in request.body


def test_no_name() -> None:
    """An event needs a name."""
    with pytest.raises(GrowingParamException, match="event"):
        EventHandler(make_tracker(MemoryTransport()), event="")

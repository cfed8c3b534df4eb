"""Functions that are frozen when they return."""

from __future__ import annotations

import logging
import time

import pytest

from delivering.examples import EXAMPLES, environment
from delivering.processes import run_well
from delivering.servers import BlackHole, Server
from growingio_collector import Collector
from growingio_tracker import AsyncBufferedConsumer, GrowingParamException, GrowingTracker
from growingio_tracker.integrations.serverless import flush_before_return


class Context:
    """What Lambda tells an invocation."""

    def __init__(self, remaining_ms: int) -> None:
        self._remaining_ms = remaining_ms

    def get_remaining_time_in_millis(self) -> int:
        return self._remaining_ms


def make_tracker(url: str) -> GrowingTracker:
    """Return a tracker that sends nothing by itself."""
    consumer = AsyncBufferedConsumer("p", "d", url, flush_after=3600, close_timeout_s=0)
    return GrowingTracker.consumer(consumer)


def test_example() -> None:
    """The example's event arrives, and its answer is the handler's."""
    with Collector() as collector:
        printed = run_well(EXAMPLES / "lambda_handler.py", **environment(collector))
        [event] = collector.wait(1, timeout=0)
    assert printed.strip() == "{'statusCode': 200}"
    assert (event.user_id, event.attributes) == ("user-1", {"sku": "A-1"})


def test_j1_about_nobody() -> None:
    """J1: an invocation about nobody returns as without us; its events are counted, or sent."""
    with Server() as server, make_tracker(server.url) as tracker:

        def handler(event: str | None, context: object) -> str:
            tracker.track_custom_event("a", login_user_id=event)
            return "done"

        assert flush_before_return(tracker)(handler)(None, None) == "done"
        assert flush_before_return(tracker, on_nobody="notuser")(handler)(None, None) == "done"
        assert tracker.stats().dropped == {"about_nobody": 1}
        assert server.names == ["a"]


@pytest.mark.parametrize("context", [None, Context(30_000)])
def test_delivered_before_the_end(context: object) -> None:
    """Events are there when the handler has returned, or raised."""
    with Server() as server, make_tracker(server.url) as tracker:

        @flush_before_return(tracker)
        def handler(event: str, context: object) -> str:
            tracker.track_custom_event(event, anonymous_id="v")
            return str(int(event))

        assert handler("1", context) == "1"
        assert server.names == ["1"]
        with pytest.raises(ValueError, match="oops"):
            handler("oops", context)
        assert server.names == ["1", "oops"]


@pytest.mark.parametrize(
    ("remaining_ms", "reserve_s", "timeout_s", "expected_s"),
    [(700, 0.2, 5, 0.5), (30_000, 0.2, 0.5, 0.5), (100, 0.2, 5, 0), (30_000, 0.2, 0, 0)],
)
def test_time_left(
    caplog: pytest.LogCaptureFixture,
    remaining_ms: int,
    reserve_s: float,
    timeout_s: float,
    expected_s: float,
) -> None:
    """A silent server takes the time that is left without the reserve, and no more."""
    caplog.set_level(logging.WARNING, "growingio_tracker")
    with BlackHole() as hole, make_tracker(hole.url) as tracker:

        @flush_before_return(tracker, reserve_s, timeout_s)
        def handler(event: str, context: object) -> None:
            tracker.track_custom_event(event, anonymous_id="v")

        begun_s = time.monotonic()
        handler("a", Context(remaining_ms))
        assert expected_s <= time.monotonic() - begun_s < expected_s + 4
        assert "not everything was delivered" in caplog.text


def test_wrong_use() -> None:
    """Negative times and coroutine functions are refused by name."""
    tracker = make_tracker("http://127.0.0.1:9")
    with pytest.raises(GrowingParamException, match="reserve_s"):
        flush_before_return(tracker, reserve_s=-1)
    with pytest.raises(GrowingParamException, match="timeout_s"):
        flush_before_return(tracker, timeout_s=-1)

    async def handler(event: object, context: object) -> None:
        """Do nothing."""

    with pytest.raises(GrowingParamException, match="handler must be a plain function"):
        flush_before_return(tracker)(handler)

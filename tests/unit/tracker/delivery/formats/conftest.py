"""What a strategy with a given parser sends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from growingio_tracker import DefaultConsumer, GrowingTracker
from growingio_tracker.testing import MemoryTransport
from growingio_wire.http import Request


@pytest.fixture
def send() -> Callable[[Any], Request]:
    """Send one event with a parser, and return the request."""

    def request(parser: Any) -> Request:
        transport = MemoryTransport()
        consumer = DefaultConsumer("p", "ds", "http://h", parser, transport=transport)
        GrowingTracker.consumer(consumer).track_custom_event(
            "下单", 1_700_000_000_123, "v", attributes={"n": 1}
        )
        return transport.requests[0]

    return request

"""A tracker whose events can be looked at."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import pytest

from growingio_tracker import DefaultConsumer, GrowingTracker
from growingio_tracker.testing import MemoryTransport


class Recording(NamedTuple):
    """A tracker that sends at once, and what it has sent."""

    tracker: GrowingTracker
    transport: MemoryTransport

    @property
    def events(self) -> list[dict[str, Any]]:
        """The messages, in order."""
        return [json.loads(request.body)[0] for request in self.transport.requests]

    @property
    def subjects(self) -> list[tuple[str | None, str | None]]:
        """Anonymous id and user id of each message."""
        return [(one.get("deviceId"), one.get("userId")) for one in self.events]

    def track(self, name: str = "a") -> None:
        """Track an event about whoever is bound."""
        self.tracker.track_custom_event(name)


@pytest.fixture
def recording() -> Recording:
    """One of them."""
    transport = MemoryTransport()
    consumer = DefaultConsumer("p", "d", "http://x", transport=transport)
    return Recording(GrowingTracker.consumer(consumer), transport)

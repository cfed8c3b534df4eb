"""A tracker without a network, and what it sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from growingio_tracker import DefaultConsumer, GrowingTracker, Problem
from growingio_tracker.testing import MemoryTransport


@pytest.fixture
def transport() -> MemoryTransport:
    return MemoryTransport()


@pytest.fixture
def problems() -> list[Problem]:
    """What ``on_error`` was told."""
    return []


@pytest.fixture
def consumer(transport: MemoryTransport, problems: list[Problem]) -> DefaultConsumer:
    return DefaultConsumer(
        "prod1", "ds1", "http://collect.test", transport=transport, on_error=problems.append
    )


@pytest.fixture
def tracker(consumer: DefaultConsumer) -> GrowingTracker:
    return GrowingTracker.consumer(consumer)


@pytest.fixture
def sent(transport: MemoryTransport) -> Callable[[], list[dict[str, Any]]]:
    """Return every message sent so far."""
    return lambda: [
        message for request in transport.requests for message in json.loads(request.body)
    ]

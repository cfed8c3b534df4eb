"""A broker for the tests of a file."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Generator

import pytest

from brokers import Broker, running_broker


@pytest.fixture(scope="module")
def broker() -> Generator[Broker, None, None]:
    """A broker in memory."""
    with running_broker() as one:
        yield one


@pytest.fixture
def new_topic(broker: Broker) -> Callable[[int], str]:
    """Makes a topic with so many partitions, and returns its name."""
    return lambda partitions: broker.make_topic(f"t-{uuid.uuid4()}", partitions)

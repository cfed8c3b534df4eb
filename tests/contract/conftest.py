"""Every queue goes through the same tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from delivering.queues import MAKERS, Room
from growingio_tracker.delivery import BatchLimits, QueueLimits

MakeRoom = Callable[..., Room]


@pytest.fixture(params=MAKERS)
def make_room(request: pytest.FixtureRequest) -> Iterator[MakeRoom]:
    """Make a room with a queue of this kind in it."""
    rooms: list[Room] = []

    def make(limits: QueueLimits | None = None, batches: BatchLimits | None = None) -> Room:
        rooms.append(Room(MAKERS[request.param], limits, batches))
        return rooms[-1]

    yield make
    for room in rooms:
        room.end()


@pytest.fixture
def room(make_room: MakeRoom) -> Room:
    """Return a room whose events are due at once."""
    return make_room()

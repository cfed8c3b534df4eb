"""Waiting for events: blocked until they are stored, without asking again and again."""

import asyncio
import threading
import time

from growingio_tracker.collector.filters import Filter
from growingio_tracker.collector.query import find_events
from growingio_tracker.collector.rows import Event
from growingio_tracker.collector.store import Store


class Gathering:
    """The first ``count`` events that match, oldest first, as far as they have arrived."""

    def __init__(self, store: Store, wanted: Filter, count: int) -> None:
        self._store = store
        self._wanted = wanted
        self._count = count
        self.events: list[Event] = []

    @property
    def complete(self) -> bool:
        """Whether all are there."""
        return len(self.events) == self._count

    def look(self) -> bool:
        """Take what has arrived since the last look; tell whether waiting on makes no sense."""
        after = self.events[-1].id if self.events else 0
        missing = self._count - len(self.events)
        self.events += find_events(self._store.path, self._wanted, after=after, limit=missing)
        return self.complete or self._store.closing


def gather(store: Store, wanted: Filter, count: int, timeout: float) -> Gathering:
    """Block this thread until ``count`` events match.

    Gives up after ``timeout`` seconds, and when the collector stops.
    """
    gathering = Gathering(store, wanted, count)
    deadline = time.monotonic() + timeout
    changed = threading.Event()
    with store.listening(changed.set):
        while not gathering.look() and changed.wait(max(0.0, deadline - time.monotonic())):
            changed.clear()
    return gathering


async def gather_async(store: Store, wanted: Filter, count: int, timeout: float) -> Gathering:
    """Do the same in an event loop, which goes on meanwhile."""
    gathering = Gathering(store, wanted, count)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout
    changed = asyncio.Event()

    def wake() -> None:
        loop.call_soon_threadsafe(changed.set)

    with store.listening(wake):
        while not await asyncio.to_thread(gathering.look):
            try:
                await asyncio.wait_for(changed.wait(), deadline - loop.time())
            except asyncio.TimeoutError:
                break
            changed.clear()
    return gathering

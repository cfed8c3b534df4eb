"""Waiting for events: blocked until they are stored, without asking again and again."""

import asyncio
import threading
import time
from pathlib import Path
from typing import Final

from growingio_tracker.collector.filters import Filter
from growingio_tracker.collector.nearest import Miss, nearest
from growingio_tracker.collector.query import find_events
from growingio_tracker.collector.rows import Event
from growingio_tracker.collector.store import Store
from growingio_tracker.exceptions import GrowingError

_LISTED: Final = 10


class WaitTimeoutError(GrowingError, TimeoutError):
    """The events waited for did not all arrive in time.

    ``events`` are those that match and did arrive, oldest first; ``nearest`` are up to three
    others that came near, with the reasons why they do not match. Waiting again may help.
    """

    def __init__(self, message: str, events: list[Event], nearest: list[Miss]) -> None:
        super().__init__(message)
        self.events = events
        self.nearest = nearest


class Gathering:
    """The first ``count`` events that match, oldest first, as far as they have arrived."""

    def __init__(self, store: Store, wanted: Filter, count: int) -> None:
        self._store = store
        self.wanted = wanted
        self.count = count
        self.events: list[Event] = []

    @property
    def path(self) -> Path:
        """The store that was looked through."""
        return self._store.path

    @property
    def complete(self) -> bool:
        """Whether all are there."""
        return len(self.events) == self.count

    def look(self) -> bool:
        """Take what has arrived since the last look; tell whether waiting on makes no sense."""
        after = self.events[-1].id if self.events else 0
        missing = self.count - len(self.events)
        self.events += find_events(self._store.path, self.wanted, after=after, limit=missing)
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


def timed_out(gathering: Gathering, timeout: float) -> WaitTimeoutError:
    """Return the error that says what is missing, what is there, and what came nearest."""
    newest = find_events(gathering.path, limit=_LISTED, newest=True)
    listed = ", ".join(map(_named, newest)) or "nothing"
    misses = nearest(gathering.path, gathering.wanted)
    lines = [
        f"{len(gathering.events)} of {gathering.count} events arrived within {timeout:g} s. "
        f"Newest in the collector: {listed}.",
        *(f"Nearest: {_named(miss.event)}: {_why(miss)}." for miss in misses),
    ]
    return WaitTimeoutError("\n".join(lines), gathering.events, misses)


def _why(miss: Miss) -> str:
    return "; ".join(reason.en for reason in miss.reasons)


def _named(event: Event) -> str:
    return f"{event.verdict} {event.kind} {event.name or event.type or ''}".rstrip()

"""Waiting for events, and the closest events if the wait times out."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from growingio_collector.store import EventStore
from growingio_collector.store.diagnosis import Cause, why_nothing
from growingio_collector.store.filter import Filter, why_not
from growingio_collector.store.reading import find_events
from growingio_collector.store.rows import Event
from growingio_wire.errors import GrowingError
from growingio_wire.near import likeness
from growingio_wire.said import Said

_LOOKED_AT: Final = 1000
"""Maximum number of events that are compared, from the newest."""

_NAMED: Final = 3
_LISTED: Final = 10
_FOLLOWED_AT_ONCE: Final = 500
_FOLLOW_TICK_S: Final = 0.5
"""Seconds within which following notices a dead server and, on Windows, a Ctrl-C."""
_FARTHEST_NAME: Final = 2.0
"""Weight of a name that has nothing in common with the wanted one."""


class Miss(NamedTuple):
    """An event that does not match, and every reason."""

    event: Event
    reasons: tuple[Said, ...]


def nearest(path: Path, wanted: Filter) -> list[Miss]:
    """Return up to three events that almost match, the nearest first.

    Each reason counts 1, but a similar name counts less. Of equally near events, newer ones come
    first. Runs keep tests apart, so events of other runs are never near.
    """
    newest = find_events(path, Filter(run=wanted.run), limit=_LOOKED_AT, newest=True)
    misses = [Miss(event, why_not(event, wanted)) for event in newest]
    more = _counts_more({event.name for event in newest}, wanted.name)
    near = [miss for miss in misses if miss.reasons]
    return sorted(near, key=lambda miss: len(miss.reasons) + more[miss.event.name])[:_NAMED]


def _counts_more(names: Iterable[str | None], wanted: str | None) -> dict[str | None, float]:
    """Return the weight of each name, beyond that of one reason."""
    return {
        name: 0.0
        if wanted in (None, name)
        else _FARTHEST_NAME * (1 - likeness(name or "", wanted or "")) - 1
        for name in names
    }


class WaitTimeoutError(GrowingError, TimeoutError):
    """The events waited for did not all arrive in time.

    ``events`` are the matching events that did arrive, oldest first; ``nearest`` are up to three
    events that nearly match, with the reasons why they do not; ``causes`` say why no more
    arrived, and what to do next. Waiting again may help.
    """

    def __init__(
        self, message: str, events: list[Event], nearest: list[Miss], causes: list[Cause]
    ) -> None:
        super().__init__(message)
        self.events = events
        self.nearest = nearest
        self.causes = causes


class Gathering:
    """The first ``count`` matching events that have arrived, oldest first."""

    def __init__(self, store: EventStore, wanted: Filter, count: int) -> None:
        self._store = store
        self.wanted = wanted
        self.count = count
        self.events: list[Event] = []

    @property
    def path(self) -> Path:
        """The searched store."""
        return self._store.path

    @property
    def complete(self) -> bool:
        """Whether all have arrived."""
        return len(self.events) == self.count

    def look(self) -> bool:
        """Take what has arrived since the last call; tell whether further waiting is pointless."""
        after = self.events[-1].id if self.events else 0
        missing = self.count - len(self.events)
        self.events += find_events(self._store.path, self.wanted, after=after, limit=missing)
        return self.complete or self._store.closing


def gather(store: EventStore, wanted: Filter, count: int, timeout: float) -> Gathering:
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


async def gather_async(store: EventStore, wanted: Filter, count: int, timeout: float) -> Gathering:
    """Wait as ``gather`` does, without blocking the event loop."""
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


def follow(store: EventStore, after: int, is_alive: Callable[[], bool]) -> Iterator[Event]:
    """Yield every event with an id above ``after``, and then each as it is stored.

    Ends when ``is_alive`` returns False and everything was yielded.
    """
    changed = threading.Event()
    with store.listening(changed.set):
        while True:
            changed.clear()
            ended = not is_alive()
            found = find_events(store.path, after=after, limit=_FOLLOWED_AT_ONCE)
            yield from found
            if found:
                after = found[-1].id
            elif ended:
                return
            else:
                changed.wait(_FOLLOW_TICK_S)


def timed_out(gathering: Gathering, timeout: float, url: str) -> WaitTimeoutError:
    """Return the error with what is missing, what arrived, and what nearly matches.

    :param url: the collector's own address.
    """
    newest = find_events(gathering.path, limit=_LISTED, newest=True)
    listed = ", ".join(map(_named, newest)) or "nothing"
    misses = nearest(gathering.path, gathering.wanted)
    lines = [
        f"{len(gathering.events)} of {gathering.count} events arrived within {timeout:g} s. "
        f"Newest in the collector: {listed}.",
        *(f"Nearest: {_named(miss.event)}: {_why(miss)}." for miss in misses),
    ]
    causes = why_nothing(gathering.path, gathering.wanted, url)
    lines += [f"{cause.found.en} {cause.next.en}" for cause in causes]
    return WaitTimeoutError("\n".join(lines), gathering.events, misses, causes)


def _why(miss: Miss) -> str:
    return "; ".join(reason.en for reason in miss.reasons)


def _named(event: Event) -> str:
    return f"{event.verdict} {event.kind} {event.name or event.type or ''}".rstrip()

"""Event stream at ``/api/v1/stream``: events as they are stored, as Server-Sent Events.

A stream starts with the next event, or with the first one after a given id. A page that lists
events and then streams from the newest of them therefore misses nothing, and a browser that
reconnects (``Last-Event-ID``) gets the missed events from the store.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from growingio_collector.api import TEXT, Answer, AnyCall, ApiCall
from growingio_collector.api.queries import StreamQuery
from growingio_collector.plan import Plans
from growingio_collector.store import EventStore
from growingio_collector.store.filter import MAX_ID, Filter
from growingio_collector.store.reading import find_events
from growingio_collector.store.rows import one_line, show_event
from growingio_collector.store.summary import summary
from growingio_wire.errors import invalid

KEEP_ALIVE_S: Final = 15.0
_SUMMARY_EVERY_S: Final = 1.0
_LOOK_EVERY_S: Final = 1.0
_AT_ONCE: Final = 200
_COALESCE_S: Final = 0.05
"""Interval at which a busy store is read; a quiet one is read immediately."""

_HEADERS: Final = {"Cache-Control": "no-store"}
_COMMENT: Final = b":\n\n"
_CLEARED: Final = b"event: cleared\ndata: {}\n\n"


class _Feed:
    """State of one stream: the events sent, and those to send next."""

    def __init__(self, store: EventStore, wanted: Filter, after: int | None) -> None:
        self._store = store
        self._wanted = wanted
        self._last = store.last_event if after is None else after
        self._removals = store.removals
        self._summed_up = -1  # changes of the store that the last summary shows
        self._summary_due = 0.0
        self.more = False
        """Whether the store has more than one portion."""

    def take(self) -> list[bytes]:
        """Return what has arrived since the last call."""
        return [*self._cleared(), *self._events(), *self._summary()]

    def _cleared(self) -> Iterator[bytes]:
        # A browser may reconnect with the last id of a store that has been cleared since.
        if self._removals != self._store.removals or self._last > self._store.last_event:
            self._removals = self._store.removals
            self._last = min(self._last, self._store.last_event)
            yield _CLEARED

    def _events(self) -> Iterator[bytes]:
        newest = self._store.last_event
        found = find_events(self._store.path, self._wanted, after=self._last, limit=_AT_ONCE)
        self.more = len(found) == _AT_ONCE
        for event in found:
            data = one_line(show_event(event))
            yield b"id: %d\nevent: event\ndata: %b\n\n" % (event.id, data)
        # Events that the filter left out need not be read again.
        last = found[-1].id if found else 0
        self._last = last if self.more else max(last, newest, self._last)

    def _summary(self) -> Iterator[bytes]:
        now, changes = time.monotonic(), self._store.changes
        if changes != self._summed_up and now >= self._summary_due:
            self._summed_up, self._summary_due = changes, now + _SUMMARY_EVERY_S
            yield b"event: summary\ndata: %b\n\n" % msgspec.json.encode(summary(self._store.path))

    @property
    def patience(self) -> float:
        """Seconds for which nothing needs to be sent unless the store changes."""
        if self._summed_up != self._store.changes:
            return max(0.0, self._summary_due - time.monotonic())
        return KEEP_ALIVE_S


async def _chunks(
    store: EventStore, plans: Plans, wanted: Filter, after: int | None
) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    changed = asyncio.Event()
    feed = _Feed(store, wanted, after)

    def wake() -> None:
        loop.call_soon_threadsafe(changed.set)

    with store.listening(wake):
        yield _COMMENT
        while not store.closing:
            changed.clear()
            chunks = await asyncio.to_thread(feed.take)
            if chunks:
                yield b"".join(chunks)
                await asyncio.sleep(_COALESCE_S)
            if not feed.more and not await _changed(changed, feed.patience, plans):
                yield _COMMENT


async def _changed(changed: asyncio.Event, within: float, plans: Plans) -> bool:
    """Return whether there was a change in time.

    A plan's file does not tell when it is edited: it is looked at while somebody may see that.
    """
    if plans.file is None:
        return await _happened(changed, within)
    until = time.monotonic() + within
    while (remaining := until - time.monotonic()) > 0:
        if await _happened(changed, min(remaining, _LOOK_EVERY_S)):
            return True
        await asyncio.to_thread(plans.current)
    return changed.is_set()


async def _happened(changed: asyncio.Event, within: float) -> bool:
    try:
        await asyncio.wait_for(changed.wait(), within)
    except asyncio.TimeoutError:
        return False
    return True


def _resumed_after(request: Request, query: StreamQuery) -> int | None:
    header = request.headers.get("last-event-id")
    if not header:
        return query.after
    if not (header.isascii() and header.isdigit() and int(header) <= MAX_ID):
        raise invalid(
            f"Last-Event-ID is the id of an event, not {header[:40]!r}.",
            f"Last-Event-ID 应为事件的 ID，而不是 {header[:40]!r}。",
        )
    return int(header)


_ANSWERS: Final = {
    200: Answer(
        "Server-Sent Events: event, summary and cleared. Ids resume from the store.",
        TEXT,
        ("text/event-stream",),
    )
}


def calls(store: EventStore, plans: Plans) -> list[AnyCall]:
    """Return the calls below ``/api/v1``."""

    async def stream(request: Request, query: StreamQuery) -> Response:
        # The store may have been cleared, so that ids start again from 1.
        wanted = msgspec.structs.replace(query.filter, after=None)
        chunks = _chunks(store, plans, wanted, _resumed_after(request, query))
        return StreamingResponse(chunks, headers=_HEADERS, media_type="text/event-stream")

    return [
        ApiCall(
            method="get",
            path="/stream",
            summary="Events as they are stored.",
            answers=_ANSWERS,
            handler=stream,
            query=StreamQuery,
        )
    ]

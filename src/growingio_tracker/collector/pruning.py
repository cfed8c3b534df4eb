"""Keeping the store small: the oldest go first."""

import sqlite3
import time
from typing import Final, NamedTuple

from growingio_tracker.collector.schema import UNFORWARDED

DEFAULT_MAX_EVENTS: Final = 10_000
DEFAULT_MAX_AGE_S: Final = 7 * 24 * 3600.0

_SLACK: Final = 20
"""Pruning waits until a twentieth too much is there: deleting many rows at once costs less."""

_AGE_EVERY_S: Final = 60.0

# Events are in the order of their requests, whose index is much smaller than the table.
_LAST_EVENT_TOO_MANY: Final = (
    "SELECT coalesce((SELECT id FROM event ORDER BY request_id DESC, id DESC LIMIT 1 OFFSET ?), 0)"
)
_LAST_REQUEST_TOO_MANY: Final = (
    "SELECT coalesce((SELECT id FROM request ORDER BY id DESC LIMIT 1 OFFSET ?), 0)"
)
_FIRST_YOUNG: Final = (
    "SELECT coalesce((SELECT id FROM request WHERE stored_us >= ? ORDER BY id LIMIT 1), "
    "(SELECT max(id) + 1 FROM request), 0)"
)
# Not max(id), for which SQLite goes through the whole table instead of the index.
_LAST_EVENT_BEFORE: Final = (
    "SELECT coalesce((SELECT id FROM event WHERE request_id < ? "
    "ORDER BY request_id DESC, id DESC LIMIT 1), 0)"
)
_FIRST_NEEDED: Final = (
    "SELECT coalesce((SELECT request_id FROM event WHERE id > ? ORDER BY id LIMIT 1), 0)"
)


class Keep(NamedTuple):
    """What is kept: the newest ``max_events``, and as many requests, no older than ``max_age_s``.

    Ages count from when something was stored. None and 0 mean no bound. A twentieth more may be
    there for a while, and age is looked at once a minute, when something comes.
    """

    max_events: int | None = DEFAULT_MAX_EVENTS
    max_age_s: float | None = DEFAULT_MAX_AGE_S


class Pruner:
    """Removes what is too much or too old, in the transaction of the one who writes."""

    def __init__(self, keep: Keep, connection: sqlite3.Connection) -> None:
        self._keep = keep
        self._age_due = 0.0
        self._most = (keep.max_events or 0) * (_SLACK + 1) // _SLACK
        self.recount(connection)

    def recount(self, connection: sqlite3.Connection) -> None:
        """Look how much there is, after something else has removed some."""
        counts = "SELECT (SELECT count(*) FROM event), (SELECT count(*) FROM request)"
        self._events, self._requests = connection.execute(counts).fetchone()

    def added(self, connection: sqlite3.Connection, events: int) -> None:
        """Note one more request with so many events, and prune when it is time."""
        self._events += events
        self._requests += 1
        if self._keep.max_events and max(self._events, self._requests) > self._most:
            last = _number(connection, _LAST_EVENT_TOO_MANY, self._keep.max_events)
            old = _number(connection, _LAST_REQUEST_TOO_MANY, self._keep.max_events)
            self._remove(connection, last, old + 1)
        if self._keep.max_age_s and time.monotonic() >= self._age_due:
            self._age_due = time.monotonic() + _AGE_EVERY_S
            oldest_us = time.time_ns() // 1000 - int(self._keep.max_age_s * 1_000_000)
            young = _number(connection, _FIRST_YOUNG, oldest_us)
            self._remove(connection, 0, young)

    def _remove(self, connection: sqlite3.Connection, event: int, request: int) -> None:
        """Remove events up to ``event``, all before ``request``, and what nobody needs then."""
        event = max(event, _number(connection, _LAST_EVENT_BEFORE, request))
        if event:
            request = max(request, _number(connection, _FIRST_NEEDED, event))
        connection.execute("DELETE FROM problem WHERE event_id <= ?", (event,))
        connection.execute("DELETE FROM event WHERE id <= ?", (event,))
        # What still waits to be forwarded is kept until it is.
        bound = f"< ? AND {{}} NOT IN ({UNFORWARDED})"
        for table, column in (("request", "id"), ("forward", "request_id")):
            condition = f"{column} {bound.format(column)}"
            connection.execute(f"DELETE FROM {table} WHERE {condition}", (request,))  # noqa: S608
        self.recount(connection)


def _number(connection: sqlite3.Connection, query: str, value: int) -> int:
    number: int = connection.execute(query, (value,)).fetchone()[0]
    return number

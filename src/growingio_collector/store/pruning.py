"""Pruning of the store, oldest requests first."""

import sqlite3
import time
from typing import Final, NamedTuple

from growingio_collector.store.schema import UNFORWARDED

DEFAULT_MAX_EVENTS: Final = 10_000
DEFAULT_MAX_AGE_S: Final = 7 * 24 * 3600.0

_SLACK: Final = 20
"""Pruning waits until there is a twentieth too much: deleting many rows at once costs less."""

_AT_ONCE: Final = 1000
"""Events removed per transaction, for which clients wait; if there are very many, a quarter."""

_PARTS: Final = 4

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
# Not max(id), for which SQLite would scan the whole table instead of the index.
_LAST_EVENT_BEFORE: Final = (
    "SELECT coalesce((SELECT id FROM event WHERE request_id < ? "
    "ORDER BY request_id DESC, id DESC LIMIT 1), 0)"
)
_OLDEST: Final = "SELECT coalesce((SELECT id FROM event ORDER BY id LIMIT 1 OFFSET ?), 0)"
_FIRST_NEEDED: Final = (
    "SELECT coalesce((SELECT request_id FROM event WHERE id > ? ORDER BY id LIMIT 1), 0)"
)


class Keep(NamedTuple):
    """Limits of the store: ``max_events`` events and requests, not older than ``max_age_s``.

    Ages count from when something was stored. None and 0 mean no limit. The limits may be exceeded
    by a twentieth, and by more right after a request with very many events; ages are checked once a
    minute, when a request arrives.
    """

    max_events: int | None = DEFAULT_MAX_EVENTS
    max_age_s: float | None = DEFAULT_MAX_AGE_S


class Pruner:
    """Removes what is too much or too old, one portion per transaction of the writer.

    ``is_behind`` is true if the last transaction left something to remove.
    """

    def __init__(self, keep: Keep, connection: sqlite3.Connection) -> None:
        self._keep = keep
        self._age_due = 0.0
        self._most = (keep.max_events or 0) * (_SLACK + 1) // _SLACK
        self.is_behind = False
        self._events = self._requests = 0
        self.recount(connection)

    def recount(self, connection: sqlite3.Connection) -> None:
        """Count events and requests again, after others have removed some."""
        counts = "SELECT (SELECT count(*) FROM event), (SELECT count(*) FROM request)"
        self._events, self._requests = connection.execute(counts).fetchone()

    def added(self, connection: sqlite3.Connection, events: int) -> None:
        """Count one more request with this many events, and prune if due."""
        self._events += events
        self._requests += 1
        self.prune(connection)

    def prune(self, connection: sqlite3.Connection) -> None:
        """Remove the oldest portion of what is too much or too old."""
        self.is_behind = False
        if self._keep.max_events and max(self._events, self._requests) > self._most:
            last = _number(connection, _LAST_EVENT_TOO_MANY, self._keep.max_events)
            old = _number(connection, _LAST_REQUEST_TOO_MANY, self._keep.max_events)
            self._remove(connection, last, old + 1)
        if self._keep.max_age_s and time.monotonic() >= self._age_due:
            # SQLite could not hold the microseconds of times far before 1970.
            age_s = min(self._keep.max_age_s, time.time())
            oldest_us = time.time_ns() // 1000 - int(age_s * 1_000_000)
            young = _number(connection, _FIRST_YOUNG, oldest_us)
            self._remove(connection, 0, young)
            self._age_due = time.monotonic() + (0.0 if self.is_behind else _AGE_EVERY_S)

    def _remove(self, connection: sqlite3.Connection, event: int, request: int) -> None:
        """Remove events up to ``event``, everything before ``request``, and what is then unused."""
        event = max(event, _number(connection, _LAST_EVENT_BEFORE, request))
        behind = _number(connection, _OLDEST, self._at_once())
        if 0 < behind <= event:
            self.is_behind = True
            event = behind - 1
            request = _number(connection, _FIRST_NEEDED, event)
        elif event:
            request = max(request, _number(connection, _FIRST_NEEDED, event))
        connection.execute("DELETE FROM problem WHERE event_id <= ?", (event,))
        connection.execute("DELETE FROM event WHERE id <= ?", (event,))
        # Requests still to be forwarded are kept.
        bound = f"< ? AND {{}} NOT IN ({UNFORWARDED})"
        for table, column in (("request", "id"), ("forward", "request_id")):
            condition = f"{column} {bound.format(column)}"
            connection.execute(f"DELETE FROM {table} WHERE {condition}", (request,))
        self.recount(connection)

    def _at_once(self) -> int:
        too_many = self._events - (self._keep.max_events or self._events)
        return max(_AT_ONCE, too_many // _PARTS)


def _number(connection: sqlite3.Connection, query: str, value: int) -> int:
    number: int = connection.execute(query, (value,)).fetchone()[0]
    return number

"""Store of received requests: one SQLite file with one writing thread and any number of readers.

Here is the writer, with one commit per request.
"""

import sqlite3
import threading
from collections.abc import Callable, Collection, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from growingio_collector.store.filter import Filter, where
from growingio_collector.store.pruning import Keep, Pruner
from growingio_collector.store.received import COUNT_EVENTS, MAX_NAME, Received, insert
from growingio_collector.store.schema import REQUESTS_BEFORE, open_store
from growingio_wire.errors import invalid

_LAST_IDS: Final = (
    "SELECT (SELECT coalesce(max(id), 0) FROM request), (SELECT coalesce(max(id), 0) FROM event)"
)
_SET: Final = "INSERT OR REPLACE INTO setting VALUES (?, ?)"
_UNSET: Final = "DELETE FROM setting WHERE key = ?"

_CLEARED: Final = ("request", "problem", "counter", "property", "forward")

_CHOOSE: Final = "CREATE TEMP TABLE chosen AS SELECT id, request_id FROM event {}"
_EMPTIED: Final = (
    "IN (SELECT request_id FROM chosen WHERE NOT EXISTS "
    "(SELECT 1 FROM event WHERE event.request_id = chosen.request_id))"
)
_REMOVE: Final = (
    "DELETE FROM problem WHERE event_id IN (SELECT id FROM chosen)",
    "DELETE FROM event WHERE id IN (SELECT id FROM chosen)",
    f"DELETE FROM request WHERE id {_EMPTIED}",
    f"DELETE FROM forward WHERE request_id {_EMPTIED}",
)


class EventStore:
    """Writer of one database file, which is created if it does not exist.

    ``last_event`` is the id of the newest event; ``removals`` counts the calls that removed events,
    ``clears`` those that removed everything, and ``changes`` whatever listeners were called for.

    :param path: the database file.
    :param keep: how much is kept at most.
    :param temporary: do not wait for the disk, because the file need not survive a crash.
    :raises GrowingParamException: if the file cannot be opened, is no database, or was written
        by a newer release.
    """

    def __init__(self, path: Path, *, temporary: bool = False, keep: Keep = Keep()) -> None:
        self.path = path
        # Two threads write, but never simultaneously: one receives, the other clears.
        self._lock = threading.Lock()
        self._listeners: set[Callable[[], None]] = set()
        self.closing = False
        self.removals = self.clears = self.changes = 0
        try:
            self._connection = open_store(path, temporary)
        except sqlite3.Error as error:
            raise invalid(
                f"{path} cannot be used to store what is received ({error}). "
                "Choose another file, in a directory that exists and is writable.",
                f"无法把数据保存到 {path}（{error}）。请改用其他文件，其所在目录必须存在且可写。",
                "db",
            ) from error
        last: tuple[int, int] = self._connection.execute(_LAST_IDS).fetchone()
        self._last_request, self.last_event = last
        self._pruner = Pruner(keep, self._connection)

    @contextmanager
    def writing(self) -> Generator[sqlite3.Connection, None, None]:
        """Lend the writing connection for one transaction. Listeners are not called.

        :raises sqlite3.Error: if the file cannot be written; the block is then rolled back.
        """
        with self._lock, self._connection as connection:
            # Another collector may have the same file open.
            connection.execute("BEGIN IMMEDIATE")
            yield connection

    @contextmanager
    def changing(self) -> Generator[sqlite3.Connection, None, None]:
        """Lend the writing connection like :meth:`writing`, and then call listeners."""
        with self.writing() as connection:
            yield connection
        self.tell()

    def add(self, received: Received) -> int:
        """Store one request with its events, visible to readers on return; return its id.

        :raises sqlite3.Error: if the file cannot be written; nothing of the request is then stored.
        """
        with self.changing() as connection:
            return self._insert(connection, received)

    def _insert(self, connection: sqlite3.Connection, received: Received) -> int:
        last: tuple[int, int] = connection.execute(_LAST_IDS).fetchone()
        last_request, last_event = last
        request_id = max(last_request, self._last_request) + 1
        first = max(last_event, self.last_event) + 1
        insert(connection, request_id, first, received)
        self._pruner.added(connection, len(received.messages))
        self._last_request, self.last_event = request_id, first + len(received.messages) - 1
        return request_id

    @property
    def is_untidy(self) -> bool:
        """Whether there is more to prune than the last request did."""
        return self._pruner.is_behind

    def tidy(self) -> None:
        """Prune one portion of what is too much or too old.

        :raises sqlite3.Error: if the file cannot be written.
        """
        with self.writing() as connection:
            self._pruner.prune(connection)
        self._tell_of_removal()

    def clear(self) -> int:
        """Remove everything and return the number of removed events. Ids are not reused."""
        with self.writing() as connection:
            removed = connection.execute("DELETE FROM event").rowcount
            for table in _CLEARED:
                connection.execute(f"DELETE FROM {table}")
            setting = (REQUESTS_BEFORE, str(self._last_request))
            connection.execute(_SET, setting)
            self._pruner.recount(connection)
            self.clears += 1
        self._tell_of_removal()
        return removed

    def remove(self, wanted: Filter) -> int:
        """Remove matching events, and requests left without events; return the number of events.

        The counts of received events do not change.
        """
        clause, values = where(wanted)
        with self.writing() as connection:
            connection.execute(_CHOOSE.format(clause), values)
            for query in _REMOVE:
                connection.execute(query)
            removed: int = connection.execute("SELECT count(*) FROM chosen").fetchone()[0]
            connection.execute("DROP TABLE chosen")
            self._pruner.recount(connection)
        self._tell_of_removal()
        return removed

    def judge_anew(self, ignored: Collection[str]) -> None:
        """Give every event the verdict that it has without problems of the ``ignored`` codes."""
        with self.writing() as connection:
            _judge_anew(connection, ignored)
        self._tell_of_removal()

    def _tell_of_removal(self) -> None:
        self.removals += 1
        self.tell()

    def set(self, key: str, value: str | None) -> None:
        """Store a setting, which survives clearing and restarts; None removes it.

        Listeners are not called: the caller tells them once the setting is in use.
        """
        with self.writing() as connection:
            if value is None:
                connection.execute(_UNSET, (key,))
            else:
                connection.execute(_SET, (key, value))

    @contextmanager
    def listening(self, listener: Callable[[], None]) -> Generator[None, None, None]:
        """Call ``listener`` after every change, in the changing thread, until the block ends."""
        with self._lock:
            self._listeners.add(listener)
        try:
            yield
        finally:
            with self._lock:
                self._listeners.discard(listener)

    def tell(self) -> None:
        """Count a change, and call every listener."""
        with self._lock:
            self.changes += 1
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener()

    def end_waits(self) -> None:
        """Wake all waiting threads; ``closing`` is true from now on."""
        self.closing = True
        self.tell()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


_JUDGE: Final = """
CREATE TEMP TABLE judged AS SELECT
    id, kind, substr(coalesce(nullif(name, ''), type, ''), 1, {most}) AS name,
    coalesce(client, '') AS client, received_us, verdict AS old,
    coalesce(
        (SELECT min(level) FROM problem WHERE event_id = event.id AND code NOT IN ({ignored})), 'ok'
    ) AS new
FROM event WHERE id IN (SELECT event_id FROM problem)
"""
"""``min(level)`` works because ``bad`` precedes ``warn`` in the alphabet."""

_UNCHANGED: Final = "DELETE FROM judged WHERE old = new"
_MOVED: Final = (
    "SELECT kind, name, client, old, new, count(*), min(received_us), max(received_us) "
    "FROM judged GROUP BY kind, name, client, old, new"
)
_TAKE: Final = (
    "UPDATE counter SET events = events - ? "
    "WHERE kind = ? AND name = ? AND client = ? AND verdict = ?"
)
_EMPTY: Final = "DELETE FROM counter WHERE events <= 0"
_SET_VERDICTS: Final = (
    "UPDATE event SET verdict = (SELECT new FROM judged WHERE judged.id = event.id) "
    "WHERE id IN (SELECT id FROM judged)"
)


def _judge_anew(connection: sqlite3.Connection, ignored: Collection[str]) -> None:
    """Give every event the verdict that it has without problems of the ``ignored`` codes.

    Updates the counts as well. Call it in a transaction.
    """
    marks = ", ".join("?" * len(ignored))
    connection.execute(_JUDGE.format(most=MAX_NAME, ignored=marks), tuple(ignored))
    connection.execute(_UNCHANGED)
    for *place, old, new, number, first_us, last_us in connection.execute(_MOVED).fetchall():
        connection.execute(_TAKE, (number, *place, old))
        connection.execute(COUNT_EVENTS, (*place, new, number, first_us, last_us))
    connection.execute(_EMPTY)
    connection.execute(_SET_VERDICTS)
    connection.execute("DROP TABLE judged")

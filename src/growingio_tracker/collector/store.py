"""The store: one SQLite file, one writer, one commit per request."""

import sqlite3
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from growingio_tracker.collector.check import Finding
from growingio_tracker.collector.event_rows import Shared, insert_events
from growingio_tracker.collector.filters import Filter, where
from growingio_tracker.collector.packing import pack
from growingio_tracker.collector.problems.problem import Problem
from growingio_tracker.collector.pruning import Keep, Pruner
from growingio_tracker.collector.rows import Step
from growingio_tracker.collector.schema import open_store
from growingio_tracker.collector.summary import REQUESTS_BEFORE
from growingio_tracker.collector.tally import count
from growingio_tracker.exceptions import GrowingParamException


def _insert_into(table: str, columns: int) -> str:
    return f"INSERT INTO {table} VALUES ({', '.join('?' * columns)})"  # noqa: S608 - our own words


_LAST_IDS: Final = (
    "SELECT (SELECT coalesce(max(id), 0) FROM request), (SELECT coalesce(max(id), 0) FROM event)"
)
_ADD_REQUEST: Final = _insert_into("request", 14)
_ADD_PROBLEM: Final = _insert_into("problem", 5)
_ADD_FORWARD: Final = (
    "INSERT INTO forward (request_id, state, tries, queued_us, next_us) VALUES (?, ?, 0, ?, 0)"
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
    f"DELETE FROM request WHERE id {_EMPTIED}",  # noqa: S608 - our own words
    f"DELETE FROM forward WHERE request_id {_EMPTIED}",  # noqa: S608 - as above
)

_encode = msgspec.json.Encoder().encode


class Received(NamedTuple):
    """One request and everything read from it, ready to be stored."""

    received_us: int
    method: str
    target: str
    headers: Sequence[tuple[str, str]]
    body: bytes
    answered: int
    steps: Sequence[Step]
    reason: Problem | None
    project: str | None
    findings: Sequence[Finding]
    client: str | None = None
    run: str | None = None
    forward: str | None = None
    """The state in which it waits for being forwarded; None: it is not to be forwarded."""


def _text(value: object) -> str:
    return _encode(value).decode()


def _problem_rows(first_id: int, findings: Sequence[Finding]) -> Iterator[tuple[object, ...]]:
    for event_id, finding in enumerate(findings, first_id):
        for problem in finding.problems:
            yield (event_id, problem.code, problem.level, problem.path, _text(problem.values))


class Store:
    """The writing side of one database file, made when it does not exist.

    ``last_event`` is the id of the newest event; ``removals`` counts the calls that removed some,
    ``clears`` those that removed everything.

    :param path: the database file.
    :param keep: how much is kept at most.
    :param temporary: the file will not outlive a crash of the machine, so do not wait for the disk.
    :raises GrowingParamException: when the file cannot be opened, is no database, or was written
        by a newer release.
    """

    def __init__(self, path: Path, *, temporary: bool = False, keep: Keep = Keep()) -> None:  # noqa: B008 - immutable
        self.path = path
        # Two threads write, never at once: the one that receives and the one that clears.
        self._lock = threading.Lock()
        self._listeners: set[Callable[[], None]] = set()
        self.closing = False
        self.removals = self.clears = 0
        try:
            self._connection = open_store(path, temporary)
        except sqlite3.Error as error:
            raise GrowingParamException(
                f"db: {path} cannot be used as the collector's store ({error}). "
                "Choose another file, or a folder that exists and can be written to."
            ) from error
        last: tuple[int, int] = self._connection.execute(_LAST_IDS).fetchone()
        self._last_request, self.last_event = last
        self._pruner = Pruner(keep, self._connection)

    @contextmanager
    def writing(self) -> Generator[sqlite3.Connection, None, None]:
        """Lend the connection that writes, for one transaction. Nobody is told of the change.

        :raises sqlite3.Error: when the file cannot take it; then nothing of the block is kept.
        """
        with self._lock, self._connection as connection:
            # Another collector may have the same file open.
            connection.execute("BEGIN IMMEDIATE")
            yield connection

    def add(self, received: Received) -> int:
        """Store one request with its events and return its id. Then readers see them.

        :raises sqlite3.Error: when the file cannot take it; then nothing of it is stored.
        """
        with self.writing() as connection:
            request_id = self._insert(connection, received)
        self.tell()
        return request_id

    def _insert(self, connection: sqlite3.Connection, received: Received) -> int:
        last: tuple[int, int] = connection.execute(_LAST_IDS).fetchone()
        last_request, last_event = last
        request_id = max(last_request, self._last_request) + 1
        first = max(last_event, self.last_event) + 1
        connection.execute(_ADD_REQUEST, _request_row(request_id, received))
        shared = Shared(
            request_id, received.received_us, received.project, received.client, received.run
        )
        insert_events(connection, first, shared, received.findings)
        connection.executemany(_ADD_PROBLEM, _problem_rows(first, received.findings))
        if received.forward:
            connection.execute(_ADD_FORWARD, (request_id, received.forward, received.received_us))
        count(connection, received.findings, received.client, received.received_us)
        self._pruner.added(connection, len(received.findings))
        self._last_request, self.last_event = request_id, first + len(received.findings) - 1
        return request_id

    def clear(self) -> int:
        """Remove everything and return the number of removed events. Ids are not used again."""
        with self.writing() as connection:
            removed = connection.execute("DELETE FROM event").rowcount
            for table in _CLEARED:
                connection.execute(f"DELETE FROM {table}")  # noqa: S608 - our own words
            setting = (REQUESTS_BEFORE, str(self._last_request))
            connection.execute(_SET, setting)
            self._pruner.recount(connection)
            self.clears += 1
        self._tell_of_removal()
        return removed

    def remove(self, wanted: Filter) -> int:
        """Remove the events that match, and the requests that have no others; return how many.

        The counts of what was received stay as they are.
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

    def _tell_of_removal(self) -> None:
        self.removals += 1
        self.tell()

    def set(self, key: str, value: str | None) -> None:
        """Keep one setting in the file, over clearing and the end; None removes it."""
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
        """Call every listener."""
        with self._lock:
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener()

    def end_waits(self) -> None:
        """Wake everybody who waits for more; ``closing`` is true from now on."""
        self.closing = True
        self.tell()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


def _request_row(request_id: int, received: Received) -> tuple[object, ...]:
    body, packed = pack(received.body)
    return (
        request_id,
        received.received_us,
        received.method,
        received.target,
        _text(received.headers),
        received.answered,
        _text(received.steps),
        _text(received.reason) if received.reason else None,
        received.client,
        received.run,
        time.time_ns() // 1000,
        len(received.body),
        packed,
        body,
    )

"""The store: one SQLite file, one writer, one commit per request.

``PRAGMA user_version`` names the schema. Nothing here uses SQLite's JSON functions, which older
builds lack.
"""

import sqlite3
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from growingio_tracker.collector.check import Finding
from growingio_tracker.collector.rows import Problem, Step
from growingio_tracker.exceptions import GrowingParamException

SCHEMA_VERSION: Final = 1

_SCHEMA: Final = """
CREATE TABLE request (
    id INTEGER PRIMARY KEY,
    received_us INTEGER NOT NULL,
    method TEXT NOT NULL,
    target TEXT NOT NULL,
    headers TEXT NOT NULL,
    body BLOB NOT NULL,
    answered INTEGER NOT NULL,
    steps TEXT NOT NULL,
    reason TEXT
);
CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    request_id INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    project TEXT,
    kind TEXT NOT NULL,
    type TEXT,
    name TEXT,
    user_key TEXT,
    user_id TEXT,
    device_id TEXT,
    ts INTEGER,
    verdict TEXT NOT NULL,
    json TEXT
);
CREATE TABLE problem (
    event_id INTEGER NOT NULL,
    code TEXT NOT NULL,
    level TEXT NOT NULL,
    path TEXT NOT NULL,
    sentence TEXT NOT NULL
);
CREATE INDEX problem_event ON problem (event_id);
"""

_LAST_IDS: Final = (
    "SELECT (SELECT coalesce(max(id), 0) FROM request), (SELECT coalesce(max(id), 0) FROM event)"
)
_ADD_REQUEST: Final = "INSERT INTO request VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_ADD_EVENT: Final = "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_ADD_PROBLEM: Final = "INSERT INTO problem VALUES (?, ?, ?, ?, ?)"

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


def _text(value: object) -> str:
    return _encode(value).decode()


def _event_rows(first_id: int, request_id: int, received: Received) -> Iterator[tuple[object, ...]]:
    project = received.project
    for idx, finding in enumerate(received.findings):
        own = (first_id + idx, request_id, idx, project)
        yield (*own, *finding.identity, finding.verdict, finding.text)


def _problem_rows(first_id: int, findings: Sequence[Finding]) -> Iterator[tuple[object, ...]]:
    for event_id, finding in enumerate(findings, first_id):
        for problem in finding.problems:
            yield (event_id, problem.code, problem.level, problem.path, problem.sentence)


class Store:
    """The writing side of one database file, made when it does not exist.

    ``last_event`` is the id of the newest event.

    :param path: the database file.
    :param temporary: the file will not outlive a crash of the machine, so do not wait for the disk.
    :raises GrowingParamException: when the file cannot be opened, is no database, or was written
        by a newer release.
    """

    def __init__(self, path: Path, *, temporary: bool = False) -> None:
        self.path = path
        # Two threads write, never at once: the one that receives and the one that clears.
        self._lock = threading.Lock()
        self._listeners: set[Callable[[], None]] = set()
        self.closing = False
        try:
            self._connection = _open(path, temporary)
        except sqlite3.Error as error:
            raise GrowingParamException(
                f"db: {path} cannot be used as the collector's store ({error}). "
                "Choose another file, or a folder that exists and can be written to."
            ) from error
        self._last_request, self.last_event = self._connection.execute(_LAST_IDS).fetchone()

    def add(self, received: Received) -> None:
        """Store one request with its events. When it returns, readers see them.

        :raises sqlite3.Error: when the file cannot take it; then nothing of it is stored.
        """
        with self._lock, self._connection as connection:
            self._insert(connection, received)
        self.tell()

    def _insert(self, connection: sqlite3.Connection, received: Received) -> None:
        # Another collector may have the same file open.
        connection.execute("BEGIN IMMEDIATE")
        last_request, last_event = connection.execute(_LAST_IDS).fetchone()
        request_id = max(last_request, self._last_request) + 1
        first = max(last_event, self.last_event) + 1
        connection.execute(_ADD_REQUEST, _request_row(request_id, received))
        connection.executemany(_ADD_EVENT, _event_rows(first, request_id, received))
        connection.executemany(_ADD_PROBLEM, _problem_rows(first, received.findings))
        self._last_request, self.last_event = request_id, first + len(received.findings) - 1

    def clear(self) -> int:
        """Remove everything and return the number of removed events. Ids are not used again."""
        with self._lock, self._connection as connection:
            removed = connection.execute("DELETE FROM event").rowcount
            connection.execute("DELETE FROM request")
            connection.execute("DELETE FROM problem")
        return removed

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
    return (
        request_id,
        received.received_us,
        received.method,
        received.target,
        _text(received.headers),
        received.body,
        received.answered,
        _text(received.steps),
        _text(received.reason) if received.reason else None,
    )


def _open(path: Path, temporary: bool) -> sqlite3.Connection:
    connection = sqlite3.connect(path, check_same_thread=False)
    try:
        version = _version(connection, path)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={'OFF' if temporary else 'NORMAL'}")
        if version == 0:
            connection.executescript(
                f"BEGIN; {_SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
            )
    except BaseException:
        connection.close()
        raise
    return connection


def _version(connection: sqlite3.Connection, path: Path) -> int:
    """Return the schema's version, 0 for a new file; refuse a file that is not ours."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    tables: int = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise GrowingParamException(
            f"db: {path} was written by a newer release (its schema is {version}, this release "
            f"knows up to {SCHEMA_VERSION}). Upgrade growingio_tracker or choose another file."
        )
    if version == 0 and tables:
        raise GrowingParamException(
            f"db: {path} is the database of another program. Choose another file."
        )
    return version


@contextmanager
def reading(path: Path) -> Generator[sqlite3.Connection, None, None]:
    """Open the store at ``path`` for reading, for the length of the block.

    Readers never wait for the writer, nor it for them.
    """
    with closing(sqlite3.connect(path, check_same_thread=False)) as connection:
        connection.execute("PRAGMA query_only = ON")
        connection.row_factory = sqlite3.Row
        yield connection

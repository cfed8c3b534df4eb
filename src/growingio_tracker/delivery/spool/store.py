"""One file of a spool: the records that one process at a time writes and sends.

All SQL about records is here. Nothing here has a lock: the queue that owns the store holds its own
around every call, or has not taken it in yet.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Generator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from growingio_tracker.delivery.spool.claim import claim_existing, claim_new, close, remove_log
from growingio_tracker.delivery.spool.fork_gate import GATE
from growingio_tracker.exceptions import SpoolError
from growingio_tracker.wire import Kind

_APPLICATION_ID: Final = 0x47494F53
_SCHEMA_VERSION: Final = 1
_UNMADE: Final = 0
"""What SQLite says of a file of which nobody has made a store yet."""
_CHECKPOINT_APPENDS: Final = 1_000
"""A checkpoint waits for the disk, so that the thread that sends makes one in time, and no caller
has to. Only when that thread rests for long, one call in so many pages does it itself."""
_CHECKPOINT_PAGES: Final = 16_000

_SCHEMA: Final = "".join(
    f"CREATE TABLE {kind.value}"
    " (place INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, record BLOB NOT NULL);"
    for kind in Kind
) + (
    "CREATE TABLE owner"
    " (product_id TEXT NOT NULL, data_source_id TEXT NOT NULL, server_host TEXT NOT NULL);"
    "CREATE TABLE settled (kind TEXT PRIMARY KEY, place INTEGER NOT NULL) WITHOUT ROWID;"
)
SETTLED: Final = "SELECT place FROM settled WHERE kind = ?"
"""Records before this place have an outcome, though they may still be there."""

_APPEND: Final = {kind: f"INSERT INTO {kind.value} VALUES (?, ?, ?)" for kind in Kind}


class Destination(NamedTuple):
    """Where the records of a store belong."""

    product_id: str
    data_source_id: str
    server_host: str


class Contents(NamedTuple):
    """What waits in one table: how many records and bytes, and the first and the last place."""

    events: int
    size: int
    first: int
    last: int


class Store:
    """A claimed file.

    :param path: the file.
    :param connection: what :func:`claim` returned for it.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self._cursor = connection.cursor()
        self._appends = 0
        self._settled: dict[Kind, int] = {}
        try:
            self.found = self.look_through()
            """What is in it before a queue begins with it."""
        except BaseException:
            self.close()
            raise

    @classmethod
    def create(cls, path: Path, destination: Destination, *, fsync: bool) -> Store:
        """Make a new store.

        :raises SpoolError: when the disk cannot take it.
        """
        try:
            connection = claim_new(path)
            if connection is None:
                raise SpoolError(f"{path} is in use, though it is new; nothing was queued")
            with GATE, _closed_on_error(connection):
                connection.executescript(
                    f"PRAGMA application_id = {_APPLICATION_ID};"
                    f"PRAGMA user_version = {_SCHEMA_VERSION}; BEGIN; {_SCHEMA} COMMIT;"
                )
                connection.execute("INSERT INTO owner VALUES (?, ?, ?)", destination)
                if fsync:
                    _sync_directory(path.parent)
                return cls._configured(path, connection, fsync=fsync)
        except (sqlite3.Error, OSError) as error:
            raise unusable(path, error) from error

    @classmethod
    def adopt(cls, path: Path, *, fsync: bool) -> Store | None:
        """Claim an existing store; ``None`` when somebody has or makes it, or it has just gone.

        :raises sqlite3.DatabaseError: when the file is not a store that can be read.
        """
        if (connection := claim_existing(path)) is None:
            return None
        with GATE, _closed_on_error(connection):
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version == _UNMADE:
                connection.close()
                return None
            if version != _SCHEMA_VERSION:
                raise sqlite3.DatabaseError(f"its schema is {version}, not {_SCHEMA_VERSION}")
            for kind in Kind:
                connection.execute(
                    f"DELETE FROM {kind.value} WHERE place < ({SETTLED})", (kind.value,)
                )
            return cls._configured(path, connection, fsync=fsync)

    @classmethod
    def _configured(cls, path: Path, connection: sqlite3.Connection, *, fsync: bool) -> Store:
        connection.execute(f"PRAGMA synchronous = {'FULL' if fsync else 'NORMAL'}")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        return cls(path, connection)

    def destination(self) -> Destination:
        """Return where the records belong."""
        return Destination(*self._run("SELECT * FROM owner")[0])

    def look_through(self) -> Mapping[Kind, Contents]:
        """Return what there is of each kind, after reading all of it.

        :raises sqlite3.DatabaseError: when a part of it cannot be read.
        """
        return {
            kind: Contents(
                *self._run(
                    "SELECT count(*), coalesce(sum(length(record)), 0), coalesce(min(place), 0),"
                    f" coalesce(max(place), 0) FROM {kind.value}"
                )[0]
            )
            for kind in Kind
        }

    def append(self, kind: Kind, place: int, at_ms: int, record: bytes) -> None:
        """Add one record. It is in the file when this returns."""
        self._cursor.execute(_APPEND[kind], (place, at_ms, record))
        self._appends += 1

    @contextmanager
    def reading(self, kind: Kind, first: int) -> Generator[sqlite3.Cursor, None, None]:
        """Give places and records from ``first`` on, for the length of the block."""
        # A cursor of its own: this one stays open between two rows.
        select = f"SELECT place, record FROM {kind.value} WHERE place >= ? ORDER BY place"
        with closing(self._connection.execute(select, (first,))) as rows:
            yield rows

    def entries(self, kind: Kind) -> sqlite3.Cursor:
        """Return when each record entered, and the record, to iterate over, and then to close."""
        return self._connection.execute(f"SELECT at_ms, record FROM {kind.value} ORDER BY place")

    def first_from(self, kind: Kind, place: int, entered_since_ms: int = 0) -> int | None:
        """Return the first place from ``place`` on that holds a record as new as that."""
        found = self._run(
            f"SELECT place FROM {kind.value} WHERE place >= ? AND at_ms >= ?"
            " ORDER BY place LIMIT 1",
            place,
            entered_since_ms,
        )
        return found[0][0] if found else None

    def oldest_ms(self, kind: Kind, place: int) -> int | None:
        """Return when the first record from ``place`` on entered; ``None`` if there is none."""
        found = self._run(
            f"SELECT at_ms FROM {kind.value} WHERE place >= ? ORDER BY place LIMIT 1", place
        )
        return found[0][0] if found else None

    def oldest_of_all_ms(self) -> int | None:
        """Return when the oldest record of any kind entered; ``None`` when there is none."""
        tables = " UNION ALL ".join(f"SELECT at_ms FROM {kind.value}" for kind in Kind)
        oldest: int | None = self._run(f"SELECT min(at_ms) FROM ({tables})")[0][0]
        return oldest

    def measure(self, kind: Kind, first: int, end: int) -> tuple[int, int]:
        """Return how many records and bytes wait from ``first`` up to ``end``."""
        [(events, size)] = self._run(
            "SELECT count(*), coalesce(sum(length(record)), 0)"
            f" FROM {kind.value} WHERE place >= ? AND place < ?",
            first,
            end,
        )
        return events, size

    def remove(self, kind: Kind, first: int, end: int) -> None:
        """Remove the places from ``first`` up to ``end``."""
        self._run(f"DELETE FROM {kind.value} WHERE place >= ? AND place < ?", first, end)

    def settle_to(self, kind: Kind, place: int) -> None:
        """Write down that everything before ``place`` has an outcome, which removes nothing yet."""
        self._run("REPLACE INTO settled VALUES (?, ?)", kind.value, place)
        self._settled[kind] = place

    def is_empty(self) -> bool:
        """Return whether no record of any kind is left without an outcome."""
        with GATE:
            return all(self.first_from(kind, self._settled.get(kind, 0)) is None for kind in Kind)

    def tidy(self) -> None:
        """Move what was appended from the log into the table, if it has become much."""
        if self._appends >= _CHECKPOINT_APPENDS:
            self._appends = 0
            self._run("PRAGMA wal_checkpoint(PASSIVE)")

    def close(self) -> None:
        """Close the file, so that another process may have it."""
        # A statement that failed would hold the file, and its lock, beyond the connection's end.
        self._cursor.close()
        close(self._connection)

    def release(self) -> None:
        """Close the file, and remove it if it is empty."""
        with contextlib.suppress(sqlite3.Error):
            if self.is_empty():
                self._remove_file()
        self.close()
        remove_log(self.path)

    def _run(self, statement: str, *parameters: object) -> list[Any]:
        return self._cursor.execute(statement, parameters).fetchall()

    def _remove_file(self) -> None:
        # While it is still ours: whoever claims it next finds that it has gone.
        with contextlib.suppress(PermissionError):  # Windows removes no open file
            self.path.unlink(missing_ok=True)


def unusable(path: Path, error: Exception) -> SpoolError:
    """Return the error of a call whose event did not reach the disk."""
    return SpoolError(
        f"{path} cannot take the event: {error}. It was not queued; the events already there are "
        "safe. Trying again helps once the disk has room and can be written to"
    )


def _sync_directory(directory: Path) -> None:
    """Let the disk know of a new file, not only of what is in it."""
    if hasattr(os, "O_DIRECTORY"):  # Windows cannot, and need not
        number = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


@contextmanager
def _closed_on_error(connection: sqlite3.Connection) -> Generator[None, None, None]:
    try:
        yield
    except BaseException:
        connection.close()
        raise

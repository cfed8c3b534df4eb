"""The tables of the store, and opening a file that has them or is to get them.

``PRAGMA user_version`` names the schema. Nothing here uses SQLite's JSON functions, which older
builds lack.
"""

import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from growingio_tracker.collector.text_functions import add_functions
from growingio_tracker.exceptions import GrowingParamException

SCHEMA_VERSION: Final = 2

_CACHE_KIB: Final = 16_000
"""Pages kept in memory: enough for the events that are kept by default, which pruning reads."""

_TABLES: Final = """
CREATE TABLE request (
    id INTEGER PRIMARY KEY,
    received_us INTEGER NOT NULL,
    method TEXT NOT NULL,
    target TEXT NOT NULL,
    headers TEXT NOT NULL,
    answered INTEGER NOT NULL,
    steps TEXT NOT NULL,
    reason TEXT,
    client TEXT,
    run TEXT,
    stored_us INTEGER NOT NULL,
    size INTEGER NOT NULL,
    packed INTEGER NOT NULL,
    body BLOB NOT NULL
);
CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    request_id INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    received_us INTEGER NOT NULL,
    project TEXT,
    client TEXT,
    run TEXT,
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
CREATE INDEX event_request ON event (request_id);
CREATE TABLE problem (
    event_id INTEGER NOT NULL,
    code TEXT NOT NULL,
    level TEXT NOT NULL,
    path TEXT NOT NULL,
    details TEXT NOT NULL
);
CREATE INDEX problem_event ON problem (event_id);
CREATE TABLE counter (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    client TEXT NOT NULL,
    verdict TEXT NOT NULL,
    events INTEGER NOT NULL,
    first_us INTEGER NOT NULL,
    last_us INTEGER NOT NULL,
    PRIMARY KEY (kind, name, client, verdict)
) WITHOUT ROWID;
CREATE TABLE property (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    key TEXT NOT NULL,
    client TEXT NOT NULL,
    type TEXT NOT NULL,
    events INTEGER NOT NULL,
    PRIMARY KEY (kind, name, key, client, type)
) WITHOUT ROWID;
CREATE TABLE forward (
    request_id INTEGER PRIMARY KEY,
    state TEXT NOT NULL,
    tries INTEGER NOT NULL,
    queued_us INTEGER NOT NULL,
    next_us INTEGER NOT NULL,
    status INTEGER,
    answer BLOB,
    error TEXT
);
CREATE INDEX forward_due ON forward (state, request_id);
CREATE TABLE setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""

UNFORWARDED: Final = "SELECT request_id FROM forward WHERE state IN ('waiting', 'sending')"
"""The requests that must not be removed: ``id NOT IN (…)``."""


def open_store(path: Path, temporary: bool) -> sqlite3.Connection:
    """Return the connection that writes; make the tables in a new file.

    :raises GrowingParamException: when the file is not a store of this release.
    :raises sqlite3.Error: when it cannot be used.
    """
    connection = sqlite3.connect(path, check_same_thread=False)
    try:
        version = _version(connection, path)
        add_functions(connection)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={'OFF' if temporary else 'NORMAL'}")
        connection.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
        if version == 0:
            connection.executescript(
                f"BEGIN; {_TABLES} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
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
    if 0 < version < SCHEMA_VERSION:
        raise GrowingParamException(
            f"db: {path} was written by an older release (its schema is {version}, this release "
            f"needs {SCHEMA_VERSION}). Choose another file."
        )
    if version == 0 and tables:
        raise GrowingParamException(
            f"db: {path} is the database of another program. Choose another file."
        )
    return version


@contextmanager
def reading(path: Path) -> Generator[sqlite3.Connection, None, None]:
    """Open the store at ``path`` for reading, for the length of the block.

    All queries of the block see the store as it was at the first. Readers never wait for the
    writer, nor it for them.
    """
    with closing(sqlite3.connect(path, check_same_thread=False)) as connection:
        connection.execute("PRAGMA query_only = ON")
        connection.row_factory = sqlite3.Row
        add_functions(connection)
        connection.execute("BEGIN")
        yield connection

"""Schema of the store, compression of bodies, and opening of old and new files.

``PRAGMA user_version`` names the schema. Nothing here uses SQLite's JSON functions, which older
builds lack.
"""

import os
import sqlite3
import zlib
from collections.abc import Generator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final

from growingio_wire.errors import GrowingParamException, invalid
from growingio_wire.json_text import attribute_is, mentions
from growingio_wire.said import Said

SCHEMA_VERSION: Final = 3

_CACHE_KIB: Final = 16_000
"""Pages cached in memory: enough for the default number of events, which pruning reads."""

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
    error TEXT,
    error_zh TEXT
);
CREATE INDEX forward_due ON forward (state, request_id);
CREATE TABLE setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""

REQUESTS_BEFORE: Final = "requests_before"
"""The setting that holds the id of the last request when the store was emptied."""

UNFORWARDED: Final = "SELECT request_id FROM forward WHERE state IN ('waiting', 'sending')"
"""The requests that must not be removed: ``id NOT IN (…)``."""


_COMPRESSED_FROM: Final = 1000
"""Minimum size of a body to compress."""

# Receiving must be fast. Higher levels save a fifth more and take three times as long, and
# zlib's usual window (15, 8) takes ten times as long to set up as to compress a small body.
_LEVEL: Final = 1
_WINDOW_BITS: Final = 13
_MEMORY_LEVEL: Final = 6


def pack(body: bytes) -> tuple[bytes, bool]:
    """Return ``body`` as it is stored, and whether that is compressed."""
    if len(body) <= _COMPRESSED_FROM:
        return body, False
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW_BITS, _MEMORY_LEVEL)
    packed = compressor.compress(body) + compressor.flush()
    return (packed, True) if len(packed) < len(body) else (body, False)


def unpack(stored: bytes, packed: bool) -> bytes:
    """Return the body from which ``pack`` made ``stored``."""
    return zlib.decompress(stored) if packed else stored


def open_store(path: Path, temporary: bool) -> sqlite3.Connection:
    """Return the writing connection; create the tables in a new file.

    :raises GrowingParamException: if the file is not a store of this release.
    :raises sqlite3.Error: when it cannot be used.
    """
    _make_private(path)
    connection = sqlite3.connect(path, check_same_thread=False)
    try:
        version = _version(connection, path)
        _add_functions(connection)
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


def _make_private(path: Path) -> None:
    """Make a new file, and those that SQLite creates beside it, readable by the owner only."""
    # Existing files keep their permissions; SQLite reports files it cannot create.
    with suppress(OSError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _version(connection: sqlite3.Connection, path: Path) -> int:
    """Return the version of the schema, 0 for a new file; reject files of other programs."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    tables: int = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise invalid(
            f"{path} was written by a newer release (schema {version}; this release supports up "
            f"to {SCHEMA_VERSION}). Upgrade growingio_tracker or choose another file.",
            f"{path} 由更新的版本写入（结构版本 {version}，当前版本最高支持 {SCHEMA_VERSION}）。"
            "请升级 growingio_tracker，或改用其他文件。",
            "db",
        )
    if 0 < version < SCHEMA_VERSION:
        raise invalid(
            f"{path} was written by an older release (schema {version}; this release needs "
            f"{SCHEMA_VERSION}). Choose another file.",
            f"{path} 由较旧的版本写入（结构版本 {version}，当前版本需要 {SCHEMA_VERSION}）。"
            "请改用其他文件。",
            "db",
        )
    if version == 0 and tables:
        raise invalid(
            f"{path} is the database of another program. Choose another file.",
            f"{path} 是其他程序的数据库。请改用其他文件。",
            "db",
        )
    return version


@contextmanager
def reading(path: Path) -> Generator[sqlite3.Connection, None, None]:
    """Open the store at ``path`` for reading, for the length of the block.

    All queries of the block see the store as it was at the first one. Readers and the writer never
    wait for each other.
    """
    with closing(sqlite3.connect(path, check_same_thread=False)) as connection:
        connection.execute("PRAGMA query_only = ON")
        connection.row_factory = sqlite3.Row
        _add_functions(connection)
        connection.execute("BEGIN")
        yield connection


def existing_store(path: Path) -> Path:
    """Return ``path`` if it is a collector's store of this release.

    :raises GrowingParamException: if it is not, or is not there.
    """
    # Connecting would create the file.
    if not path.is_file():
        raise _no_store(Said(f"{path} does not exist.", f"{path} 不存在。"))
    try:
        with reading(path) as connection:
            version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.Error as error:
        raise _no_store(
            Said(f"{path} cannot be read ({error}).", f"无法读取 {path}（{error}）。")
        ) from error
    if version != SCHEMA_VERSION:
        raise _no_store(
            Said(
                f"{path} has schema {version}; this release reads {SCHEMA_VERSION}.",
                f"{path} 的结构版本为 {version}，当前版本只能读取 {SCHEMA_VERSION}。",
            )
        )
    return path


def _no_store(why: Said) -> GrowingParamException:
    return invalid(
        f"{why.en} Name a file written by 'growingio collector --db' of this release.",
        f"{why.zh}请指定由当前版本的“growingio collector --db”写入的文件。",
        "db",
    )


def _add_functions(connection: sqlite3.Connection) -> None:
    """Define functions that replace SQLite's JSON functions, which older builds lack."""
    connection.create_function("attribute_is", 3, attribute_is, deterministic=True)
    connection.create_function("mentions", 2, mentions, deterministic=True)

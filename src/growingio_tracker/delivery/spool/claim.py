"""Opening an SQLite file as the one process that may.

SQLite's own lock says who has a file: it works on every system, and ends with its process, however
that ends. Nothing else has to be cleaned up, and nothing can go stale.
"""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Final

from growingio_tracker.delivery.spool.fork_gate import GATE

_PEEKED_AT_S: Final = 5.0

# Here and not where it is needed: a child that is forked while another thread imports could not
# import the same module any more.
try:
    import ctypes
except ImportError:  # some builds have none, and then no better way
    ctypes = None  # type: ignore[assignment]


def claim(path: Path) -> sqlite3.Connection | None:
    """Open ``path``, which must exist, for this process alone.

    ``None`` means that another one, or another part of this one, has it.

    Alone, SQLite needs neither shared memory nor a lock for each statement, which halves the price
    of one.

    :raises sqlite3.Error: when it cannot be opened, or is no database.
    """
    with GATE:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=rw",
            uri=True,
            timeout=0,
            isolation_level=None,
            check_same_thread=False,
        )
        _keep_for_ever(connection)
        try:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("PRAGMA journal_mode = WAL").fetchall()
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            connection.close()
            if _is_taken(error):
                return None
            raise
        return connection


def claim_new(path: Path) -> sqlite3.Connection | None:
    """Make ``path`` and claim it.

    It can be seen before it is claimed, and who looks for files to adopt has it for a moment.

    :raises OSError: when it cannot be made.
    :raises sqlite3.Error: as :func:`claim` does.
    """
    path.touch()
    deadline = time.monotonic() + _PEEKED_AT_S
    while (connection := claim(path)) is None and time.monotonic() < deadline:
        time.sleep(0.001)
    return connection


def claim_existing(path: Path) -> sqlite3.Connection | None:
    """Claim ``path``, which its owner may be removing; ``None`` also when it is gone.

    :raises sqlite3.Error: as :func:`claim` does.
    """
    try:
        connection = claim(path)
    except sqlite3.OperationalError:
        if path.exists():
            raise
        return None
    if connection is not None and not path.exists():
        close(connection)
        remove_log(path)
        return None
    return connection


def close(connection: sqlite3.Connection) -> None:
    """Let another process have the file."""
    with GATE:
        connection.close()


def remove_log(path: Path) -> None:
    """Remove what SQLite leaves behind when the file itself was removed before it was closed."""
    if not path.exists():
        Path(f"{path}-wal").unlink(missing_ok=True)


def is_claimed(path: Path) -> bool:
    """Return whether a process has ``path``. What is not there, or damaged, is nobody's."""
    if not path.exists():
        return False
    try:
        connection = claim(path)
    except sqlite3.Error:
        return False
    if connection is None:
        return True
    close(connection)
    return False


def _is_taken(error: sqlite3.Error) -> bool:
    # The error's code has a name in Python 3.11 and newer only.
    return isinstance(error, sqlite3.OperationalError) and "locked" in str(error)


def _keep_for_ever(connection: sqlite3.Connection) -> None:
    """Let nothing but ``close()`` ever close ``connection``.

    A forked child inherits the object. Should its interpreter destroy it, SQLite, which knows
    nothing of the fork, would tidy up the file that the parent is still writing to. A reference
    that nobody holds prevents that to the very end of the interpreter.
    """
    if ctypes is not None:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(connection))

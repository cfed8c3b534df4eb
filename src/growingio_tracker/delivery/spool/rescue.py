"""What can still be read of a damaged store."""

from __future__ import annotations

import contextlib
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from growingio_tracker.delivery.contract import Problem
from growingio_tracker.delivery.spool.store import SETTLED, Store
from growingio_tracker.wire import Kind

DAMAGED: Final = ".damaged"


def rescue(path: Path, into: Store, error: sqlite3.DatabaseError) -> Problem | None:
    """Set the file at ``path`` aside under another name, and copy what can be read of it.

    Nothing of it is deleted: a person may know better how to read it. ``None`` means that another
    process has just done the same.
    """
    aside = path.with_name(path.name + DAMAGED)
    try:
        path.replace(aside)
    except FileNotFoundError:
        return None
    with contextlib.suppress(FileNotFoundError):
        Path(f"{path}-wal").replace(f"{aside}-wal")
    rescued = lost = 0
    with closing(sqlite3.connect(aside)) as damaged:
        # Otherwise a file that is shorter than it should be is refused as a whole.
        damaged.execute("PRAGMA writable_schema = ON")
        for kind in Kind:
            before = _copy(damaged, kind, "ASC", into)
            behind = _copy(damaged, kind, "DESC", into)
            rescued += len(before) + len(behind)
            if before and behind:
                lost += behind[-1] - before[-1] - 1
    return Problem(
        "spool_damaged",
        f"{path.name} is damaged ({error}). {rescued} events could be read and will be sent, at "
        f"least {lost} are lost; the file itself is kept as {aside}",
        lost,
    )


def _copy(damaged: sqlite3.Connection, kind: Kind, order: str, into: Store) -> list[int]:
    """Copy records up to the damage, or to one that was copied before; return their places."""
    copied: list[int] = []
    first = _settled_to(damaged, kind)
    with contextlib.suppress(sqlite3.Error):
        for place, at_ms, record in damaged.execute(
            f"SELECT place, at_ms, record FROM {kind.value} WHERE place >= ?"
            f" ORDER BY place {order}",
            (first,),
        ):
            into.append(kind, place, at_ms, record)
            copied.append(place)
    return copied


def _settled_to(damaged: sqlite3.Connection, kind: Kind) -> int:
    with contextlib.suppress(sqlite3.Error):
        found = damaged.execute(SETTLED, (kind.value,)).fetchone()
        return found[0] if found else 0
    return 0  # rather too much than too little

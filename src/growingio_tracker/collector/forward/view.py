"""What is shown of forwarding: counts, and what became of single requests."""

from collections.abc import Iterable
from pathlib import Path
from sqlite3 import Row
from typing import Any, Final

from growingio_tracker.collector.forward.queue import State
from growingio_tracker.collector.schema import reading

_RECENT: Final = "SELECT * FROM forward ORDER BY request_id DESC LIMIT ?"
_AT_ONCE: Final = 500
"""SQLite takes 999 values in one statement where it is old."""


def count_states(path: Path) -> dict[str, int]:
    """Return how many requests are in each state, those without any included."""
    with reading(path) as connection:
        found = dict(
            connection.execute("SELECT state, count(*) FROM forward GROUP BY state").fetchall()
        )
    return {state.value: found.get(state.value, 0) for state in State}


def recent(path: Path, limit: int) -> list[dict[str, Any]]:
    """Return what became of the newest requests, newest first."""
    with reading(path) as connection:
        return [_shown(row) for row in connection.execute(_RECENT, (limit,))]


def forwards_of(path: Path, request_ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """Return what became of these requests; those that are not forwarded are left out."""
    wanted = list(request_ids)
    found: dict[int, dict[str, Any]] = {}
    with reading(path) as connection:
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            marks = ", ".join("?" * len(some))
            query = f"SELECT * FROM forward WHERE request_id IN ({marks})"  # noqa: S608 - marks
            found |= {row["request_id"]: _shown(row) for row in connection.execute(query, some)}
    return found


def _shown(row: Row) -> dict[str, Any]:
    return {
        "request_id": row["request_id"],
        "state": row["state"],
        "tries": row["tries"],
        "status": row["status"],
        "answer": (row["answer"] or b"").decode("utf-8", "replace"),
        "error": row["error"],
    }

"""Reading the store."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from sqlite3 import Connection, Row
from typing import Final, NamedTuple

import msgspec

from growingio_tracker.collector.problems.problem import Problem
from growingio_tracker.collector.rows import Event, Request, Step, Totals
from growingio_tracker.collector.schema import reading

_EVENTS: Final = "SELECT * FROM event WHERE id > ?"
_NO_LIMIT: Final = -1


class Filter(NamedTuple):
    """Which events are meant; None means any. ``user`` is the user id."""

    name: str | None = None
    user: str | None = None
    kind: str | None = None
    verdict: str | None = None


_COLUMNS: Final = Filter("name", "user_id", "kind", "verdict")


def find_events(
    path: Path,
    wanted: Filter = Filter(),  # noqa: B008 - immutable
    *,
    after: int = 0,
    limit: int | None = None,
    newest: bool = False,
) -> list[Event]:
    """Return the events that match, oldest first.

    :param after: only events with a greater id.
    :param limit: at most so many; None means all.
    :param newest: they come newest first, and ``limit`` keeps the newest.
    """
    conditions, values = _conditions(wanted)
    order = "DESC" if newest else "ASC"
    query = f"{_EVENTS}{conditions} ORDER BY id {order} LIMIT ?"
    bounds = (after, *values, _NO_LIMIT if limit is None else limit)
    with reading(path) as connection:
        rows = connection.execute(query, bounds).fetchall()
        problems = _problems(connection, [row["id"] for row in rows])
    return [_event(row, problems.get(row["id"], ())) for row in rows]


def _conditions(wanted: Filter) -> tuple[str, list[str]]:
    chosen = [
        (column, value) for column, value in zip(_COLUMNS, wanted, strict=True) if value is not None
    ]
    return "".join(f" AND {column} = ?" for column, _ in chosen), [value for _, value in chosen]


def _problems(connection: Connection, ids: list[int]) -> dict[int, tuple[Problem, ...]]:
    if not ids:
        return {}
    found: defaultdict[int, tuple[Problem, ...]] = defaultdict(tuple)
    query = "SELECT * FROM problem WHERE event_id BETWEEN ? AND ? ORDER BY rowid"
    for row in connection.execute(query, (min(ids), max(ids))):
        problem = Problem(row["code"], row["path"], msgspec.json.decode(row["details"]))
        found[row["event_id"]] += (problem,)
    return found


def _event(row: Row, problems: tuple[Problem, ...]) -> Event:
    return Event(
        id=row["id"],
        request_id=row["request_id"],
        received_ms=row["received_us"] // 1000,
        project=row["project"],
        client=row["client"],
        run=row["run"],
        kind=row["kind"],
        type=row["type"],
        name=row["name"],
        user_key=row["user_key"],
        user_id=row["user_id"],
        device_id=row["device_id"],
        timestamp=row["ts"],
        verdict=row["verdict"],
        problems=problems,
        raw=msgspec.Raw(row["json"] or "null"),
    )


def find_requests(path: Path, *, limit: int | None = None, newest: bool = False) -> list[Request]:
    """Return the stored requests, oldest first; ``limit`` and ``newest`` as for events."""
    order = "DESC" if newest else "ASC"
    query = f"SELECT * FROM request ORDER BY id {order} LIMIT ?"  # noqa: S608 - our own words
    with reading(path) as connection:
        rows = connection.execute(query, (_NO_LIMIT if limit is None else limit,)).fetchall()
    return [_request(row) for row in rows]


def find_request(path: Path, request_id: int) -> Request | None:
    """Return one stored request; None when there is none of this id."""
    with reading(path) as connection:
        row = connection.execute("SELECT * FROM request WHERE id = ?", (request_id,)).fetchone()
    return _request(row) if row else None


def _request(row: Row) -> Request:
    reason: str | None = row["reason"]
    return Request(
        id=row["id"],
        received_ms=row["received_us"] // 1000,
        method=row["method"],
        target=row["target"],
        headers=msgspec.json.decode(row["headers"], type=tuple[tuple[str, str], ...]),
        body=row["body"],
        answered=row["answered"],
        steps=msgspec.json.decode(row["steps"], type=tuple[Step, ...]),
        reason=msgspec.json.decode(reason, type=Problem) if reason else None,
        client=row["client"],
        run=row["run"],
    )


def count_all(path: Path) -> Totals:
    """Return how much is stored."""
    with reading(path) as connection:
        requests: int = connection.execute("SELECT count(*) FROM request").fetchone()[0]
        verdicts: Iterable[tuple[str, int]] = connection.execute(
            "SELECT verdict, count(*) FROM event GROUP BY verdict"
        ).fetchall()
        return Totals(requests, **dict(verdicts))

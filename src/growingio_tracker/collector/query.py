"""Reading the store."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from sqlite3 import Connection, Row
from typing import Final

import msgspec

from growingio_tracker.collector.filters import Condition, Filter, where
from growingio_tracker.collector.packing import unpack
from growingio_tracker.collector.problems.problem import Problem
from growingio_tracker.collector.rows import Event, Request, Step, Totals
from growingio_tracker.collector.schema import reading

_NO_LIMIT: Final = -1
_EVERYTHING: Final = Filter()


def find_events(
    path: Path,
    wanted: Filter = _EVERYTHING,
    *,
    after: int = 0,
    before: int | None = None,
    limit: int | None = None,
    newest: bool = False,
) -> list[Event]:
    """Return the events that match, oldest first.

    :param after: only events with a greater id.
    :param before: only events with a smaller id; None means all.
    :param limit: at most so many; None means all.
    :param newest: they come newest first, and ``limit`` keeps the newest.
    """
    bounds: list[Condition] = [("id > ?", (after,))]
    if before is not None:
        bounds.append(("id < ?", (before,)))
    clause, values = where(wanted, *bounds)
    order = "DESC" if newest else "ASC"
    query = f"SELECT * FROM event {clause} ORDER BY id {order} LIMIT ?"  # noqa: S608 - our own words
    with reading(path) as connection:
        rows = connection.execute(query, (*values, _limit(limit))).fetchall()
        problems = _problems(connection, [row["id"] for row in rows])
    return [_event(row, problems.get(row["id"], ())) for row in rows]


def _limit(limit: int | None) -> int:
    return _NO_LIMIT if limit is None else limit


def count_events(path: Path, wanted: Filter = _EVERYTHING) -> int:
    """Return how many events match."""
    clause, values = where(wanted)
    with reading(path) as connection:
        query = f"SELECT count(*) FROM event {clause}"  # noqa: S608 - our own words
        count: int = connection.execute(query, values).fetchone()[0]
        return count


def find_event(path: Path, event_id: int) -> Event | None:
    """Return the event with this id, None when there is none."""
    found = find_events(path, after=event_id - 1, before=event_id + 1)
    return found[0] if found else None


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


def find_requests(
    path: Path,
    holding: Filter = _EVERYTHING,
    *,
    after: int = 0,
    limit: int | None = None,
    newest: bool = False,
) -> list[Request]:
    """Return the stored requests, oldest first; the other arguments as for events.

    :param holding: only requests with an event that matches; without a filter all requests.
    """
    clause, values = where(holding)
    held = f"AND id IN (SELECT request_id FROM event {clause})" if clause else ""  # noqa: S608
    order = "DESC" if newest else "ASC"
    query = f"SELECT * FROM request WHERE id > ? {held} ORDER BY id {order} LIMIT ?"  # noqa: S608
    with reading(path) as connection:
        rows = connection.execute(query, (after, *values, _limit(limit))).fetchall()
    return [make_request(row) for row in rows]


def find_request(path: Path, request_id: int) -> Request | None:
    """Return the request with this id, None when there is none."""
    with reading(path) as connection:
        query = "SELECT * FROM request WHERE id = ?"
        row = connection.execute(query, (request_id,)).fetchone()
    return make_request(row) if row else None


def make_request(row: Row) -> Request:
    """Return the request of a row of its table."""
    reason: str | None = row["reason"]
    return Request(
        id=row["id"],
        received_ms=row["received_us"] // 1000,
        method=row["method"],
        target=row["target"],
        headers=msgspec.json.decode(row["headers"], type=tuple[tuple[str, str], ...]),
        body=unpack(row["body"], row["packed"]),
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

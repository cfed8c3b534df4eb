"""Requests as a list: without their bodies, with what became of their events."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from sqlite3 import Connection
from typing import Any, Final, NamedTuple

from growingio_tracker.collector.forward.view import forwards_of
from growingio_tracker.collector.query import make_request
from growingio_tracker.collector.rows import Request
from growingio_tracker.collector.schema import reading

_COLUMNS: Final = (
    "id, received_us, method, target, headers, x'' AS body, 0 AS packed, answered, steps, reason, "
    "client, run, size"
)
_BAD: Final = "EXISTS (SELECT 1 FROM event WHERE request_id = request.id AND verdict = 'bad')"


class Page(NamedTuple):
    """Which requests are listed; None means no bound.

    ``after`` and ``before`` are ids, both excluded. Only with ``after`` the oldest come first.
    """

    limit: int
    after: int | None = None
    before: int | None = None
    client: str | None = None
    only_bad: bool = False


class ListedRequest(NamedTuple):
    """One row: the request with an empty body, the body's size in bytes, and its outcome.

    ``events`` counts them by verdict; ``forward`` is None unless the request is forwarded.
    """

    request: Request
    size: int
    events: Mapping[str, int]
    forward: Mapping[str, Any] | None


def list_requests(path: Path, page: Page) -> list[ListedRequest]:
    """Return the requests of the page."""
    clause, values = _where(page)
    order = "DESC" if page.after is None else "ASC"
    query = f"SELECT {_COLUMNS} FROM request {clause} ORDER BY id {order} LIMIT ?"  # noqa: S608
    with reading(path) as connection:
        rows = connection.execute(query, (*values, page.limit)).fetchall()
        ids = [row["id"] for row in rows]
        counts = _counts(connection, ids)
    forwards = forwards_of(path, ids)
    return [
        ListedRequest(make_request(row), row["size"], counts[row["id"]], forwards.get(row["id"]))
        for row in rows
    ]


def _where(page: Page) -> tuple[str, list[object]]:
    bounds = [
        ("id > ?", page.after),
        ("id < ?", page.before),
        ("client = ?", page.client),
    ]
    chosen = [(condition, value) for condition, value in bounds if value is not None]
    conditions = [condition for condition, _ in chosen] + [_BAD] * page.only_bad
    clause = " AND ".join(conditions)
    return (f"WHERE {clause}" if clause else ""), [value for _, value in chosen]


def _counts(connection: Connection, ids: list[int]) -> Mapping[int, Mapping[str, int]]:
    found: defaultdict[int, dict[str, int]] = defaultdict(lambda: {"ok": 0, "warn": 0, "bad": 0})
    query = (
        "SELECT request_id, verdict, count(*) FROM event "
        "WHERE request_id BETWEEN ? AND ? GROUP BY request_id, verdict"
    )
    if ids:
        for request_id, verdict, count in connection.execute(query, (min(ids), max(ids))):
            found[request_id][verdict] = count
    return found

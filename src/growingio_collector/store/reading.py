"""Queries that read the store."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from sqlite3 import Connection, Row
from typing import Final, NamedTuple, TypeVar

import msgspec

from growingio_collector.rules.issue import BAD, OK, WARN, Issue, Value
from growingio_collector.store.filter import Condition, Filter, where
from growingio_collector.store.forwards import forwards_of
from growingio_collector.store.rows import Event, ListedRequest, Step, StoredRequest, Totals
from growingio_collector.store.schema import reading, unpack
from growingio_wire.json_text import stored_json

_T = TypeVar("_T")

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
    :param limit: maximum number; None means all.
    :param newest: they come newest first, and ``limit`` keeps the newest.
    """
    bounds: list[Condition] = [("id > ?", (after,))]
    if before is not None:
        bounds.append(("id < ?", (before,)))
    clause, values = where(wanted, *bounds)
    order = "DESC" if newest else "ASC"
    query = f"SELECT * FROM event {clause} ORDER BY id {order} LIMIT ?"
    with reading(path) as connection:
        rows = connection.execute(query, (*values, _limit(limit))).fetchall()
        issues = _issues(connection, [row["id"] for row in rows])
    return [_event(row, issues.get(row["id"], ())) for row in rows]


def _limit(limit: int | None) -> int:
    return _NO_LIMIT if limit is None else limit


def count_events(path: Path, wanted: Filter = _EVERYTHING) -> int:
    """Return how many events match."""
    clause, values = where(wanted)
    with reading(path) as connection:
        query = f"SELECT count(*) FROM event {clause}"
        count: int = connection.execute(query, values).fetchone()[0]
        return count


def find_event(path: Path, event_id: int) -> Event | None:
    """Return the event with this id; None if there is none."""
    found = find_events(path, after=event_id - 1, before=event_id + 1)
    return found[0] if found else None


def _issues(connection: Connection, ids: list[int]) -> dict[int, tuple[Issue, ...]]:
    if not ids:
        return {}
    found: defaultdict[int, tuple[Issue, ...]] = defaultdict(tuple)
    query = "SELECT * FROM problem WHERE event_id BETWEEN ? AND ? ORDER BY rowid"
    for row in connection.execute(query, (min(ids), max(ids))):
        found[row["event_id"]] += (make_issue(row),)
    return found


def make_issue(row: Row) -> Issue:
    """Return the issue of a row of its table."""
    values = _kept(_VALUES, row["details"]) or {}
    return Issue(row["code"], row["level"], row["path"], values)


def _event(row: Row, issues: tuple[Issue, ...]) -> Event:
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
        issues=issues,
        raw=stored_json(row["json"]),
    )


def find_requests(
    path: Path,
    holding: Filter = _EVERYTHING,
    *,
    after: int = 0,
    limit: int | None = None,
    newest: bool = False,
) -> list[StoredRequest]:
    """Return the stored requests, oldest first; the other arguments as for events.

    :param holding: only requests with an event that matches; without a filter all requests.
    """
    clause, values = where(holding)
    held = f"AND id IN (SELECT request_id FROM event {clause})" if clause else ""
    order = "DESC" if newest else "ASC"
    query = f"SELECT * FROM request WHERE id > ? {held} ORDER BY id {order} LIMIT ?"
    with reading(path) as connection:
        rows = connection.execute(query, (after, *values, _limit(limit))).fetchall()
    return [make_request(row) for row in rows]


def find_request(path: Path, request_id: int) -> StoredRequest | None:
    """Return the request with this id; None if there is none."""
    with reading(path) as connection:
        query = "SELECT * FROM request WHERE id = ?"
        row = connection.execute(query, (request_id,)).fetchone()
    return make_request(row) if row else None


_HEADERS: Final = msgspec.json.Decoder(tuple[tuple[str, str], ...])
_STEPS: Final = msgspec.json.Decoder(tuple[Step, ...])
_VALUES: Final = msgspec.json.Decoder(dict[str, Value])
_REASON: Final = msgspec.json.Decoder(Issue)


def _kept(decoder: msgspec.json.Decoder[_T], text: str | None) -> _T | None:
    """Return the value of a column; None if it is empty or damaged."""
    try:
        return decoder.decode(text or "")
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def make_request(row: Row) -> StoredRequest:
    """Return the request of a row of its table."""
    return StoredRequest(
        id=row["id"],
        received_ms=row["received_us"] // 1000,
        method=row["method"],
        target=row["target"],
        headers=_kept(_HEADERS, row["headers"]) or (),
        body=unpack(row["body"], row["packed"]),
        answered=row["answered"],
        steps=_kept(_STEPS, row["steps"]) or (),
        reason=_kept(_REASON, row["reason"]),
        client=row["client"],
        run=row["run"],
    )


def count_all(path: Path) -> Totals:
    """Return the number of stored requests and events."""
    with reading(path) as connection:
        requests: int = connection.execute("SELECT count(*) FROM request").fetchone()[0]
        verdicts: dict[str, int] = dict(
            connection.execute("SELECT verdict, count(*) FROM event GROUP BY verdict").fetchall()
        )
        return Totals(requests, *(verdicts.get(level, 0) for level in (OK, WARN, BAD)))


_COLUMNS: Final = (
    "id, received_us, method, target, headers, x'' AS body, 0 AS packed, answered, steps, reason, "
    "client, run, size"
)
_BAD: Final = "EXISTS (SELECT 1 FROM event WHERE request_id = request.id AND verdict = 'bad')"


class Page(NamedTuple):
    """Requests to list; None means no limit.

    ``after`` and ``before`` are ids, both excluded. With ``after``, the oldest come first.
    """

    limit: int
    after: int | None = None
    before: int | None = None
    client: str | None = None
    only_bad: bool = False


def list_requests(path: Path, page: Page) -> list[ListedRequest]:
    """Return the requests of the page."""
    clause, values = _where(page)
    order = "DESC" if page.after is None else "ASC"
    query = f"SELECT {_COLUMNS} FROM request {clause} ORDER BY id {order} LIMIT ?"
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

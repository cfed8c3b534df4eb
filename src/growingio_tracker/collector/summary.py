"""Counts: what was received since the store was emptied, what of it is stored, what is wrong."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from sqlite3 import Connection, Row
from typing import Any, Final

import msgspec

from growingio_tracker.collector.problems.problem import Problem
from growingio_tracker.collector.query import count_all
from growingio_tracker.collector.rows import Totals
from growingio_tracker.collector.schema import reading

REQUESTS_BEFORE: Final = "requests_before"
"""The setting that holds the id of the last request when the store was emptied."""

_COUNTERS: Final = (
    "SELECT {columns}, sum(events * (verdict = 'ok')) AS ok, "
    "sum(events * (verdict = 'warn')) AS warn, sum(events * (verdict = 'bad')) AS bad, "
    "min(first_us) / 1000 AS first_ms, max(last_us) / 1000 AS last_ms "
    "FROM counter GROUP BY {columns} ORDER BY last_ms DESC"
)
_RECEIVED: Final = (
    "SELECT coalesce(max(id), 0) - coalesce((SELECT CAST(value AS INTEGER) FROM setting "
    "WHERE key = ?), 0) FROM request"
)
_DUPLICATES: Final = "SELECT count(DISTINCT event_id) FROM problem WHERE code = 'duplicate'"
_PROBLEMS: Final = (
    "SELECT code, count(DISTINCT event_id) AS events, max(problem.rowid) AS last, "
    "max(event_id) AS last_event FROM problem GROUP BY code ORDER BY last_event DESC"
)
_WHO: Final = (
    "SELECT DISTINCT code, client, name FROM problem JOIN event ON event.id = problem.event_id"
)


def summary(path: Path) -> dict[str, Any]:
    """Return the totals, and the counts of every name and of every client, newest first."""
    with reading(path) as connection:
        names = _rows(connection, "kind, name")
        clients = _rows(connection, "client")
        requests: int = connection.execute(_RECEIVED, (REQUESTS_BEFORE,)).fetchone()[0]
        duplicates: int = connection.execute(_DUPLICATES).fetchone()[0]
    received = {verdict: sum(row[verdict] for row in clients) for verdict in ("ok", "warn", "bad")}
    return {
        "received": {**received, "requests": max(0, requests)},
        "stored": _totals(count_all(path)),
        "duplicates": duplicates,
        "names": names,
        "clients": clients,
    }


def _rows(connection: Connection, columns: str) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(_COUNTERS.format(columns=columns))]


def _totals(totals: Totals) -> dict[str, int]:
    return {name: getattr(totals, name) for name in totals.__struct_fields__}


def problems(path: Path) -> list[dict[str, Any]]:
    """Return the problems that stored events have, each code once, the newest first."""
    with reading(path) as connection:
        groups = connection.execute(_PROBLEMS).fetchall()
        clients, names = _who(connection.execute(_WHO))
        return [
            {
                **_sentences(connection, group["last"]),
                "events": group["events"],
                "clients": sorted(clients[group["code"]]),
                "names": sorted(names[group["code"]]),
                "last_ms": _received_ms(connection, group["last_event"]),
                "last_event": group["last_event"],
            }
            for group in groups
        ]


def _who(rows: Iterable[Row]) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    clients: defaultdict[str, set[str]] = defaultdict(set)
    names: defaultdict[str, set[str]] = defaultdict(set)
    for code, client, name in rows:
        clients[code] |= {client} - {None}
        names[code] |= {name} - {None}
    return clients, names


def _sentences(connection: Connection, rowid: int) -> dict[str, str]:
    """Return what is said of the newest problem of a group: its values stand for all."""
    query = "SELECT code, path, details FROM problem WHERE rowid = ?"
    code, path, details = connection.execute(query, (rowid,)).fetchone()
    problem = Problem(code, path, msgspec.json.decode(details))
    texts = ("code", "level", "sentence", "fix", "sentence_zh", "fix_zh")
    return {name: getattr(problem, name) for name in texts}


def _received_ms(connection: Connection, event_id: int) -> int:
    query = "SELECT received_us / 1000 FROM event WHERE id = ?"
    found: int = connection.execute(query, (event_id,)).fetchone()[0]
    return found


def properties(path: Path) -> list[dict[str, Any]]:
    """Return every attribute of every name with the types it came in, and from which client.

    ``conflict`` says that it came in more than one type.
    """
    found: defaultdict[tuple[str, str, str], list[dict[str, Any]]] = defaultdict(list)
    query = "SELECT kind, name, key, type, client, events FROM property ORDER BY kind, name, key"
    with reading(path) as connection:
        for kind, name, key, type_, client, events in connection.execute(query):
            found[kind, name, key].append({"type": type_, "client": client, "events": events})
    return [
        {
            "kind": kind,
            "name": name,
            "key": key,
            "types": types,
            "conflict": len({one["type"] for one in types}) > 1,
        }
        for (kind, name, key), types in found.items()
    ]

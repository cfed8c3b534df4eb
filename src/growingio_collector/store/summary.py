"""Counts of received events, stored events and problems."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from sqlite3 import Connection, Row
from typing import Any, Final, NamedTuple

from growingio_collector.rules.issue import explain
from growingio_collector.store.reading import count_all, make_issue
from growingio_collector.store.rows import Totals
from growingio_collector.store.schema import REQUESTS_BEFORE, reading
from growingio_wire.json_text import as_text, written_attributes

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
    "SELECT code, path, count(DISTINCT event_id) AS events, max(problem.rowid) AS last, "
    "max(event_id) AS last_event FROM problem GROUP BY code, path "
    "ORDER BY max(level) = 'bad' DESC, last_event DESC, last DESC LIMIT ?"
)
_MOST_GROUPS: Final = 1000
"""Maximum number of groups: every event may have a problem at a new path."""

_WHO: Final = (
    "SELECT DISTINCT code, path, client, name "
    "FROM problem JOIN event ON event.id = problem.event_id"
)


def summary(path: Path) -> dict[str, Any]:
    """Return the totals, and the counts of each name and each client, newest first."""
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
    """Return the problems of stored events by code and path: bad ones first, then the newest.

    ``headline`` applies to the whole group; the sentences are those of its newest problem.
    """
    with reading(path) as connection:
        groups = connection.execute(_PROBLEMS, (_MOST_GROUPS,)).fetchall()
        who = _who(connection.execute(_WHO))
        return [
            {
                **_sentences(connection, group["last"]),
                "events": group["events"],
                "clients": sorted(who[group["code"], group["path"]].clients),
                "names": sorted(who[group["code"], group["path"]].names),
                "last_ms": _received_ms(connection, group["last_event"]),
                "last_event": group["last_event"],
            }
            for group in groups
        ]


class _Who(NamedTuple):
    """Who sent the events of a group, and their names."""

    clients: set[str]
    names: set[str]


def _who(rows: Iterable[Row]) -> Mapping[tuple[str, str], _Who]:
    found: defaultdict[tuple[str, str], _Who] = defaultdict(lambda: _Who(set(), set()))
    for code, path, client, name in rows:
        who = found[code, path]
        who.clients.update({client} - {None})
        who.names.update({name} - {None})
    return found


def _sentences(connection: Connection, rowid: int) -> dict[str, str]:
    """Return the sentences of the newest issue of a group."""
    query = "SELECT * FROM problem WHERE rowid = ?"
    issue = make_issue(connection.execute(query, (rowid,)).fetchone())
    shown = explain(issue)
    texts = ("code", "path", "level", "sentence", "fix", "sentence_zh", "fix_zh")
    headline = {"headline": issue.headline.en, "headline_zh": issue.headline.zh}
    return {name: getattr(shown, name) for name in texts} | headline


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


_SEEN: Final = (
    "SELECT min(id) AS id, max(id) AS last, kind, user_key, user_id, device_id, "
    "CASE kind WHEN 'mapping' THEN json END AS json_of_mapping, count(*) AS events, "
    "min(received_us) / 1000 AS first_ms, max(received_us) / 1000 AS last_ms FROM event "
    "GROUP BY kind, user_key, user_id, device_id, json_of_mapping ORDER BY 1"
)
_LISTS: Final = ("users", "devices", "user_keys")


class _Identity(NamedTuple):
    """One identity of a person: the list that it is shown in, and its value."""

    shown_in: str
    value: str


class _Group:
    """Identities that belong together, and the events that connect them."""

    def __init__(self) -> None:
        self.identities: dict[_Identity, None] = {}
        self.events = 0
        self.last = 0
        self.first_ms: list[int] = []
        self.last_ms: list[int] = []
        self.joined_by: list[int] = []

    def absorb(self, other: "_Group") -> None:
        self.identities |= other.identities
        self.events += other.events
        self.last = max(self.last, other.last)
        self.first_ms += other.first_ms
        self.last_ms += other.last_ms
        self.joined_by += other.joined_by

    def shown(self) -> dict[str, Any]:
        lists = {
            name: [one.value for one in self.identities if one.shown_in == name] for name in _LISTS
        }
        return {
            **lists,
            "events": self.events,
            "first_ms": min(self.first_ms),
            "last_ms": max(self.last_ms),
            "joined_by": sorted(self.joined_by),
        }


def _identities(row: Row) -> Iterator[_Identity]:
    """Yield the identities in one event; with a user key, the user id is shown under it."""
    if row["user_id"] and row["user_key"]:
        yield _Identity("user_keys", f"{row['user_key']}={row['user_id']}")
    elif row["user_id"]:
        yield _Identity("users", row["user_id"])
    if row["device_id"]:
        yield _Identity("devices", row["device_id"])
    if row["json_of_mapping"]:
        for key, value in written_attributes(row["json_of_mapping"]).items():
            yield _Identity("user_keys", f"{key}={as_text(value)}")


def identities(path: Path) -> list[dict[str, Any]]:
    """Return the groups, the one with the newest event first.

    ``joined_by`` are the ids of the events that connected the identities.
    """
    groups: dict[_Identity, _Group] = {}
    with reading(path) as connection:
        for row in connection.execute(_SEEN):
            _take(groups, row)
    found = {id(group): group for group in groups.values()}.values()
    return [group.shown() for group in sorted(found, key=lambda one: one.last, reverse=True)]


def _take(groups: dict[_Identity, _Group], row: Row) -> None:
    named = list(_identities(row))
    if not named:
        return
    known = list({id(groups[one]): groups[one] for one in named if one in groups}.values())
    group = max(known, key=lambda one: len(one.identities)) if known else _Group()
    if len(named) > 1 and any(one not in group.identities for one in named):
        group.joined_by.append(row["id"])
    for other in known:
        if other is not group:
            group.absorb(other)
    group.identities |= dict.fromkeys(named)
    groups.update(dict.fromkeys(group.identities, group))
    group.events += row["events"]
    group.last = max(group.last, row["last"])
    group.first_ms.append(row["first_ms"])
    group.last_ms.append(row["last_ms"])

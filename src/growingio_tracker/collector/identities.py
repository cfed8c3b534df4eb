"""Who is who: users, devices and identities that stored events have joined into groups."""

from collections.abc import Iterator
from pathlib import Path
from sqlite3 import Row
from typing import Any, Final, NamedTuple

from growingio_tracker.collector.schema import reading
from growingio_tracker.collector.text_functions import as_text, attributes_of

_SEEN: Final = (
    "SELECT min(id) AS id, max(id) AS last, kind, user_key, user_id, device_id, "
    "CASE kind WHEN 'mapping' THEN json END AS json_of_mapping, count(*) AS events, "
    "min(received_us) / 1000 AS first_ms, max(received_us) / 1000 AS last_ms FROM event "
    "GROUP BY kind, user_key, user_id, device_id, json_of_mapping ORDER BY 1"
)
_LISTS: Final = ("users", "devices", "user_keys")


class _Identity(NamedTuple):
    """One way to name a person: the list it is shown in, and its value."""

    shown_in: str
    value: str


class _Group:
    """Identities that belong together, and the events that say so."""

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
    """Yield the identities that one event names; a user key makes the user id a key's value."""
    if row["user_id"] and row["user_key"]:
        yield _Identity("user_keys", f"{row['user_key']}={row['user_id']}")
    elif row["user_id"]:
        yield _Identity("users", row["user_id"])
    if row["device_id"]:
        yield _Identity("devices", row["device_id"])
    if row["json_of_mapping"]:
        for key, value in attributes_of(row["json_of_mapping"]).items():
            yield _Identity("user_keys", f"{key}={as_text(value)}")


def identities(path: Path) -> list[dict[str, Any]]:
    """Return the groups, the one with the newest event first.

    ``joined_by`` are the ids of the events that brought identities of one group together.
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

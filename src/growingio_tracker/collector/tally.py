"""The running counts: events by name, client and verdict, and the types of their properties.

They are written with the events they count, in one transaction.
"""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from growingio_tracker.collector.check import Finding
from growingio_tracker.collector.check.property_types import MAX_PROPERTIES, SeenType
from growingio_tracker.collector.schema import reading

_MAX_NAME: Final = 200
"""Characters of a name that tell it from others here."""

_Group = tuple[str, str, int, str]
"""Kind, name (the type of an event without one), identity of the types, verdict."""

_COUNT: Final = """
INSERT INTO counter VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (kind, name, client, verdict) DO UPDATE SET
    events = events + excluded.events,
    first_us = min(first_us, excluded.first_us),
    last_us = max(last_us, excluded.last_us)
"""

_COUNT_PROPERTY: Final = """
INSERT INTO property VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (kind, name, key, client, type) DO UPDATE SET events = events + excluded.events
"""

_SEEN: Final = "SELECT kind, name, key, client, type FROM property LIMIT ?"


def count(
    connection: sqlite3.Connection, findings: Sequence[Finding], client: str | None, now_us: int
) -> None:
    """Count the messages of one request that came at ``now_us`` in Unix microseconds.

    Belongs into the transaction that stores them.
    """
    sender = client or ""
    groups = _groups(findings)
    events: Counter[tuple[str, str, str, str]] = Counter()
    for (kind, name, _, verdict), group in groups.items():
        events[kind, name[:_MAX_NAME], sender, verdict] += len(group)
    connection.executemany(
        _COUNT, [(*place, number, now_us, now_us) for place, number in events.items()]
    )
    connection.executemany(_COUNT_PROPERTY, _property_rows(groups, sender))


def _groups(findings: Sequence[Finding]) -> dict[_Group, list[Finding]]:
    groups: defaultdict[_Group, list[Finding]] = defaultdict(list)
    for each in findings:
        # Events of one form share one object of types, whose id is quicker to compare.
        place = (each.kind, each.name or each.type or "", id(each.types), each.verdict)
        groups[place].append(each)
    return groups


def _property_rows(
    groups: dict[_Group, list[Finding]], sender: str
) -> Iterator[tuple[object, ...]]:
    for (kind, name, _, _), group in groups.items():
        for key, type_ in group[0].types:
            yield (kind, name[:_MAX_NAME], key, sender, type_, len(group))


def seen_types(path: Path) -> Iterable[SeenType]:
    """Return the types of properties that are stored, for the verdicts of a new run."""
    with reading(path) as connection:
        rows = connection.execute(_SEEN, (MAX_PROPERTIES,)).fetchall()
    return [SeenType(*row) for row in rows]

"""The running counts: events by name, client and verdict, and the types of their properties.

They are written with the events they count, in one transaction.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from growingio_tracker.collector.check import Finding
from growingio_tracker.collector.check.property_types import MAX_PROPERTIES, SeenType
from growingio_tracker.collector.schema import reading

_MAX_NAME: Final = 200
"""Characters of a name that tell it from others here."""

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


def name_of(finding: Finding) -> str:
    """Return what a message is counted under: its name, or its type when it has none."""
    return (finding.name or finding.type or "")[:_MAX_NAME]


def count(
    connection: sqlite3.Connection, findings: Sequence[Finding], client: str | None, now_us: int
) -> None:
    """Count the messages of one request that came at ``now_us`` in Unix microseconds.

    Belongs into the transaction that stores them.
    """
    sender = client or ""
    events = Counter((each.kind, name_of(each), sender, each.verdict) for each in findings)
    connection.executemany(
        _COUNT, [(*place, number, now_us, now_us) for place, number in events.items()]
    )
    connection.executemany(_COUNT_PROPERTY, _property_rows(findings, sender))


def _property_rows(findings: Sequence[Finding], sender: str) -> Iterator[tuple[object, ...]]:
    # Events of one form share one object of types, whose id is quicker to compare.
    types = {id(each.types): each.types for each in findings if each.types}
    forms = Counter((each.kind, name_of(each), id(each.types)) for each in findings if each.types)
    for (kind, name, form), number in forms.items():
        for key, type_ in types[form]:
            yield (kind, name, key, sender, type_, number)


def seen_types(path: Path) -> Iterable[SeenType]:
    """Return the types of properties that are stored, for the verdicts of a new run."""
    with reading(path) as connection:
        rows = connection.execute(_SEEN, (MAX_PROPERTIES,)).fetchall()
    return [SeenType(*row) for row in rows]

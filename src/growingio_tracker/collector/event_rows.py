"""Writing the rows of events in few statements.

Several rows in one statement take less time than one statement a row.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from growingio_tracker.collector.check import Finding

_AT_ONCE: Final = 20
"""More at once gain nothing, and older builds of SQLite take 999 parameters only."""


class Shared(NamedTuple):
    """The columns that are the same in all rows of one request."""

    request_id: int
    received_us: int
    project: str | None
    client: str | None
    run: str | None


_COLUMNS: Final = 16


def _statement(rows: int) -> str:
    # Numbered parameters, with which the shared ones would be bound once, are deprecated here.
    row = f"({', '.join('?' * _COLUMNS)})"
    return f"INSERT INTO event VALUES {', '.join([row] * rows)}"  # noqa: S608 - our own words


_MANY: Final = _statement(_AT_ONCE)
_ONE: Final = _statement(1)


def insert_events(
    connection: sqlite3.Connection, first_id: int, shared: Shared, findings: Sequence[Finding]
) -> None:
    """Write the rows of one request, with the ids from ``first_id`` on."""
    for start, end in _portions(len(findings)):
        values: list[object] = []
        for place, finding in enumerate(findings[start:end], start):
            values += _row(first_id + place, place, shared, finding)
        connection.execute(_ONE if end - start == 1 else _MANY, values)


def _row(event_id: int, place: int, shared: Shared, finding: Finding) -> tuple[object, ...]:
    return (
        event_id,
        shared.request_id,
        place,
        *shared[1:],
        finding.kind,
        finding.type,
        finding.name,
        finding.user_key,
        finding.user_id,
        finding.device_id,
        finding.timestamp,
        finding.verdict,
        finding.text,
    )


def _portions(count: int) -> Iterator[tuple[int, int]]:
    """Yield the bounds of whole portions, then of single rows."""
    whole = count - count % _AT_ONCE
    yield from ((start, start + _AT_ONCE) for start in range(0, whole, _AT_ONCE))
    yield from ((start, start + 1) for start in range(whole, count))

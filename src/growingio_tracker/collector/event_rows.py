"""Writing the rows of events in few statements.

Several rows in one statement, with what they share bound once, take half the time of one
statement a row.
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


_OWN: Final = 9
"""Columns of its own that a row has: what identifies it, its verdict and its text."""

_FIRST_OWN: Final = 3 + len(Shared._fields)
"""The parameters begin with the first row's id and place in the request, then what is shared."""


def _row(number: int) -> str:
    first = _FIRST_OWN + number * _OWN
    own = ", ".join(f"?{parameter}" for parameter in range(first, first + _OWN))
    return f"(?1 + {number}, ?3, ?2 + {number}, ?4, ?5, ?6, ?7, {own})"


def _statement(rows: int) -> str:
    return f"INSERT INTO event VALUES {', '.join(map(_row, range(rows)))}"  # noqa: S608 - our own words


_MANY: Final = _statement(_AT_ONCE)
_ONE: Final = _statement(1)


def insert_events(
    connection: sqlite3.Connection, first_id: int, shared: Shared, findings: Sequence[Finding]
) -> None:
    """Write the rows of one request, with the ids from ``first_id`` on."""
    for start, end in _portions(len(findings)):
        values: list[object] = [first_id + start, start, *shared]
        for finding in findings[start:end]:
            values += finding.identity
            values += (finding.verdict, finding.text)
        connection.execute(_ONE if end - start == 1 else _MANY, values)


def _portions(count: int) -> Iterator[tuple[int, int]]:
    """Yield the bounds of whole portions, then of single rows."""
    whole = count - count % _AT_ONCE
    yield from ((start, start + _AT_ONCE) for start in range(0, whole, _AT_ONCE))
    yield from ((start, start + 1) for start in range(whole, count))

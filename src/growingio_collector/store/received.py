"""Conversion of one received request to rows: events, problems, its body and counts.

Several rows per statement are faster than one. Events are counted by name, client and verdict, and
the types of their properties; the counts are written in the same transaction.
"""

import sqlite3
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from growingio_collector.rules.checked import CheckedMessage
from growingio_collector.rules.history import MAX_PROPERTIES, SeenType
from growingio_collector.rules.issue import Issue
from growingio_collector.store.rows import Step
from growingio_collector.store.schema import pack, reading

_ROWS_AT_ONCE: Final = 20
"""More would gain nothing, and old builds of SQLite accept only 999 parameters."""


class Received(msgspec.Struct, frozen=True):
    """One request and everything read from it, ready to be stored."""

    received_us: int
    method: str
    target: str
    headers: Sequence[tuple[str, str]]
    body: bytes
    answered: int
    steps: Sequence[Step]
    reason: Issue | None
    project: str | None
    messages: Sequence[CheckedMessage]
    client: str | None = None
    run: str | None = None
    forward: str | None = None
    """Its forwarding state; None if it is not forwarded."""
    prepared: "Prepared | None" = None
    """Its rows, if they were prepared outside of the writer."""


class Counts(NamedTuple):
    """Rows to add to the counts of events and of their properties' types."""

    events: list[tuple[object, ...]]
    properties: list[tuple[object, ...]]


class Prepared(NamedTuple):
    """The rows of one request without their ids, which only the writer knows."""

    body: bytes
    is_packed: bool
    events: list[tuple[object, ...]]
    issues: list[tuple[int, tuple[object, ...]]]
    counts: Counts


def prepare(received: Received) -> Prepared:
    """Return the rows of ``received``, without their ids."""
    messages = received.messages
    return Prepared(
        *pack(received.body),
        events=[_event_columns(message) for message in messages],
        issues=list(_issue_columns(messages)),
        counts=counts_of(messages, received.client, received.received_us),
    )


def _insert_into(table: str, columns: int, rows: int = 1) -> str:
    # Numbered parameters, which would bind repeated values once, are deprecated in sqlite3.
    row = f"({', '.join('?' * columns)})"
    return f"INSERT INTO {table} VALUES {', '.join([row] * rows)}"


_ADD_REQUEST: Final = _insert_into("request", 14)
_ADD_EVENT: Final = _insert_into("event", 16)
_ADD_EVENTS: Final = _insert_into("event", 16, _ROWS_AT_ONCE)
_ADD_PROBLEM: Final = _insert_into("problem", 5)
_ADD_FORWARD: Final = (
    "INSERT INTO forward (request_id, state, tries, queued_us, next_us) VALUES (?, ?, 0, ?, 0)"
)

_encode = msgspec.json.Encoder().encode


def insert(
    connection: sqlite3.Connection, request_id: int, first_event: int, received: Received
) -> None:
    """Insert and count one request; its events get ids from ``first_event`` on."""
    rows = received.prepared or prepare(received)
    connection.execute(_ADD_REQUEST, _request_row(request_id, received, rows))
    shared = (received.received_us, received.project, received.client, received.run)
    _insert_events(connection, request_id, first_event, shared, rows.events)
    issues = ((first_event + seq, *columns) for seq, columns in rows.issues)
    connection.executemany(_ADD_PROBLEM, issues)
    count(connection, rows.counts)
    if received.forward:
        connection.execute(_ADD_FORWARD, (request_id, received.forward, received.received_us))


def _request_row(request_id: int, received: Received, rows: Prepared) -> tuple[object, ...]:
    return (
        request_id,
        received.received_us,
        received.method,
        received.target,
        _text(received.headers),
        received.answered,
        _text(received.steps),
        _text(received.reason) if received.reason else None,
        received.client,
        received.run,
        time.time_ns() // 1000,
        len(received.body),
        rows.is_packed,
        rows.body,
    )


def _insert_events(
    connection: sqlite3.Connection,
    request_id: int,
    first_event: int,
    shared: tuple[object, ...],
    events: Sequence[tuple[object, ...]],
) -> None:
    for start, end in _portions(len(events)):
        values: list[object] = []
        for seq, columns in enumerate(events[start:end], start):
            values += (first_event + seq, request_id, seq, *shared, *columns)
        connection.execute(_ADD_EVENT if end - start == 1 else _ADD_EVENTS, values)


def _event_columns(message: CheckedMessage) -> tuple[object, ...]:
    return (
        message.kind,
        message.type,
        message.name,
        message.user_key,
        message.user_id,
        message.device_id,
        message.timestamp,
        message.verdict,
        message.text,
    )


def _portions(count: int) -> Iterator[tuple[int, int]]:
    """Yield the bounds of full portions, then of single rows."""
    whole = count - count % _ROWS_AT_ONCE
    yield from ((start, start + _ROWS_AT_ONCE) for start in range(0, whole, _ROWS_AT_ONCE))
    yield from ((start, start + 1) for start in range(whole, count))


def _issue_columns(
    messages: Sequence[CheckedMessage],
) -> Iterator[tuple[int, tuple[object, ...]]]:
    for seq, message in enumerate(messages):
        for issue in message.issues:
            yield seq, (issue.code, issue.level, issue.path, _text(issue.values))


def _text(value: object) -> str:
    return _encode(value).decode()


MAX_NAME: Final = 200
"""Characters of a name that are compared and stored with counts."""

_MAX_PROPERTIES_AT_ONCE: Final = 2000
"""Maximum number of property types counted per request, whose events may all differ."""

_Group = tuple[str, str, int, str]
"""Kind, name (or else the event type), identity of the types, verdict."""

COUNT_EVENTS: Final = """
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


def counts_of(messages: Sequence[CheckedMessage], client: str | None, now_us: int) -> Counts:
    """Return what the messages of a request received at ``now_us`` (microseconds) add."""
    sender = client or ""
    groups = _groups(messages)
    events: Counter[tuple[str, str, str, str]] = Counter()
    for (kind, name, _, verdict), group in groups.items():
        events[kind, name[:MAX_NAME], sender, verdict] += len(group)
    return Counts(
        [(*place, number, now_us, now_us) for place, number in events.items()],
        list(islice(_property_rows(groups, sender), _MAX_PROPERTIES_AT_ONCE)),
    )


def count(connection: sqlite3.Connection, counts: Counts) -> None:
    """Add to the counts, in the transaction that stores the events."""
    connection.executemany(COUNT_EVENTS, counts.events)
    connection.executemany(_COUNT_PROPERTY, counts.properties)


def _groups(messages: Sequence[CheckedMessage]) -> dict[_Group, list[CheckedMessage]]:
    groups: defaultdict[_Group, list[CheckedMessage]] = defaultdict(list)
    for each in messages:
        # Events of the same form share one object of types, whose id is faster to compare.
        place = (each.kind, each.name or each.type or "", id(each.types), each.verdict)
        groups[place].append(each)
    return groups


def _property_rows(
    groups: dict[_Group, list[CheckedMessage]], sender: str
) -> Iterator[tuple[object, ...]]:
    for (kind, name, _, _), group in groups.items():
        for key, type_ in group[0].types:
            yield (kind, name[:MAX_NAME], key, sender, type_, len(group))


def seen_types(path: Path) -> Iterable[SeenType]:
    """Return the stored types of properties, for the verdicts of a new run."""
    with reading(path) as connection:
        rows = connection.execute(_SEEN, (MAX_PROPERTIES,)).fetchall()
    return [SeenType(*row) for row in rows]

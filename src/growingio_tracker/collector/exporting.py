"""The store's content as text: one line an event, a table, or requests that can be sent again."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Final

import msgspec

from growingio_tracker.collector.filters import Filter
from growingio_tracker.collector.query import find_events, find_requests
from growingio_tracker.collector.rows import Event, Request
from growingio_tracker.collector.show import show_event

_EVENTS_AT_ONCE: Final = 200
_REQUESTS_AT_ONCE: Final = 10
"""A request may hold ten megabytes."""

_NOTE: Final = "Requests as they came, personal data included: bodies and headers are untouched."

_HEADINGS: Final = (
    "id",
    "received",
    "project",
    "client",
    "run",
    "kind",
    "type",
    "name",
    "user_key",
    "user_id",
    "device_id",
    "timestamp",
    "verdict",
    "problems",
    "message",
)

# A spreadsheet takes a cell that begins so for a formula, and runs it.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_BYTE_ORDER_MARK: Final = "\ufeff"


def as_ndjson(path: Path, wanted: Filter) -> Iterator[bytes]:
    """Yield the JSON object of every event that matches, one a line, oldest first."""
    for event in _events(path, wanted):
        yield msgspec.json.encode(show_event(event)) + b"\n"


def as_csv(path: Path, wanted: Filter) -> Iterator[bytes]:
    """Yield the events that match as a table for spreadsheets: UTF-8 with a byte order mark.

    A cell that a spreadsheet would run as a formula begins with an apostrophe.
    """
    yield (_BYTE_ORDER_MARK + _csv_line(_HEADINGS)).encode()
    for event in _events(path, wanted):
        yield _csv_line([_cell(value) for value in _values(event)]).encode()


def as_requests(path: Path, wanted: Filter) -> Iterator[bytes]:
    """Yield the requests that hold an event that matches; without a filter, all requests.

    The whole is one JSON object: ``client``, ``note`` and ``requests``, each of these with
    ``received_ms``, ``method``, ``target``, ``headers``, ``body_base64`` and ``answered``.
    """
    head = msgspec.json.encode({"client": "growingio collector", "note": _NOTE})
    yield head[:-1] + b',"requests":['
    before = b"\n"
    for request in _requests(path, wanted):
        yield before + msgspec.json.encode(_captured(request))
        before = b",\n"
    yield b"\n]}\n"


FORMATS: Final[dict[str, tuple[Callable[[Path, Filter], Iterator[bytes]], str]]] = {
    "ndjson": (as_ndjson, "application/x-ndjson"),
    "csv": (as_csv, "text/csv; charset=utf-8"),
    "requests": (as_requests, "application/json"),
}
"""What writes each format, and its media type."""


def _events(path: Path, wanted: Filter) -> Iterator[Event]:
    last = 0
    while found := find_events(path, wanted, after=last, limit=_EVENTS_AT_ONCE):
        yield from found
        last = found[-1].id


def _requests(path: Path, wanted: Filter) -> Iterator[Request]:
    last = 0
    while found := find_requests(path, wanted, after=last, limit=_REQUESTS_AT_ONCE):
        yield from found
        last = found[-1].id


def _captured(request: Request) -> dict[str, Any]:
    names = ("received_ms", "method", "target", "headers", "answered")
    return {**{name: getattr(request, name) for name in names}, "body_base64": request.body}


def _values(event: Event) -> Iterator[object]:
    shown = {
        "received": _utc(event.received_ms),
        "problems": " ".join(problem.code for problem in event.problems),
        "message": bytes(event.raw).decode(),
    }
    for heading in _HEADINGS:
        yield shown[heading] if heading in shown else getattr(event, heading)


def _utc(milliseconds: int) -> str:
    moment = datetime.fromtimestamp(milliseconds / 1000, timezone.utc)
    return moment.isoformat(timespec="milliseconds")


def _cell(value: object) -> object:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    return value


def _csv_line(values: Iterable[object]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(values)
    return line.getvalue()

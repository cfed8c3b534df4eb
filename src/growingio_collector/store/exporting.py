"""Exports of the store: one event per line, a table, or requests that can be sent again."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Final

import msgspec

from growingio_collector.store.filter import Filter
from growingio_collector.store.reading import find_events, find_requests
from growingio_collector.store.rows import Event, StoredRequest, one_line, show_event

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

# Spreadsheets run cells with these beginnings as formulas.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_BYTE_ORDER_MARK: Final = "\ufeff"


def as_ndjson(path: Path, wanted: Filter) -> Iterator[bytes]:
    """Yield the JSON of each matching event, one per line, oldest first."""
    for event in _events(path, wanted):
        yield one_line(show_event(event)) + b"\n"


def as_csv(path: Path, wanted: Filter) -> Iterator[bytes]:
    """Yield matching events as CSV for spreadsheets: UTF-8 with a byte order mark.

    Cells that a spreadsheet would run as formulas begin with an apostrophe.
    """
    yield (_BYTE_ORDER_MARK + _csv_line(_HEADINGS)).encode()
    for event in _events(path, wanted):
        yield _csv_line([_cell(value) for value in _values(event)]).encode()


def as_requests(path: Path, wanted: Filter) -> Iterator[bytes]:
    """Yield requests with a matching event; without a filter, all requests.

    The output is one JSON object with ``client``, ``note`` and ``requests``. A request has
    ``received_ms``, ``method``, ``target``, ``headers``, ``body_base64``, ``answered``, ``client``
    and the ``problems`` of each of its events.
    """
    head = msgspec.json.encode({"client": "growingio collector", "note": _NOTE})
    yield head[:-1] + b',"requests":['
    before = b"\n"
    for request in _requests(path, wanted):
        events = find_events(path, Filter(request=request.id))
        yield before + msgspec.json.encode(_captured(request, events))
        before = b",\n"
    yield b"\n]}\n"


def as_recording(path: Path, request: StoredRequest) -> bytes:
    """Return one request in the same format, to share and import elsewhere."""
    head = {"client": request.client or "growingio collector", "note": _NOTE}
    captured = _captured(request, find_events(path, Filter(request=request.id)))
    return msgspec.json.format(msgspec.json.encode({**head, "requests": [captured]}))


FORMATS: Final[dict[str, tuple[Callable[[Path, Filter], Iterator[bytes]], str]]] = {
    "ndjson": (as_ndjson, "application/x-ndjson"),
    "csv": (as_csv, "text/csv; charset=utf-8"),
    "requests": (as_requests, "application/json"),
}
"""Writer and media type of each format."""


def _events(path: Path, wanted: Filter) -> Iterator[Event]:
    last = 0
    while found := find_events(path, wanted, after=last, limit=_EVENTS_AT_ONCE):
        yield from found
        last = found[-1].id


def _requests(path: Path, wanted: Filter) -> Iterator[StoredRequest]:
    last = 0
    while found := find_requests(path, wanted, after=last, limit=_REQUESTS_AT_ONCE):
        yield from found
        last = found[-1].id


def _captured(request: StoredRequest, events: Iterable[Event]) -> dict[str, Any]:
    names = ("received_ms", "method", "target", "headers", "answered", "client")
    return {
        **{name: getattr(request, name) for name in names},
        "body_base64": request.body,
        "problems": [event.issues for event in events],
    }


def _values(event: Event) -> Iterator[object]:
    shown = {
        "received": _utc(event.received_ms),
        "problems": " ".join(problem.code for problem in event.issues),
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

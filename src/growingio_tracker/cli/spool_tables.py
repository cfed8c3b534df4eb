"""How ``growingio spool`` shows what it found."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec
from rich.box import SIMPLE_HEAD
from rich.filesize import decimal
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from growingio_tracker.delivery.spool.dead_letters import DeadLetter
    from growingio_tracker.delivery.spool.inspection import StoreReport, WaitingRecord

_SHOWN_DETAIL: Final = 80


def stores(reports: Iterable[StoreReport]) -> Table:
    """Return one row for each store."""
    table = _table("process", "state", "events", "on disk", "oldest", "for")
    for report in reports:
        if report.in_use:
            state, events = "in use", "?"
        else:
            state = "left" if report.events is not None else "[red]unreadable[/]"
            events = "?" if report.events is None else str(report.events)
        to = report.destination
        table.add_row(
            str(report.pid),
            state,
            events,
            decimal(report.bytes_on_disk),
            "" if report.oldest_ms is None else _time(report.oldest_ms),
            escape(f"{to.product_id} at {to.server_host}") if to else "",
        )
    return table


def dead_letters(letters: Iterable[DeadLetter]) -> Table:
    """Return one row for each dead letter."""
    table = _table("number", "refused", "kind", "name", "reason", "the server said")
    for letter in letters:
        table.add_row(
            str(letter.number),
            _time(letter.at_ms),
            letter.kind.value,
            escape(_name(letter.record)),
            escape(letter.reason),
            escape(letter.detail[:_SHOWN_DETAIL]),
        )
    return table


def waiting(records: Iterable[WaitingRecord]) -> Table:
    """Return one row for each record that waits."""
    table = _table("tracked", "kind", "name", "for")
    for one in records:
        to = f"{one.destination.product_id} at {one.destination.server_host}"
        table.add_row(_time(one.at_ms), one.kind.value, escape(_name(one.record)), escape(to))
    return table


def _table(*columns: str) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1))
    for name in columns:
        numeric = name in ("process", "events", "on disk", "number")
        table.add_column(name, justify="right" if numeric else "left", overflow="fold")
    return table


def _time(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _name(record: bytes) -> str:
    message: dict[str, Any] = msgspec.json.decode(record)
    return str(message.get("eventName") or message.get("key") or message.get("eventType") or "")

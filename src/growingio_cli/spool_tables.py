"""Tables of ``growingio spool``: files, dead letters and queued events."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from rich.filesize import decimal
from rich.markup import escape
from rich.table import Table

from growingio_cli.console import plain_table, text
from growingio_cli.dead_letters import local_time, name_of

if TYPE_CHECKING:
    from growingio_tracker.delivery.contract import Destination
    from growingio_tracker.delivery.spool.dead_letters import DeadLetter
    from growingio_tracker.delivery.spool.inspection import StoreReport, WaitingRecord

_SHOWN_DETAIL: Final = 80


def stores_table(reports: Iterable[StoreReport]) -> Table:
    """Return one row for each file."""
    table = _table(
        text("process|state|events|on disk|oldest|for", "进程|状态|事件|占用|最早|目标"), 0, 2, 3
    )
    for report in reports:
        to = report.destination
        table.add_row(
            str(report.pid),
            _state(report),
            "?" if report.events is None else str(report.events),
            decimal(report.bytes_on_disk),
            "" if report.oldest_ms is None else local_time(report.oldest_ms),
            _place(to) if to else "",
        )
    return table


def _state(report: StoreReport) -> str:
    if report.in_use:
        return text("in use", "使用中")
    if report.events is None:
        return f"[red]{text('unreadable', '无法读取')}[/]"
    return text("left", "遗留")


def letters_table(letters: Iterable[DeadLetter]) -> Table:
    """Return one row for each dead letter."""
    table = _table(
        text(
            "number|refused|kind|name|reason|the server said",
            "编号|拒绝时间|种类|名称|原因|服务器的响应",
        ),
        0,
    )
    for letter in letters:
        table.add_row(
            str(letter.number),
            local_time(letter.at_ms),
            letter.kind.value,
            escape(name_of(letter.record)),
            escape(letter.reason),
            escape(letter.detail[:_SHOWN_DETAIL]),
        )
    return table


def waiting_table(records: Iterable[WaitingRecord]) -> Table:
    """Return one row for each queued event."""
    table = _table(text("tracked|kind|name|for", "上报时间|种类|名称|目标"))
    for one in records:
        name, to = escape(name_of(one.record)), _place(one.destination)
        table.add_row(local_time(one.at_ms), one.kind.value, name, to)
    return table


def _table(columns: str, *numeric: int) -> Table:
    """Return a table of columns that ``|`` separates; ``numeric`` are places of numbers."""
    names = columns.split("|")
    return plain_table(*names, numeric=tuple(names[seq] for seq in numeric))


def _place(to: Destination) -> str:
    return escape(
        text(f"{to.product_id} at {to.server_host}", f"{to.product_id}（{to.server_host}）")
    )

"""Dead letters and queued events in commands: options, tables and progress."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, Protocol, TypeVar

import msgspec
from rich.console import Console
from rich.filesize import decimal
from rich.markup import escape
from rich.table import Table

from growingio_cli.console import option, passing_progress, plain_table, text

if TYPE_CHECKING:
    from growingio_tracker.delivery import Destination
    from growingio_tracker.delivery.spool.dead_letters import DeadLetter
    from growingio_tracker.delivery.spool.inspection import StoreReport, WaitingRecord

ReasonOption = Annotated[
    str | None,
    option(
        "Only those with this reason, for example status_400.",
        "只包括该原因的死信，例如 status_400。",
        metavar="REASON",
    ),
]
LimitOption = Annotated[
    int, option("Show at most this many.", "最多显示的条数。", min=1, metavar="N")
]
AllOption = Annotated[bool, option("All dead letters.", "全部死信。", "--all")]


class HasReason(Protocol):
    """A dead letter of a spool or a topic."""

    @property
    def reason(self) -> str:
        """The fixed identifier of the reason."""
        ...


_L = TypeVar("_L", bound=HasReason)


def with_reason(letters: Iterable[_L], reason: str | None) -> Iterator[_L]:
    """Return the letters with a reason; ``None`` is any."""
    return (one for one in letters if reason in (None, one.reason))


def local_time(at_ms: int) -> str:
    """Format a time in the local time zone."""
    return datetime.fromtimestamp(at_ms / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def name_of(record: bytes | None) -> str:
    """Return a message's name, which is not personal data; empty if it has none."""
    try:
        message = msgspec.json.decode(record or b"{}", type=dict[str, Any])
    except (ValueError, RecursionError):
        return ""
    return str(message.get("eventName") or message.get("key") or message.get("eventType") or "")


def show(table: Table) -> None:
    """Print a table, or a note that it is empty."""
    Console().print(table if table.row_count else text("Nothing to list.", "没有可列出的内容。"))


def follow_requeueing(done: Iterable[int], total: int) -> None:
    """Iterate over ``done``, and show its counts as progress towards ``total``."""
    with passing_progress() as progress:
        task = progress.add_task(text("requeueing", "正在放回"), total=total)
        for count in done:
            progress.update(task, completed=count)


_SHOWN_DETAIL: Final = 240


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
            "number|refused|kind|name|reason|detail",
            "编号|拒绝时间|种类|名称|原因|详情",
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
            escape(text(*letter.detail)[:_SHOWN_DETAIL]),
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
    """Return a table; ``columns`` are separated by ``|``, and ``numeric`` are indexes."""
    names = columns.split("|")
    return plain_table(*names, numeric=tuple(names[seq] for seq in numeric))


def _place(to: Destination) -> str:
    return escape(
        text(f"{to.product_id} at {to.server_host}", f"{to.product_id}（{to.server_host}）")
    )

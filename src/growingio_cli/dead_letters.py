"""Dead letters in commands: those of a spool, and those of a Kafka topic."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Annotated, Any, Protocol, TypeVar

import msgspec
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from growingio_cli.console import option, text

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
    """Whatever was given up for a reason."""

    @property
    def reason(self) -> str:
        """The fixed identifier of the reason."""
        ...


_L = TypeVar("_L", bound=HasReason)


def with_reason(letters: Iterable[_L], reason: str | None) -> Iterator[_L]:
    """Return the letters of a reason; ``None`` is any."""
    return (one for one in letters if reason in (None, one.reason))


def local_time(at_ms: int) -> str:
    """Return a time as a clock here shows it."""
    return datetime.fromtimestamp(at_ms / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def name_of(record: bytes | None) -> str:
    """Return what a message is called, which is nobody's personal data; empty if it is none."""
    try:
        message = msgspec.json.decode(record or b"{}", type=dict[str, Any])
    except (ValueError, RecursionError):
        return ""
    return str(message.get("eventName") or message.get("key") or message.get("eventType") or "")


def show(table: Table) -> None:
    """Print a table, or that there is nothing in it."""
    Console().print(table if table.row_count else text("Nothing to list.", "没有可列出的内容。"))


def follow_requeueing(done: Iterable[int], total: int) -> None:
    """Show how many of ``total`` letters are put back while ``done`` puts them back."""
    with Progress(transient=True) as progress:
        task = progress.add_task(text("requeueing", "正在放回"), total=total)
        for count in done:
            progress.update(task, completed=count)

"""``growingio demo``: send real events through every strategy and format."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from growingio_tracker.demo.run import Row

_SHOWN_DIFFERENCES = 10


def demo(
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the collector running until Ctrl-C.")
    ] = False,
) -> None:
    """Send real events through every strategy and format to a collector on this machine."""
    # Starlette and uvicorn take a third of a second, which --help need not wait for.
    from growingio_tracker.collector import Collector  # noqa: PLC0415
    from growingio_tracker.demo.run import run  # noqa: PLC0415

    console = Console()
    with Collector() as collector:
        console.print(f"The collector listens on {collector.url}", highlight=False)
        rows: list[Row] = []
        with console.status("sending") as status:
            for row in run(collector):
                rows.append(row)
                status.update(f"{row.strategy}, {row.format}: {row.arrived} of {row.sent} arrived")
        console.print(_table(rows))
        wrong = [f"{row.strategy}, {row.format}: {line}" for row in rows for line in row.wrong]
        _conclude(console, rows, wrong)
        if keep:
            _stay(console, collector.url)
    if wrong:
        raise typer.Exit(1)


def _table(rows: list[Row]) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=0)
    table.add_column("strategy", no_wrap=True)
    table.add_column("format", no_wrap=True)
    for name in ("sent", "arrived", "requests", "bytes/event", "ms"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(
            row.strategy,
            row.format,
            str(row.sent),
            f"[red]{row.arrived}[/]" if row.wrong else str(row.arrived),
            str(row.requests),
            f"{row.bytes_per_event:.0f}",
            f"{row.milliseconds:.0f}",
        )
    return table


def _conclude(console: Console, rows: list[Row], wrong: list[str]) -> None:
    sent = sum(row.sent for row in rows)
    if not wrong:
        console.print(f"All {sent} events arrived, each as it was sent.", style="green")
        return
    console.print(f"{len(wrong)} differences; the first of them:", style="red")
    for line in wrong[:_SHOWN_DIFFERENCES]:
        console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)


def _stay(console: Console, url: str) -> None:
    try:
        console.print(
            f"The collector goes on at {url}; what arrived last is at {url}/api/v1/events\n"
            "Press Ctrl-C to end.",
            highlight=False,
        )
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        console.print("Ended.")

"""``growingio demo``: send real events through every strategy and format, and print a table."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from growingio_cli.console import in_chinese, option, plain_table, text

if TYPE_CHECKING:
    from growingio_cli.demo_runs import Row

_SHOWN_DIFFERENCES = 10


@in_chinese("用各种发送策略与数据格式向本机的采集器发送真实事件。")
def demo(
    keep: Annotated[
        bool,
        option(
            "Keep the collector running until Ctrl-C.", "采集器一直运行到按下 Ctrl-C。", "--keep"
        ),
    ] = False,
) -> None:
    """Send real events through every strategy and format to a collector on this machine."""
    from growingio_cli.demo_runs import run
    from growingio_collector import Collector

    console = Console()
    with Collector() as collector:
        listening = text("The collector listens on {}", "采集器监听于 {}")
        console.print(listening.format(collector.url), highlight=False)
        rows: list[Row] = []
        arrived = text("{} of {} arrived", "到达 {}，共 {}")
        with console.status(text("sending", "正在发送")) as status:
            for row in run(collector):
                rows.append(row)
                counts = arrived.format(row.arrived, row.sent)
                status.update(f"{row.strategy}, {row.format}: {counts}")
        console.print(_table(rows))
        wrong = [f"{row.strategy}, {row.format}: {line}" for row in rows for line in row.wrong]
        _conclude(console, rows, wrong)
        if keep:
            _stay(console, collector.url)
    if wrong:
        raise typer.Exit(1)


def _table(rows: list[Row]) -> Table:
    names = text(
        "strategy|format|sent|arrived|requests|bytes/event|ms",
        "策略|格式|发送|到达|请求|字节/事件|毫秒",
    ).split("|")
    table = plain_table(*names, numeric=tuple(names[2:]))
    table.caption = text(
        "ms: from creating the consumer until the last event arrived",
        "毫秒：从创建 consumer 到最后一个事件到达",
    )
    table.caption_justify = "left"
    table.padding = 0, 1, 0, 0  # two characters between columns, so that all fit a terminal of 80
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
        good = text(
            f"All {sent} events arrived unchanged.",
            f"{sent} 个事件全部到达，内容与发送的一致。",
        )
        console.print(good, style="green")
        return
    count = len(wrong)
    bad = text(f"Differences: {count}. The first of them:", f"{count} 处差异，前几处为：")
    console.print(bad, style="red")
    for line in wrong[:_SHOWN_DIFFERENCES]:
        console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)


def _stay(console: Console, url: str) -> None:
    try:
        stays = text(
            f"The collector keeps running at {url}; the last events are at {url}/api/v1/events\n"
            "Press Ctrl-C to stop.",
            f"采集器继续运行于 {url}；最后的事件见 {url}/api/v1/events\n按 Ctrl-C 结束。",
        )
        console.print(stays, highlight=False)
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        console.print(text("Stopped.", "已结束。"))

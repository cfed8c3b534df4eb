"""The figures of a run as a table on a page, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from chaos.block import FiguresBlock
from chaos.course import Result
from chaos.schedule import Blow, Fault, Strategy

_CONSUMERS: Final[Mapping[Strategy, str]] = {
    "durable": "`DurableConsumer`",
    "async": "`AsyncBufferedConsumer`",
}
EVENTS: Final = "Events handed over"
LOST: Final = "Events lost"
UNEXPLAINED: Final = "Events stored again without need"
FAULTS: Final = "Faults met"
_RAISED: Final = ("spool_error", "queue_full")
_KINDS: Final = [f"— {kind.value}" for kind in (*Fault, *Blow)]
ROWS: Final = (
    EVENTS,
    LOST,
    "Events rejected by the server, and counted or kept",
    "Calls that raised: the disk or the queue was full",
    "Events dropped by a process, and counted",
    "Events stored again because an answer was lost",
    UNEXPLAINED,
    "Requests",
    FAULTS,
    *_KINDS,
    "Seconds",
)

CHINESE: Final = {
    EVENTS: "交付的事件",
    LOST: "丢失的事件",
    "Events rejected by the server, and counted or kept": "采集服务拒绝，已计数或保留的事件",
    "Calls that raised: the disk or the queue was full": "抛出异常的调用：磁盘或队列已满",
    "Events dropped by a process, and counted": "进程丢弃并计数的事件",
    "Events stored again because an answer was lost": "因响应丢失而再次保存的事件",
    UNEXPLAINED: "无故再次保存的事件",
    "Requests": "请求",
    FAULTS: "遇到的故障",
    "Seconds": "秒",
    Fault.DOWN.value: "没有人监听",
    Fault.HANGING.value: "接受连接而从不响应",
    Fault.SLOW.value: "响应缓慢",
    Fault.LATE.value: "保存，超时之后才响应",
    Fault.THROTTLED.value: "429 和 Retry-After",
    Fault.TOO_LARGE.value: "对大请求体返回 413",
    Fault.DROPPED.value: "读取之前关闭连接",
    Fault.STORED_AND_DROPPED.value: "保存，不响应就关闭连接",
    Fault.GARBAGE.value: "响应的不是 HTTP，也不保存",
    Fault.TRUNCATED.value: "保存，响应到一半关闭连接",
    Fault.BROKEN_TLS.value: "中断 TLS 握手",
    Blow.TERMINATE.value: "SIGTERM，处理函数退出进程",
    Blow.FORK.value: "fork，子进程关闭",
    Blow.FORK_AND_KILL.value: "fork，子进程被 SIGKILL",
    Blow.CLOCK_JUMP.value: "系统时间跳变",
    Blow.DISK_FULL.value: "磁盘满",
}
BLOCK: Final = FiguresBlock("make chaos", CHINESE)
figures_on, with_figures, in_chinese = BLOCK.figures_on, BLOCK.with_figures, BLOCK.in_chinese


class Figures(Struct, frozen=True):
    """What a table says.

    :param head: when and on what.
    :param columns: by strategy, a number for each of :data:`ROWS`.
    """

    head: str
    columns: Mapping[Strategy, tuple[int, ...]]

    def row(self, label: str) -> list[int]:
        """Return the numbers of one row."""
        return [column[ROWS.index(label)] for column in self.columns.values()]


def column(result: Result) -> tuple[int, ...]:
    """Return the numbers of one run, one for each of :data:`ROWS`."""
    found = result.balance
    durable = result.plan.strategy == "durable"
    # What a durable process leaves pending, its successor adopts.
    raised = sum(found.dropped.get(reason, 0) for reason in _RAISED) if durable else 0
    given_up = found.dropped.total() - raised - (found.dropped["pending"] if durable else 0)
    return (
        found.events,
        len(found.lost),
        found.rejected,
        raised,
        given_up,
        sum(found.repeated.values()),
        len(found.unexplained),
        result.requests,
        result.met.total(),
        *(result.met[kind.value] for kind in (*Fault, *Blow)),
        round(result.seconds),
    )


def render(figures: Figures) -> str:
    """Return the figures as Markdown."""
    names = [_CONSUMERS[strategy] for strategy in figures.columns]
    cells = [[f"{number:,}" for number in numbers] for numbers in figures.columns.values()]
    lines = [["", *names], ["---"] * (1 + len(names)), *map(list, zip(ROWS, *cells, strict=True))]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"\n{figures.head}\n\n{table}\n\n"


def parse(text: str) -> Figures:
    """Return the figures that :func:`render` made ``text`` of."""
    head, table = text.strip().split("\n\n")
    names, _, *lines = [line.strip("| ").split(" | ") for line in table.splitlines()]
    strategies = [strategy for strategy, name in _CONSUMERS.items() if name in names]
    columns = zip(
        *([int(cell.replace(",", "")) for cell in line[1:]] for line in lines), strict=True
    )
    return Figures(head, dict(zip(strategies, columns, strict=True)))

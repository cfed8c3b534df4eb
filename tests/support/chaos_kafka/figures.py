"""The figures of a run as a table on a page, and back."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from chaos.block import FiguresBlock
from chaos.figures import CHINESE
from chaos_kafka.course import REGROUPED, Result
from chaos_kafka.schedule import SERVER_FAULTS, Blow

EVENTS: Final = "Events tracked"
LOST: Final = "Events lost that the broker had acknowledged"
UNEXPLAINED: Final = "Events stored again without need"
FAULTS: Final = "Faults met"
_KINDS: Final = [*(kind.value for kind in (*SERVER_FAULTS, *Blow)), REGROUPED]
ROWS: Final = (
    EVENTS,
    "Events acknowledged by the broker",
    "Events dropped by a producer, and counted",
    LOST,
    "Dead letters",
    "Events stored again, of batches whose answer or commit was cut off",
    "Such batches",
    UNEXPLAINED,
    "Requests",
    FAULTS,
    *(f"— {kind}" for kind in _KINDS),
    "Seconds",
)

_CHINESE: Final = CHINESE | {
    EVENTS: "上报的事件",
    "Events acknowledged by the broker": "broker 确认的事件",
    "Events dropped by a producer, and counted": "生产者丢弃并计数的事件",
    LOST: "broker 确认之后丢失的事件",
    "Dead letters": "死信",
    "Events stored again, of batches whose answer or commit was cut off": (
        "因批次的响应或提交中断而再次保存的事件"
    ),
    "Such batches": "这样的批次",
    Blow.RELAY_KILLED.value: "relay 被 SIGKILL",
    Blow.RELAY_REPLACED.value: "relay 收到 SIGTERM，由另一个接替",
    Blow.RELAY_JOINS.value: "relay 加入消费组",
    Blow.RELAY_LEAVES.value: "relay 离开消费组",
    Blow.BROKER_STOPPED.value: "broker 停顿",
    Blow.BROKER_STOPPED_LONG.value: "broker 停顿，时间超过会话时限",
    REGROUPED: "所有 relay 结束，由另一消费组接替",
    Blow.PRODUCER_REPLACED.value: "生产者收到 SIGTERM，由另一个接替",
}
BLOCK: Final = FiguresBlock("make chaos-kafka", _CHINESE)
figures_on, with_figures, in_chinese = BLOCK.figures_on, BLOCK.with_figures, BLOCK.in_chinese


class Figures(Struct, frozen=True):
    """What a table says.

    :param head: when and on what.
    :param numbers: one for each of :data:`ROWS`.
    """

    head: str
    numbers: tuple[int, ...]

    def row(self, label: str) -> int:
        """Return the number of one row."""
        return self.numbers[ROWS.index(label)]


def numbers(result: Result) -> tuple[int, ...]:
    """Return the numbers of one run, one for each of :data:`ROWS`."""
    found = result.balance
    return (
        found.events,
        found.acknowledged,
        found.given_up,
        len(found.lost),
        found.rejected,
        sum(found.repeated.values()),
        found.batches,
        len(found.unexplained),
        result.requests,
        result.met.total(),
        *(result.met[kind] for kind in _KINDS),
        round(result.seconds),
    )


def render(figures: Figures) -> str:
    """Return the figures as Markdown."""
    cells = [f"{number:,}" for number in figures.numbers]
    lines = [f"| {label} | {cell} |" for label, cell in zip(ROWS, cells, strict=True)]
    table = "\n".join(["|  |  |", "| --- | --- |", *lines])
    return f"\n{figures.head}\n\n{table}\n\n"


def parse(text: str) -> Figures:
    """Return the figures that :func:`render` made ``text`` of."""
    head, table = text.strip().split("\n\n")
    cells = [line.strip("| ").split(" | ")[-1] for line in table.splitlines()[2:]]
    return Figures(head, tuple(int(cell.replace(",", "")) for cell in cells))

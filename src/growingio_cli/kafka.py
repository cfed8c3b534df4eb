"""``growingio kafka …``: look at the dead letters of a Kafka topic, and put them back."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
import typer
from rich.markup import escape
from rich.table import Table

from growingio_cli.console import (
    WrongUsage,
    argument,
    in_chinese,
    option,
    plain_table,
    show_any_character,
    text,
)
from growingio_cli.dead_letters import (
    AllOption,
    LimitOption,
    ReasonOption,
    follow_requeueing,
    local_time,
    name_of,
    show,
    with_reason,
)
from growingio_cli.sending import KafkaConfigOption, client_for, parsed
from growingio_cli.usage import CommandGroup
from growingio_wire.said import Said, counted

if TYPE_CHECKING:
    from growingio_tracker.kafka.requeue import DeadLetterTopic, DeadRecord, TopicPlace

_SHOWN: Final = 240
_SHOWN_VALUE: Final = 200

_Source = Annotated[
    str,
    argument(
        "The topic that was relayed, as kafka://host:port[,host:port]/topic.",
        "relay 所发送的 topic，形如 kafka://host:port[,host:port]/topic。",
        metavar="ADDRESS",
    ),
]
_DeadLetters = Annotated[
    str | None,
    option(
        "The dead-letter topic. Default: the topic's name with .dead-letters.",
        "死信的 topic。默认为 topic 名称加 .dead-letters。",
        "--dead-letters",
        metavar="TOPIC",
    ),
]

_NO_CHOICE: Final = Said(
    "choose dead letters with PLACE, --reason or --all.",
    "请用 PLACE、--reason 或 --all 选择死信。",
)
_NO_PLACE: Final = Said(
    "PLACE must be partition:offset, as 'growingio kafka list' shows it, got {got}.",
    "PLACE 应为“growingio kafka list”显示的 partition:offset，而不是 {got}。",
)
_NO_LETTER: Final = Said(
    "there is no dead letter at {place}; see 'growingio kafka list'.",
    "{place} 处没有死信；请用“growingio kafka list”查看。",
)


@in_chinese("列出 topic 的死信，即无法送达的消息，及其原因。")
def list_(
    source: _Source,
    dead_letters: _DeadLetters = None,
    reason: ReasonOption = None,
    limit: LimitOption = 50,
    values: Annotated[
        bool,
        option(
            "Show the beginning of each message. It may contain personal data.",
            "显示每条消息的开头，其中可能含有个人数据。",
            "--values",
        ),
    ] = False,
    as_json: Annotated[
        bool, option("One JSON object per line.", "每行一个 JSON 对象。", "--json")
    ] = False,
    kafka_config: KafkaConfigOption = None,
) -> None:
    """List the dead letters of a topic: messages that can never be delivered, and why."""
    letters = _opened(source, dead_letters, kafka_config)
    chosen = islice(with_reason(letters, reason), limit)
    show_any_character()
    if as_json:
        for one in chosen:
            typer.echo(msgspec.json.encode(_as_json(one, values=values)))
        return
    show(_table(chosen, values=values))


@in_chinese(
    """把死信放回原来的 topic，例如在服务器修复之后。

    每条死信只放回一次：放回消息与记录已放回在同一个 Kafka 事务中完成。"""
)
def requeue(
    source: _Source,
    places: Annotated[
        list[str] | None,
        argument("The places that `list` shows.", "list 显示的位置。", metavar="PLACE..."),
    ] = None,
    dead_letters: _DeadLetters = None,
    reason: ReasonOption = None,
    everything: AllOption = False,
    kafka_config: KafkaConfigOption = None,
) -> None:
    """Put dead letters back on their topic, for example after the server has been fixed.

    Each is put back only once: the message and the record of it are one Kafka transaction.
    """
    if not (places or reason or everything):
        raise WrongUsage(_NO_CHOICE)
    wanted = {_place(one) for one in places or ()}
    letters = _opened(source, dead_letters, kafka_config)
    chosen = [one for one in with_reason(letters, reason) if not wanted or one.place in wanted]
    if missing := wanted - {one.place for one in chosen}:
        raise WrongUsage(_NO_LETTER.with_values(place=min(missing)))
    follow_requeueing(letters.put_back(chosen), len(chosen))
    topics = ", ".join(sorted({one.source[0] for one in chosen})) or "–"
    typer.echo(
        text(
            f"Put back: {counted(len(chosen), 'dead letter')} from {letters.topic}. "
            f"Topics: {topics}. A running 'growingio relay' delivers them.",
            f"已放回 {letters.topic} 中的 {len(chosen)} 条死信。topic：{topics}。"
            "由运行中的“growingio relay”发送。",
        )
    )


def _opened(source: str, dead_letters: str | None, config: Path | None) -> DeadLetterTopic:
    from growingio_tracker.kafka.client import library

    library("growingio kafka")
    from growingio_tracker.kafka.options import default_name
    from growingio_tracker.kafka.requeue import DeadLetterTopic

    address = parsed(source, "ADDRESS")
    client = client_for(address.servers, config, {}, "growingio kafka")
    return DeadLetterTopic(client, dead_letters or default_name(address.topic))


def _place(given: str) -> TopicPlace:
    from growingio_tracker.kafka.requeue import TopicPlace

    try:
        return TopicPlace.parsed(given)
    except ValueError:
        raise WrongUsage(_NO_PLACE.with_values(got=given)) from None


def _table(letters: Iterable[DeadRecord], *, values: bool) -> Table:
    columns = text(
        "place|given up|name|reason|status|bytes|from|detail",
        "位置|放弃时间|名称|原因|状态码|字节|来自|详情",
    ).split("|")
    table = plain_table(*columns, numeric=(columns[4], columns[5]))
    if values:
        table.add_column(text("message", "消息"), overflow="fold")
    for one in letters:
        topic, partition, offset = one.source
        shown = [
            str(one.place),
            local_time(one.at_ms),
            name_of(one.value),
            one.reason,
            str(one.status or ""),
            str(len(one.value or b"")),
            f"{topic} {partition}:{offset}",
            one.detail[:_SHOWN],
            *([_beginning(one.value)] if values else []),
        ]
        table.add_row(*map(escape, shown))
    return table


def _as_json(one: DeadRecord, *, values: bool) -> dict[str, Any]:
    topic, partition, offset = one.source
    shown: dict[str, Any] = {
        "place": str(one.place),
        "at_ms": one.at_ms,
        "name": name_of(one.value),
        "reason": one.reason,
        "status": one.status or None,
        "detail": one.detail,
        "bytes": len(one.value or b""),
        "source_topic": topic,
        "source_partition": partition,
        "source_offset": offset,
    }
    return shown | {"message": _beginning(one.value)} if values else shown


def _beginning(value: bytes | None) -> str:
    return (value or b"")[:_SHOWN_VALUE].decode("utf-8", "replace")


kafka: Final = CommandGroup(
    "kafka",
    text(
        "Inspect the dead letters of a Kafka topic, and put them back.",
        "查看 Kafka topic 的死信，或把它们放回 topic。",
    ),
)
kafka.add(list_, "list")
kafka.add(requeue)

"""``growingio relay kafka://…``: deliver the events of a Kafka topic."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from growingio_cli.console import WrongUsage, ending_on_signals, option, text
from growingio_cli.sending import KafkaAddress, KafkaConfigOption, client_for, configured
from growingio_wire.errors import GrowingParamException
from growingio_wire.said import Said, counted, in_both

if TYPE_CHECKING:
    from growingio_tracker.delivery.ledger import Stats
    from growingio_tracker.kafka.options import RelayOptions
    from growingio_tracker.kafka.relay import Relay
    from growingio_tracker.model.losses import Problem

_NO_HEALTH: Final = Said(
    "--health must be host:port, for example 127.0.0.1:8080, got {got}.",
    "--health 应为 host:port，例如 127.0.0.1:8080，而不是 {got}。",
)
_MISSING: Final = Said(
    "{option} is missing: a relay of a Kafka topic needs it.",
    "缺少 {option}：从 Kafka topic 发送时必须指定。",
)
_FEATURE: Final = "growingio relay kafka://…"
_LINE_EVERY_S: Final = 10.0
_HIGHEST_PORT: Final = 65_535


@dataclass(frozen=True, kw_only=True)
class TopicOptions:
    """Options that only a relay of a Kafka topic takes."""

    group: Annotated[
        str | None,
        option(
            "Kafka: the consumer group. Relays of one group share the topic.",
            "Kafka：消费组。同组的多个 relay 分担该 topic。",
            metavar="NAME",
        ),
    ] = None
    dead_letters: Annotated[
        str | None,
        option(
            "Kafka: the topic for what can never be delivered. Default: TOPIC.dead-letters.",
            "Kafka：存放无法送达的消息的 topic。默认为 TOPIC.dead-letters。",
            metavar="TOPIC",
        ),
    ] = None
    product_id: Annotated[
        str | None,
        option(
            "Kafka: the project of raw messages that name none.",
            "Kafka：未注明项目的原始消息所属的项目。",
            metavar="ID",
        ),
    ] = None
    data_source_id: Annotated[
        str | None,
        option(
            "Kafka: the data source of raw messages that name none.",
            "Kafka：未注明数据源的原始消息所属的数据源。",
            metavar="ID",
        ),
    ] = None
    rate: Annotated[
        float | None,
        option("Kafka: maximum events per second.", "Kafka：每秒最多的事件数。", metavar="N"),
    ] = None
    workers: Annotated[
        int,
        option(
            "Kafka: maximum concurrent requests, each for a different partition.",
            "Kafka：同时进行的请求数，每个请求对应一个分区。",
            min=1,
            max=64,
            metavar="N",
        ),
    ] = 4
    health: Annotated[
        str | None,
        option(
            "Kafka: serve /livez, /readyz and /metrics (Prometheus) at this address. Use "
            "0.0.0.0:PORT in a container.",
            "Kafka：在此地址提供 /livez、/readyz 和 /metrics（Prometheus）。"
            "容器中请用 0.0.0.0:PORT。",
            metavar="HOST:PORT",
        ),
    ] = None
    kafka_config: KafkaConfigOption = None


def relay_options(
    address: KafkaAddress,
    chosen: TopicOptions,
    server_host: str | None,
    format_: str,
    ca_file: Path | None,
) -> RelayOptions:
    """Return the options of a relay.

    :raises WrongUsage: if one is missing or invalid.
    :raises MissingExtraError: if the format or Kafka needs an extra that is not installed.
    """
    from growingio_tracker.config import parser_of
    from growingio_tracker.config.keys import told
    from growingio_tracker.kafka.client import library

    library(_FEATURE)
    from growingio_tracker.kafka.options import RelayOptions

    host = configured(None, server_host=server_host).settings.get("server_host")
    parser = parser_of(format_)
    make = partial(
        RelayOptions,
        server_host=_given("--server-host", None if host is None else str(host.value)),
        topic=address.topic,
        group=_given("--group", chosen.group),
        dead_letters=chosen.dead_letters,
        product_id=chosen.product_id,
        data_source_id=chosen.data_source_id,
        data_parser=parser,
        verify_cert=str(ca_file) if ca_file else True,
        rate=chosen.rate,
        workers=chosen.workers,
        on_error=tell,
    )
    try:
        return make()
    except GrowingParamException as error:
        option = "--" + error.argument.replace("_", "-")
        raise WrongUsage(told(error, in_both(option))) from error


def _given(name: str, value: str | None) -> str:
    if value is None:
        raise WrongUsage(_MISSING.with_values(option=name))
    return value


def run(options: RelayOptions, address: KafkaAddress, chosen: TopicOptions) -> None:
    """Deliver until Ctrl-C or SIGTERM.

    :raises GrowingParamException: if an option is invalid.
    :raises GrowingIOException: if Kafka refuses permanently.
    """
    from growingio_tracker.kafka.member import OURS
    from growingio_tracker.kafka.relay import Relay

    health = None if chosen.health is None else health_address(chosen.health)
    client = client_for(address.servers, chosen.kafka_config, OURS, _FEATURE)
    relay = Relay(options, client)
    with ending_on_signals(relay.end), _answering(relay, health), _telling(relay):
        typer.echo(
            text(
                f"Delivering what arrives on {address.topic}. Press Ctrl-C to stop.",
                f"正在发送 topic {address.topic} 中的事件。按 Ctrl-C 结束。",
            )
        )
        relay.run()
    typer.echo(text("Stopped. ", "已结束。") + line(relay.stats()))


def health_address(given: str) -> tuple[str, int]:
    """Return host and port of ``--health``; the host is this machine alone unless it is given.

    :raises WrongUsage: if it is not an address.
    """
    host, _, port = given.rpartition(":")
    if not port.isdecimal() or int(port) > _HIGHEST_PORT:
        raise WrongUsage(_NO_HEALTH.with_values(got=given))
    return host.strip("[]") or "127.0.0.1", int(port)


@contextmanager
def _answering(relay: Relay, health: tuple[str, int] | None) -> Generator[None, None, None]:
    if health is None:
        yield
        return
    from growingio_tracker.kafka.health import answering

    with answering(relay, *health) as port:
        typer.echo(
            text(
                f"Health: http://{health[0]}:{port}/readyz, metrics: /metrics",
                f"健康检查：http://{health[0]}:{port}/readyz，指标：/metrics",
            )
        )
        yield


@contextmanager
def _telling(relay: Relay) -> Generator[None, None, None]:
    """Print the counts periodically, while they change."""
    ended = threading.Event()

    def tell_changes() -> None:
        told = ""
        while not ended.wait(_LINE_EVERY_S):
            if (now := line(relay.stats())) != told:
                told = now
                typer.echo(now)

    thread = threading.Thread(target=tell_changes, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def tell(problem: Problem) -> None:
    """Print a problem on stderr."""
    typer.echo(f"{problem.reason}: {text(problem.detail, problem.detail_zh)}", err=True)


def line(stats: Stats) -> str:
    """Return the counts so far as a line."""
    dead = sum(stats.rejected.values())
    return text(
        f"{stats.adopted} consumed, {stats.delivered} delivered, {counted(dead, 'dead letter')}, "
        f"{stats.pending} pending, {stats.handed_over} given back",
        f"已读取 {stats.adopted}，送达 {stats.delivered}，死信 {dead}，待发送 {stats.pending}，"
        f"归还 {stats.handed_over}",
    )

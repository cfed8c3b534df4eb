"""Options of commands about a Kafka topic: its address, and how brokers are reached."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

from growingio_cli.console import WrongUsage, existing_file, option
from growingio_wire.said import Said

if TYPE_CHECKING:
    from growingio_tracker.kafka.client import Client

SCHEME: Final = "kafka://"

_SERVER: Final = re.compile(r"(\[[0-9A-Fa-f:.]+]|[\w.-]+)(:[0-9]{1,5})?", re.ASCII)
_TOPIC: Final = re.compile(r"[A-Za-z0-9._-]{1,249}")
_CREDENTIALS: Final = Said(
    "{argument} must not contain a user or a password: everybody on this machine sees the "
    "arguments of a process. Put sasl.username and sasl.password into a file for "
    "--kafka-config, or into GROWINGIO_KAFKA_SASL_USERNAME and GROWINGIO_KAFKA_SASL_PASSWORD.",
    "{argument} 不能含有用户名或密码，因为本机任何人都能看到进程的参数。请把 sasl.username 和 "
    "sasl.password 写入 --kafka-config 的文件，或设置环境变量 GROWINGIO_KAFKA_SASL_USERNAME 和 "
    "GROWINGIO_KAFKA_SASL_PASSWORD。",
)
_NO_ADDRESS: Final = Said(
    "{argument} must be kafka://host:port[,host:port]/topic, got {got}.",
    "{argument} 应为 kafka://host:port[,host:port]/topic，而不是 {got}。",
)


class KafkaAddress(NamedTuple):
    """Where a topic is.

    :param servers: ``host:port``, several with commas.
    """

    servers: str
    topic: str


def parsed(address: str, argument: str = "TARGET") -> KafkaAddress:
    """Return what ``kafka://host:port[,host:port]/topic`` says.

    :raises WrongUsage: when it is no such address, or contains a password.
    """
    if "@" in address:
        raise WrongUsage(_CREDENTIALS.with_values(argument=argument))
    servers, _, topic = address.removeprefix(SCHEME).partition("/")
    if (
        not address.startswith(SCHEME)
        or not all(map(_SERVER.fullmatch, servers.split(",")))
        or not _TOPIC.fullmatch(topic)
    ):
        raise WrongUsage(_NO_ADDRESS.with_values(argument=argument, got=address))
    return KafkaAddress(servers, topic)


KafkaConfigOption = Annotated[
    Path | None,
    option(
        "A file of librdkafka options, one name=value a line: TLS, SASL and its passwords. "
        "Variables such as GROWINGIO_KAFKA_SASL_PASSWORD override it.",
        "librdkafka 选项的文件，每行一个 name=value，用于 TLS、SASL 及其密码；"
        "GROWINGIO_KAFKA_SASL_PASSWORD 等环境变量优先。",
        metavar="FILE",
        callback=existing_file,
    ),
]


@dataclass(frozen=True, kw_only=True)
class TopicOptions:
    """Options that only a relay of a Kafka topic takes."""

    group: Annotated[
        str | None,
        option(
            "Kafka: the consumer group. Relays of one group share the topic.",
            "Kafka：消费组。同组的多个 relay 分担该主题。",
            metavar="NAME",
        ),
    ] = None
    dead_letters: Annotated[
        str | None,
        option(
            "Kafka: the topic for what can never be delivered. Default: TOPIC.dead-letters.",
            "Kafka：存放无法送达的消息的主题。默认为 TOPIC.dead-letters。",
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
        option("Kafka: events a second at most.", "Kafka：每秒最多的事件数。", metavar="N"),
    ] = None
    workers: Annotated[
        int,
        option(
            "Kafka: requests at the same time, each for another partition.",
            "Kafka：同时进行的请求数，每个请求对应一个分区。",
            min=1,
            max=64,
            metavar="N",
        ),
    ] = 4
    health: Annotated[
        str | None,
        option(
            "Kafka: answer /livez, /readyz and /metrics (Prometheus) there. Use 0.0.0.0:PORT in a "
            "container.",
            "Kafka：在此地址提供 /livez、/readyz 和 /metrics（Prometheus）。"
            "容器中请用 0.0.0.0:PORT。",
            metavar="HOST:PORT",
        ),
    ] = None
    kafka_config: KafkaConfigOption = None


def client_for(servers: str, config: Path | None, ours: Mapping[str, str], feature: str) -> Client:
    """Return a client of what a file and, above it, the environment say.

    :raises GrowingParamException: when an option cannot be used.
    :raises MissingExtraError: when the extra is not installed.
    """
    from growingio_tracker.kafka.client import Client, in_environment, in_file

    given = {**in_file(config), **in_environment(os.environ)}
    return Client.checked(servers, given, ours, feature)

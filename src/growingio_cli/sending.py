"""Options shared by commands that reach a server or Kafka, and what they override."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

from growingio_cli.console import WrongUsage, existing_file, option
from growingio_wire.said import Said

if TYPE_CHECKING:
    from growingio_tracker.config import Configuration
    from growingio_tracker.kafka.client import Client


class Format(str, Enum):
    """The names of the formats, as in a configuration."""

    JSON = "json"
    SNAPPY = "snappy"
    SNAPPY_CRYPT = "snappy_crypt"
    PROTOBUF = "protobuf"


FORMATS: Final = "|".join(one.value for one in Format)

FormatOption = Annotated[
    Format, option("The format to send in.", "发送的格式。", "--format", metavar=FORMATS)
]
RedirectOption = Annotated[
    str | None,
    option(
        "Send to this server instead of the one that the events were tracked for.",
        "发送到此服务器，而不是事件原本所属的服务器。",
        "--server-host",
        metavar="URL",
    ),
]
CertOption = Annotated[
    Path | None,
    option(
        "Verify the server with the authorities in this PEM file.",
        "用此 PEM 文件中的证书机构校验服务器。",
        "--ca-file",
        metavar="FILE",
        callback=existing_file,
    ),
]

ConfigOption = Annotated[
    Path | None,
    option(
        "A TOML file as from_file reads it. Environment variables override it.",
        "from_file 所读的 TOML 文件；环境变量优先。",
        metavar="FILE",
        dir_okay=False,
    ),
]
ProductIdOption = Annotated[
    str | None,
    option(
        "The project. Overrides the configuration.",
        "项目。优先于配置。",
        "--product-id",
        metavar="ID",
    ),
]
DataSourceIdOption = Annotated[
    str | None,
    option(
        "The data source. Overrides the configuration.",
        "数据源。优先于配置。",
        "--data-source-id",
        metavar="ID",
    ),
]
ServerHostOption = Annotated[
    str | None,
    option(
        "The collect server. Overrides the configuration.",
        "采集服务地址，优先于配置。",
        "--server-host",
        metavar="URL",
    ),
]

_OPTIONS: Final[Mapping[str, str]] = {
    "product_id": "--product-id",
    "data_source_id": "--data-source-id",
    "server_host": "--server-host",
    "format": "--format",
    "verify_cert": "--ca-file",
}


def configured(config: Path | None, **given: str | None) -> Configuration:
    """Return what the file, the environment and, above both, the options say.

    :param config: a TOML file; ``None`` reads the environment alone.
    :param given: the value of each setting's option; ``None`` where it was not given.
    :raises GrowingParamException: if the file cannot be read or is not TOML.
    """
    from growingio_tracker.config import gather
    from growingio_tracker.config.settings import Setting

    settings = {
        name: Setting(value, _OPTIONS[name]) for name, value in given.items() if value is not None
    }
    return gather(config, None, settings)


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
        "A file of librdkafka options, one name=value per line: TLS, SASL and its passwords. "
        "Variables such as GROWINGIO_KAFKA_SASL_PASSWORD override it.",
        "librdkafka 选项的文件，每行一个 name=value，用于 TLS、SASL 及其密码；"
        "GROWINGIO_KAFKA_SASL_PASSWORD 等环境变量优先。",
        metavar="FILE",
        callback=existing_file,
    ),
]


def client_for(servers: str, config: Path | None, ours: Mapping[str, Said], feature: str) -> Client:
    """Return a client of what a file and, above it, the environment say.

    :raises GrowingParamException: when an option cannot be used.
    :raises MissingExtraError: when the extra is not installed.
    """
    from growingio_tracker.kafka.client import Client, in_environment, in_file

    given = {**in_file(config), **in_environment(os.environ)}
    return Client.checked(servers, given, ours, feature)

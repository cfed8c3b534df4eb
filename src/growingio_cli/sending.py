"""Options shared by all commands that send, and the configuration they override."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from growingio_cli.console import existing_file, option

if TYPE_CHECKING:
    from growingio_tracker.config.build import Configuration


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
    from growingio_tracker.config.build import gather
    from growingio_tracker.config.settings import Setting

    settings = {
        name: Setting(value, _OPTIONS[name]) for name, value in given.items() if value is not None
    }
    return gather(config, None, settings)

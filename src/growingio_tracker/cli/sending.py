"""What the commands that send have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Annotated, Final

import typer

from growingio_tracker.formats.base import DataParser
from growingio_tracker.formats.json_parser import JsonParser
from growingio_tracker.formats.protobuf_parser import ProtobufParser
from growingio_tracker.formats.snappy_parser import SnappyParser


class Format(str, Enum):
    """The formats by the names that the command line has for them."""

    JSON = "json"
    SNAPPY = "snappy"
    SNAPPY_XOR = "snappy-xor"
    PROTOBUF = "protobuf"


PARSERS: Final[Mapping[Format, Callable[[], DataParser]]] = {
    Format.JSON: JsonParser,
    Format.SNAPPY: SnappyParser,
    Format.SNAPPY_XOR: lambda: SnappyParser(crypt_data=True),
    Format.PROTOBUF: ProtobufParser,
}

FormatOption = Annotated[Format, typer.Option("--format", help="How to send.")]
HostOption = Annotated[
    str | None,
    typer.Option(
        "--server-host",
        metavar="URL",
        help="Send there, and not to the server that the events were tracked for.",
    ),
]
CertOption = Annotated[
    str | None,
    typer.Option("--ca-file", metavar="FILE", help="Check the server against these authorities."),
]

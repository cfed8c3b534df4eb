"""Where the import command sends: what the settings say, and what the command line says, wins."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from growingio_tracker.cli.sending import Format
from growingio_tracker.config.build import build, gather
from growingio_tracker.config.keys import PREFIX
from growingio_tracker.consumers.base import Consumer

_FORMATS: Final[Mapping[Format, str]] = {
    Format.JSON: "json",
    Format.SNAPPY: "snappy",
    Format.SNAPPY_XOR: "snappy_crypt",
    Format.PROTOBUF: "protobuf",
}
_OF_ROWS: Final = ("redact", "max_event_bytes")


class Target(NamedTuple):
    """A consumer, and the keywords of an import that the settings hold beside it."""

    consumer: Consumer
    options: dict[str, Any]


def target(
    config: Path | None,
    given: Mapping[str, str | None],
    format_: Format | None,
) -> Target:
    """Return what settings and command line describe.

    :param config: a TOML file; ``None`` reads the environment alone.
    :param given: key → what the command line says; ``None`` says nothing.
    :raises GrowingParamException: naming everything that is wrong or missing.
    """
    said = {**given, "format": None if format_ is None else _FORMATS[format_]}
    overrides = {PREFIX + name.upper(): value for name, value in said.items() if value is not None}
    return build(gather(config, {**os.environ, **overrides}), _target)


def _target(consumer: Consumer, **options: Any) -> Target:
    # strict and on_invalid say what becomes of a call; what becomes of a row is settled here.
    return Target(consumer, {name: options[name] for name in _OF_ROWS if name in options})

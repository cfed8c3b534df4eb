"""A mapping of columns as people write it: a YAML file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import msgspec

from growingio_tracker._extras import missing_extra
from growingio_tracker.bulk.mapping import RowMapping
from growingio_tracker.exceptions import GrowingParamException


def read_mapping(path: Path) -> RowMapping:
    """Read a mapping.

    :raises GrowingParamException: when the file cannot be read or is no mapping.
    :raises MissingExtraError: when PyYAML is not installed.
    """
    try:
        return msgspec.yaml.decode(path.read_bytes(), type=RowMapping)
    except ImportError as error:
        raise missing_extra("--map", "cli") from error
    except (OSError, msgspec.DecodeError) as error:
        raise GrowingParamException(f"--map: {path} cannot be used: {error}") from error


def as_yaml(mapping: RowMapping) -> str:
    """Return a mapping as the text of such a file."""
    return "\n".join(_lines(msgspec.to_builtins(mapping)))


def _lines(content: dict[str, object]) -> Iterator[str]:
    for key, value in content.items():
        if isinstance(value, dict):
            members = cast("dict[str, object]", value)
            yield f"{key}:{'' if members else ' {}'}"
            for name, inner in members.items():
                yield f"  {_quoted(name)}: {_quoted(inner)}"
        else:
            yield f"{key}: {_quoted(value)}"


def _quoted(value: object) -> str:
    # JSON is YAML, and needs no rules about what has to be quoted.
    return msgspec.json.encode(value).decode()

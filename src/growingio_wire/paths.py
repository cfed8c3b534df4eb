"""Paths of collect requests, as a server reads them."""

from __future__ import annotations

import re
from typing import Final, NamedTuple
from urllib.parse import unquote

from growingio_wire.near import nearest
from growingio_wire.table import SCHEMAS, Kind, Schema


class Target(NamedTuple):
    """Parsed path of a collect request: the kind of its messages and the project's id."""

    kind: Kind
    project: str


def _pattern(schema: Schema) -> re.Pattern[str]:
    # Clients whose host ends in a slash double it.
    path = re.escape(schema.path).replace("/", "/+").replace(re.escape("{}"), "([^/]+)")
    return re.compile(path + "/*")


_PATTERNS: Final = [(kind, _pattern(schema)) for kind, schema in SCHEMAS.items()]


def read_path(path: str) -> Target | None:
    """Return the target of an undecoded ``path``; ``None`` if it is not a collect path."""
    for kind, pattern in _PATTERNS:
        if found := pattern.fullmatch(path):
            return Target(kind, unquote(found[1]))
    return None


def nearest_path(path: str) -> str:
    """Return the collect path most similar to ``path``, with ``{project}`` for the id."""
    known = [schema.path.format("{project}") for schema in SCHEMAS.values()]
    return nearest(path, known, like_enough=0.0) or known[0]

"""Which path takes which kind of message: the field table's paths, read backwards."""

import re
from difflib import SequenceMatcher
from typing import Final, NamedTuple
from urllib.parse import unquote

from growingio_tracker.collector.problems.problem import Problem
from growingio_tracker.wire import SCHEMAS, Kind, Schema


class Target(NamedTuple):
    """What a collect path says: the kind of its messages and the project's id."""

    kind: Kind
    project: str


def _pattern(schema: Schema) -> re.Pattern[str]:
    # Clients whose host ends in a slash double it.
    path = re.escape(schema.path).replace("/", "/+").replace(re.escape("{}"), "([^/]+)")
    return re.compile(path + "/*")


_PATTERNS: Final = [(kind, _pattern(schema)) for kind, schema in SCHEMAS.items()]

_COMPARED: Final = 200
"""Characters of an unknown path that are compared and shown: comparing takes quadratic time."""


_RUN: Final = re.compile(r"/+run/+([^/]+)(/.*)", re.DOTALL)


def split_run(path: str) -> tuple[str | None, str]:
    """Return the run that the undecoded ``path`` names (``/run/NAME/…``), and the path behind it.

    None, and the path as it is, when it names none.
    """
    found = _RUN.fullmatch(path)
    return (unquote(found[1]), found[2]) if found else (None, path)


def match(path: str) -> Target | None:
    """Return what the undecoded ``path`` of a request means; None when it is no collect path."""
    for kind, pattern in _PATTERNS:
        found = pattern.fullmatch(path)
        if found:
            return Target(kind, unquote(found[1]))
    return None


def unknown(path: str) -> Problem:
    """Return the problem of a path that is none of ours, with the one it resembles most."""
    known = [schema.path.format("{project}") for schema in SCHEMAS.values()]
    shown = path[:_COMPARED]
    nearest = max(known, key=lambda good: SequenceMatcher(a=good, b=shown).ratio())
    return Problem("unknown_path", values={"shown": shown, "nearest": nearest})

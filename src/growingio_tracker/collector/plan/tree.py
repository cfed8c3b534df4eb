"""A plan file as a tree of texts that know their line, whatever its format."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from growingio_tracker.collector.plan.defects import Defect


class Node(NamedTuple):
    """One value of a plan file.

    ``value`` is a text as it is written there, a list, a mapping, or None for nothing.
    """

    value: str | list[Node] | dict[str, Node] | None
    line: int


class Parsed(NamedTuple):
    """A file's tree, and what already kept parts of it from being read."""

    root: Node
    defects: Iterable[Defect] = ()

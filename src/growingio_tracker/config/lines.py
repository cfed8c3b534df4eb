"""The line of each key in a TOML text, which its decoder does not tell."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

Place = tuple[str, ...]
"""A key with the tables that it is in, outermost first."""

_PART: Final = r"""(?:[\w\-]+|"[^"\\]*"|'[^']*')"""
_KEY: Final = rf"\s*({_PART}(?:\s*\.\s*{_PART})*)\s*"
_HEADER: Final = re.compile(rf"\s*\[{{1,2}}{_KEY}\]")
_ASSIGNMENT: Final = re.compile(rf"{_KEY}=")


class Lines:
    """Where keys and tables stand in one text."""

    def __init__(self, text: str) -> None:
        self._found: dict[Place, int] = {}
        table: Place = ()
        for number, line in enumerate(text.splitlines(), 1):
            if header := _HEADER.match(line):
                table = _parts(header[1])
                self._found.setdefault(table, number)
            elif assignment := _ASSIGNMENT.match(line):
                self._found.setdefault(table + _parts(assignment[1]), number)

    def of(self, place: Sequence[str]) -> int | None:
        """Return the line of a key, or of the nearest table around it; ``None``: not known.

        A key of an inline table has the line on which that table begins.
        """
        around = (tuple(place[:depth]) for depth in range(len(place), 0, -1))
        return next((self._found[one] for one in around if one in self._found), None)


def _parts(key: str) -> Place:
    return tuple(part.strip("\"'") for part in re.findall(_PART, key))

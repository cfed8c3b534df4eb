"""Layout of Python source as ``ruff format`` does it, for any line length from ours upward."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, TypeAlias

from rich.cells import cell_len

from growingio_wire.said import harmless

WIDTH: Final = 88
INDENT: Final = "    "

_ESCAPES: Final = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


class Brackets(NamedTuple):
    """Something in brackets: on one line where it fits, else an element a line.

    :param before: up to the opening bracket, which it includes.
    :param is_subscript: whether a single element must not get a comma.
    """

    before: str
    elements: Sequence[Piece]
    after: str
    is_subscript: bool = False


Piece: TypeAlias = "str | Brackets"


def prefixed(before: str, piece: Piece) -> Piece:
    """Return a piece of source behind ``before``."""
    if isinstance(piece, str):
        return before + piece
    return Brackets(before + piece.before, piece.elements, piece.after, piece.is_subscript)


def lines(piece: Piece, indent: str = "", after: str = "") -> Iterator[str]:
    """Yield the lines of a piece of source.

    :param after: what follows it, for example a comma.
    """
    line = f"{indent}{flat(piece)}{after}"
    if isinstance(piece, str) or fits(line) or not piece.elements:
        yield line
        return
    yield f"{indent}{piece.before}"
    alone = piece.is_subscript and len(piece.elements) == 1
    for element in piece.elements:
        yield from lines(element, indent + INDENT, "" if alone else ",")
    yield f"{indent}{piece.after}{after}"


def fits(line: str) -> bool:
    """Return whether a line is short enough; Chinese characters are two columns wide."""
    return cell_len(line) <= WIDTH


def spread(piece: Brackets, indent: str = "") -> Iterator[str]:
    """Yield the lines of a group with an element a line, also where it would fit on one."""
    yield f"{indent}{piece.before}"
    for element in piece.elements:
        yield from lines(element, indent + INDENT, ",")
    yield f"{indent}{piece.after}"


def flat(piece: Piece) -> str:
    """Return a piece of source on one line."""
    if isinstance(piece, str):
        return piece
    inside = ", ".join(map(flat, piece.elements))
    if piece.before.endswith(("=(", "= (")) and len(piece.elements) == 1:
        inside += ","  # a tuple of one
    return f"{piece.before}{inside}{piece.after}"


def string(text: str) -> str:
    """Return the literal of a text, in the quotes that need fewer escapes."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    return f"{quote}{''.join(_character(one, quote) for one in text)}{quote}"


def _character(character: str, quote: str) -> str:
    if character == quote:
        return f"\\{quote}"
    if character in _ESCAPES or character.isprintable():
        return _ESCAPES.get(character, character)
    return character.encode("unicode_escape").decode("ascii")


def docstring(summary: str, more: Sequence[str] = (), indent: str = INDENT) -> Iterator[str]:
    """Yield the lines of a docstring, whose texts come from people.

    :param more: lines of a paragraph below the summary.
    """
    if not more:
        yield f'{indent}"""{_prose(summary)}"""'
        return
    yield f'{indent}"""{_prose(summary)}'
    yield ""
    for line in more:
        yield f"{indent}{_prose(line)}"
    yield f'{indent}"""'


def _prose(text: str) -> str:
    return harmless(" ".join(text.split())).replace("\\", "\\\\").replace('"', "'")

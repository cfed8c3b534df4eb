"""Type annotations and value rules of planned attributes, as source text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from growingio_cli.codegen.layout import (
    INDENT,
    Brackets,
    Piece,
    fits,
    flat,
    lines,
    prefixed,
    string,
)
from growingio_wire.plan import Property

_SIMPLE: Final = {
    "string": "str",
    "number": "float",
    "integer": "int",
    "boolean": "bool",
    "list": "Sequence[str | float]",
    "date": "date",
}
"""The type of a value for each type of the plan. A float may be an int, a date a datetime."""

_MOST_DIGITS: Final = 30
"""Digits of a whole number in an enum that a type may name: Python does not read thousands."""

NEEDED_FROM: Final = {
    "Mapping": "collections.abc",
    "Sequence": "collections.abc",
    "date": "datetime",
    "Final": "typing",
    "Literal": "typing",
    "TypeAlias": "typing",
}
"""Modules of the standard library, for the names that a generated module may need."""


def annotation(wanted: Property) -> Piece:
    """Return the type of an attribute's value."""
    choices = _choices(wanted)
    if wanted.type == "list":
        return (
            Brackets("Sequence[", (choices,), "]", is_subscript=True)
            if choices
            else _SIMPLE["list"]
        )
    if choices:
        return choices
    if wanted.type is None:
        return "str" if wanted.pattern is not None else "object"
    return _SIMPLE[wanted.type]


def literal(texts: tuple[str, ...]) -> Brackets:
    """Return the literal type of these strings."""
    unique = dict.fromkeys(texts)
    return Brackets("Literal[", tuple(map(string, unique)), "]", is_subscript=True)


def _choices(wanted: Property) -> Brackets | None:
    """Return the literal type of an enum; None if there is none, or no type expresses it."""
    if not wanted.enum or wanted.type in ("boolean", "date"):
        return None
    if wanted.type in ("integer", "number"):
        are_plain = all(_is_plain_integer(one) for one in wanted.enum)
        numbers = tuple(dict.fromkeys(wanted.enum))
        return Brackets("Literal[", numbers, "]", is_subscript=True) if are_plain else None
    return literal(wanted.enum)


def _is_plain_integer(text: str) -> bool:
    digits = text.removeprefix("-")
    is_short = len(digits) <= _MOST_DIGITS and digits.isascii() and digits.isdecimal()
    return is_short and str(int(text)) == text


class ParameterTypes:
    """Types of parameters, and aliases for those that are too long for a line.

    :param needed: collects the names that the module has to import.
    """

    def __init__(self, needed: set[str]) -> None:
        self._needed = needed
        self._aliases: dict[str, tuple[str, Piece]] = {}

    def alias_lines(self) -> Iterator[str]:
        """Yield the lines that define the aliases."""
        for name, piece in self._aliases.values():
            yield from lines(prefixed(f"{name}: TypeAlias = ", piece))

    def parameter(self, name: str, wanted: Property) -> str:
        """Return a parameter's line, in a generated function."""
        piece = annotation(wanted)
        self._note(piece)
        optional = not wanted.required
        short = self._line(name, flat(piece), optional)
        if fits(f"{INDENT}{INDENT}{short},"):
            return short
        whole = self._line(name, self._aliased(piece), optional)
        if fits(f"{INDENT}{INDENT}{whole},"):
            return whole
        start, _, type_ = whole.removesuffix(" = None").partition(": ")
        return f"{start}: {self._alias(type_)}{' = None' if optional else ''}"

    def _line(self, name: str, type_: str, optional: bool) -> str:
        if type_ == "object":
            return f"{name}: object = None" if optional else f"{name}: object"
        return f"{name}: {type_} | None = None" if optional else f"{name}: {type_}"

    def _aliased(self, piece: Piece) -> str:
        """Return a shorter type, with an alias for the choices."""
        if isinstance(piece, Brackets) and isinstance(inner := piece.elements[0], Brackets):
            return f"{piece.before}{self._alias(inner)}{piece.after}"
        return self._alias(piece)

    def _alias(self, piece: Piece) -> str:
        """Return the alias of a type that is too long for a line."""
        self._needed.add("TypeAlias")
        key = flat(piece)
        name, _ = self._aliases.setdefault(key, (f"_Type{len(self._aliases) + 1}", piece))
        return name

    def _note(self, piece: Piece) -> None:
        text = flat(piece)
        self._needed |= {
            name for name in NEEDED_FROM if text == name or text.startswith(f"{name}[")
        }
        if "Literal[" in text:
            self._needed.add("Literal")


def rule(wanted: Property) -> Brackets:
    """Return the source that creates ``wanted``, without its descriptions."""
    return Brackets("Property(", tuple(_arguments(wanted)), ")")


def _arguments(wanted: Property) -> Iterator[Piece]:
    if wanted.type is not None:
        yield string(wanted.type)
    if wanted.required:
        yield "required=True"
    if wanted.enum:
        yield Brackets("enum=(", tuple(map(string, wanted.enum)), ")")
    if wanted.pattern is not None:
        yield f"pattern={string(wanted.pattern)}"
    bounds: tuple[tuple[str, float | None], ...] = (("min", wanted.min), ("max", wanted.max))
    for name, value in bounds:
        if value is not None:
            yield f"{name}={_number(value)}"


def _number(value: float) -> str:
    is_short = value.is_integer() and abs(value) < 1e15
    return str(int(value)) if is_short else repr(value).replace("e+", "e")

"""Errors and problems that people see on a terminal or a page are said in both languages."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import growingio_wire.errors
from tree import ROOT

SRC = ROOT / "src"
ERRORS = {
    name
    for name, value in vars(growingio_wire.errors).items()
    if isinstance(value, type) and issubclass(value, growingio_wire.errors.GrowingError)
}
READ_BY_PROGRAMMERS_ONLY = (
    "growingio_tracker/spark/",
    "growingio_tracker/testing/",
    "growingio_tracker/integrations/",
    "growingio_collector/testing/",
)
"""What these raise ends in a traceback or in a Spark log, which are English."""


def modules() -> list[str]:
    paths = (path.relative_to(SRC).as_posix() for path in sorted(SRC.rglob("*.py")))
    return [path for path in paths if not path.startswith(READ_BY_PROGRAMMERS_ONLY)]


def said_in_english_only(tree: ast.AST) -> Iterator[int]:
    """Yield the lines that make an error from a text, which is in one language."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name), args=[ast.Constant() | ast.JoinedStr(), *_]):
                if name in {*ERRORS, "Problem"}:
                    yield node.lineno


def test_every_error_has_both_languages() -> None:
    """No module makes an error of an English text alone, except where only programmers read it."""
    found = [
        f"{module}:{line}"
        for module in modules()
        for line in said_in_english_only(ast.parse((SRC / module).read_text("utf-8")))
    ]
    assert found == []

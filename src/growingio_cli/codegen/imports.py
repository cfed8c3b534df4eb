"""Imports of a source file: which of its names are functions of generated modules."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from growingio_cli.codegen.names import ITEMS


def module_parts(path: Path) -> tuple[str, ...]:
    """Return the folders and the name of the module at ``path``; a package is its folder."""
    parts = path.resolve().with_suffix("").parts
    return parts[:-1] if parts[-1] == "__init__" else parts


class _Bound(NamedTuple):
    """Target of a name: a module by its number, or with ``python`` something in that module."""

    module: int
    python: str = ""


class Imports:
    """Follows the imports of one file.

    :param modules: the generated modules, by :func:`module_parts`.
    :param functions: the names of the functions of each.
    :ivar used: the uses in the file: number of the module, name in it, and line.
    """

    def __init__(
        self,
        tree: ast.Module,
        path: Path,
        modules: Sequence[tuple[str, ...]],
        functions: Sequence[Collection[str]],
    ) -> None:
        self._modules = modules
        self._functions = functions
        self._folder = path.resolve().parent.parts
        self._names: dict[str, _Bound] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                self._import_from(node)
            elif isinstance(node, ast.Import):
                self._import(node)
        self.used = list(self._uses(tree))

    def _import(self, node: ast.Import) -> None:
        for one in node.names:
            number = self._number(one.name, 0)
            if number is not None:
                self._names[one.asname or one.name] = _Bound(number)

    def _import_from(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        number = self._number(module, node.level)
        for one in node.names:
            if number is not None:
                names = self._functions[number] if one.name == "*" else [one.name]
                self._names.update((one.asname or name, _Bound(number, name)) for name in names)
                continue
            inner = self._number(f"{module}.{one.name}".lstrip("."), node.level)
            if inner is not None:
                self._names[one.asname or one.name] = _Bound(inner)

    def _number(self, dotted: str, level: int) -> int | None:
        """Return the number of the generated module that an import names; None if it is none."""
        parts = tuple(dotted.split(".")) if dotted else ()
        if level:
            whole = (*self._folder[: len(self._folder) - level + 1], *parts)
            return next((at for at, one in enumerate(self._modules) if one == whole), None)
        ends = (at for at, one in enumerate(self._modules) if parts and one[-len(parts) :] == parts)
        return next(ends, None)

    def _uses(self, tree: ast.Module) -> Iterator[tuple[tuple[int, str], int]]:
        inner: set[int] = set()
        for node in ast.walk(tree):
            dotted = _dotted(node) if id(node) not in inner else None
            if dotted is None:
                continue
            if isinstance(node, ast.Attribute):
                inner.update(id(one) for one in ast.walk(node.value))
            found = self._found(dotted)
            if found is not None:
                yield found, node.lineno  # type: ignore[attr-defined]

    def _found(self, dotted: str) -> tuple[int, str] | None:
        """Return the function that a dotted name refers to; None if it is not in these modules."""
        parts = dotted.split(".")
        for length in range(len(parts), 0, -1):
            bound = self._names.get(".".join(parts[:length]))
            if bound is None:
                continue
            rest = [bound.python, *parts[length:]] if bound.python else parts[length:]
            if not rest:
                return None
            return bound.module, ".".join(rest[:2] if rest[0] == ITEMS else rest[:1])
        return None


def _dotted(node: ast.AST) -> str | None:
    """Return a name or a chain of attributes as text; None for anything else."""
    if isinstance(node, ast.Name):
        return node.id if isinstance(node.ctx, ast.Load) else None
    if isinstance(node, ast.Attribute):
        before = _dotted(node.value)
        return f"{before}.{node.attr}" if before else None
    return None

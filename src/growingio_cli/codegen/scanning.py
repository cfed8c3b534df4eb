"""Scanning of Python programs for planned calls, and for calls that bypass the generated module.

Nothing is imported or run; names are followed through the imports of each file.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from msgspec import Struct

from growingio_cli.codegen.imports import Imports, module_parts
from growingio_cli.codegen.names import ITEMS
from growingio_wire.near import nearest

_MARK: Final = "growingio codegen "
_ALLOWED: Final = "# growingio: raw"
_LEFT_OUT: Final = frozenset({"__pycache__", "node_modules", "site-packages"})
_CALLS: Final = {"EventCall": "event", "ItemCall": "item", "UserCall": "user"}
_RAW: Final = {
    "track_custom_event": ("event", "event_name"),
    "set_event_name": ("event", "event_name"),
    "submit_item": ("item", "item_key"),
    "track_user": ("user", ""),
}
"""Tracking methods: the kind of message, and the parameter with its name."""


class PlannedFunction(Struct, frozen=True):
    """A function of a generated module: ``name`` in the plan, and ``python`` in the module."""

    kind: str
    name: str
    python: str
    file: str
    line: int
    is_deprecated: bool


class FoundCall(Struct, frozen=True):
    """A call that should be changed.

    ``name`` is None if it is not a literal; ``advice`` is the function to call, or the name that
    was probably meant, if any.
    """

    kind: str
    name: str | None
    file: str
    line: int
    advice: str | None


class GeneratedModule(NamedTuple):
    """A generated module, with its functions by their names in it."""

    parts: tuple[str, ...]
    functions: Mapping[str, PlannedFunction]


class Scan(NamedTuple):
    """Result of a scan. ``unreadable`` are files that are not valid Python."""

    modules: Sequence[GeneratedModule]
    called: Sequence[PlannedFunction]
    uncalled: Sequence[PlannedFunction]
    unplanned: Sequence[FoundCall]
    raw: Sequence[FoundCall]
    unreadable: Sequence[str]


class _Source(NamedTuple):
    path: Path
    tree: ast.Module
    lines: Sequence[str]


def scan(paths: Iterable[Path]) -> Scan:
    """Return how the programs at ``paths``, files or folders, use their generated modules."""
    sources: list[_Source] = []
    unreadable: list[str] = []
    for path in _files(paths):
        try:
            content = path.read_bytes()
            lines = content.decode("utf-8", "replace").splitlines()
            sources.append(_Source(path, ast.parse(content), lines))
        except (OSError, SyntaxError, ValueError, RecursionError):
            unreadable.append(str(path))
    modules = [_module(one) for one in sources if _is_generated(one.tree)]
    uses = _Uses(modules)
    for source in sources:
        if not _is_generated(source.tree):
            uses.take(source)
    return uses.result(unreadable)


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    seen: set[Path] = set()
    for path in paths:
        found = sorted(path.rglob("*.py")) if path.is_dir() else [path]
        for one in found:
            inside = one.relative_to(path).parts if path.is_dir() else ()
            if one not in seen and not any(_is_left_out(part) for part in inside):
                seen.add(one)
                yield one


def _is_left_out(part: str) -> bool:
    return part in _LEFT_OUT or part.startswith(".")


def _is_generated(tree: ast.Module) -> bool:
    lines = (ast.get_docstring(tree) or "").splitlines()
    return any(line.startswith(_MARK) for line in lines)


def _module(source: _Source) -> GeneratedModule:
    calls = dict(_planned_calls(source.tree))
    functions: dict[str, PlannedFunction] = {}
    for node in source.tree.body:
        if isinstance(node, ast.FunctionDef):
            functions[node.name] = _function(source, node, calls[_value_of(node)], node.name)
        elif isinstance(node, ast.ClassDef) and node.name == ITEMS:
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef):
                    call, python = calls[_value_of(inner)], f"{ITEMS}.{inner.name}"
                    functions[python] = _function(source, inner, call, python)
    return GeneratedModule(module_parts(source.path), functions)


def _value_of(node: ast.FunctionDef) -> str:
    """Return the call object of a generated function: ``_x`` in ``_x.track(…)``."""
    names = [one.id for one in ast.walk(node.body[-1]) if isinstance(one, ast.Name)]
    return next(name for name in names if name.startswith("_"))


def _planned_calls(tree: ast.Module) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield the module's call objects by name, each with its kind and name in the plan."""
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            call = node.value
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
                kind = _CALLS.get(call.func.id)
                if kind and isinstance(call.args[0], ast.Constant):
                    yield node.target.id, (kind, str(call.args[0].value))


def _function(
    source: _Source, node: ast.FunctionDef, call: tuple[str, str], python: str
) -> PlannedFunction:
    is_deprecated = any(isinstance(one, ast.Call) for one in node.decorator_list)
    return PlannedFunction(*call, python, str(source.path), node.lineno, is_deprecated)


class _Uses:
    """Calls found so far."""

    def __init__(self, modules: Sequence[GeneratedModule]) -> None:
        self._modules = modules
        self._functions = [one for module in modules for one in module.functions.values()]
        self._by_name = {(one.kind, one.name): one for one in self._functions}
        self._called: set[PlannedFunction] = set()
        self._unplanned: list[FoundCall] = []
        self._raw: list[FoundCall] = []

    def take(self, source: _Source) -> None:
        parts, functions = zip(*self._modules, strict=True) if self._modules else ((), ())
        imports = Imports(source.tree, source.path, parts, functions)
        constants = dict(_constants(source.tree))
        for name, line in imports.used:
            self._use(source, name, line)
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                self._raw_call(source, node, node.func.attr, constants)

    def _use(self, source: _Source, used: tuple[int, str], line: int) -> None:
        number, python = used
        functions = self._modules[number].functions
        if python in functions:
            self._called.add(functions[python])
        elif python != ITEMS and not _is_allowed(source, line):
            near = nearest(python, functions)
            self._unplanned.append(FoundCall("event", python, str(source.path), line, near))

    def _raw_call(
        self, source: _Source, node: ast.Call, method: str, constants: Mapping[str, str]
    ) -> None:
        kind, parameter = _RAW.get(method, ("", ""))
        if not kind or _is_allowed(source, node.lineno):
            return
        name = _named(node, parameter, constants) if parameter else "LOGIN_USER"
        planned = self._by_name.get((kind, name)) if name else None
        where = (str(source.path), node.lineno)
        if name is None or planned or kind == "user":
            advice = planned.python if planned else None
            self._raw.append(FoundCall(kind, name, *where, advice))
            return
        known = [one.name for one in self._functions if one.kind == kind]
        self._unplanned.append(FoundCall(kind, name, *where, nearest(name, known)))

    def result(self, unreadable: Sequence[str]) -> Scan:
        called = [one for one in self._functions if one in self._called]
        uncalled = [one for one in self._functions if one not in self._called]
        return Scan(self._modules, called, uncalled, self._unplanned, self._raw, unreadable)


def _is_allowed(source: _Source, line: int) -> bool:
    return _ALLOWED in source.lines[line - 1] if line <= len(source.lines) else False


def _constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield the module's string constants."""
    for node in tree.body:
        if not isinstance(node, ast.Assign | ast.AnnAssign):
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            text = node.value.value
            yield from ((one.id, text) for one in targets if isinstance(one, ast.Name))


def _named(node: ast.Call, parameter: str, constants: Mapping[str, str]) -> str | None:
    given = next((one.value for one in node.keywords if one.arg == parameter), None)
    value = given or (node.args[0] if node.args else None)
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return value.value
    return constants.get(value.id) if isinstance(value, ast.Name) else None

"""The programs on the pages and under examples/, as a strict type checker sees them (I1)."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from pages import chinese_pages, english_pages, python_blocks
from tree import ROOT

README: Final = [ROOT / "README.md", ROOT / "README.zh-CN.md"]
PAGES: Final = [*README, *english_pages(), *chinese_pages()]


def bound(statement: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement at the top of a program binds."""
    if isinstance(statement, ast.Import | ast.ImportFrom):
        yield from (alias.asname or alias.name.partition(".")[0] for alias in statement.names)
    elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield statement.name
    else:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id


def modules(page: Path) -> Iterator[tuple[str, str]]:
    """Yield a name and a text for each program of a page.

    A later program imports what it takes from the earlier ones; all else it may bind anew.
    """
    stem = page.name.removesuffix(".md").replace(".", "_").replace("-", "_").lower()
    known: dict[str, str] = {}
    for number, block in enumerate(python_blocks(page)):
        module = f"{stem}_{number}"
        program = ast.parse(block)
        own = {name for statement in program.body for name in bound(statement)}
        used = {node.id for node in ast.walk(program) if isinstance(node, ast.Name)}
        yield module, "\n".join([*(known[name] for name in used - own if name in known), block])
        for statement in program.body:
            is_import = isinstance(statement, ast.Import | ast.ImportFrom)
            for name in bound(statement):
                own_import = f"from {module} import {name}"
                known[name] = ast.unparse(statement) if is_import else own_import


def strictly_checked(folder: Path, cache: Path) -> str:
    """Return what mypy says of a folder of a user's."""
    strict = ("--strict", "--disallow-any-unimported", f"--cache-dir={cache}")
    command = [sys.executable, "-m", "mypy", *strict, "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_i1_documented_programs(tmp_path: Path, mypy_cache: Path) -> None:
    """I1: mypy --strict finds no error in the programs of the pages and of the README."""
    for page in PAGES:
        for name, program in modules(page):
            (tmp_path / f"{name}.py").write_text(program, encoding="utf-8")
    said = strictly_checked(tmp_path, mypy_cache)
    assert said.startswith("Success"), said


@pytest.mark.parametrize("folder", ["examples", "examples/django_shop"])
def test_i1_examples(tmp_path: Path, mypy_cache: Path, folder: str) -> None:
    """I1: nor in the examples, each a project of its own."""
    for program in (ROOT / folder).glob("*.py"):
        shutil.copy(program, tmp_path)
    said = strictly_checked(tmp_path, mypy_cache)
    assert said.startswith("Success"), said

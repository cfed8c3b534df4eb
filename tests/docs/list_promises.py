"""Write into docs/promises.md, and its Chinese version, which test files keep each promise.

    python tests/docs/list_promises.py

A test keeps a promise when its name (`test_d1_…`) or docstring (`D1: …`) begins with the number.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parents[1]
DOCS = TESTS.parent / "docs"
PAGES = {DOCS / "promises.md": "Kept by ", DOCS / "promises.zh-CN.md": "测试："}
"""The pages, each with what stands before the tests of a promise."""

_PROMISE = re.compile(r"^\*\*([A-K]\d+)\*\* (?:.+\n?)+?(?=\n|\Z)", re.MULTILINE)
_KEPT_BY = re.compile(rf"\n\n(?:{'|'.join(PAGES.values())}).*")


def main() -> None:
    for path in PAGES:
        path.write_text(with_tests(path), encoding="utf-8")


def with_tests(path: Path) -> str:
    """Return the page in ``path`` with the line of tests behind each promise made anew."""
    found = tests_by_promise()

    def kept(promise: re.Match[str]) -> str:
        return f"{promise[0].rstrip()}\n\n{PAGES[path]}{_links(found[promise[1]])}\n"

    return _PROMISE.sub(kept, _KEPT_BY.sub("", path.read_text(encoding="utf-8")))


def promised(page: str) -> set[str]:
    """Return the numbers of the promises on the page."""
    return {promise[1] for promise in _PROMISE.finditer(page)}


def tests_by_promise() -> dict[str, dict[str, int]]:
    """Return, for each promise, how many test functions each file has for it."""
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for path in sorted(TESTS.rglob("test_*.py")):
        for number in _numbers(path):
            found[number][path.relative_to(TESTS.parent).as_posix()] += 1
    return found


def _numbers(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            named = re.match(r"test_([a-k]\d+)_", node.name)
            said = re.match(r"([A-K]\d+)\b", ast.get_docstring(node) or "")
            yield from {match[1].upper() for match in (named, said) if match}


def _links(files: dict[str, int]) -> str:
    return ", ".join(f"[{Path(file).stem}](../{file}) ({count})" for file, count in files.items())


if __name__ == "__main__":
    main()

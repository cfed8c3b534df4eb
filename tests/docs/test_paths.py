"""Pages for developers name files that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tree import DOCS, ROOT

PAGES = [
    ROOT / "CONTRIBUTING.md",
    ROOT / ".github" / "RELEASING.md",
    DOCS / "architecture.md",
    DOCS / "architecture.zh-CN.md",
]
PACKAGES = [ROOT, ROOT / "src", ROOT / "src" / "growingio_tracker"]
NAMED = re.compile(r"`((?:[\w.-]+/)+(?:[\w-]+\.\w+)?)`")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_paths_exist(page: Path) -> None:
    """Every path in backticks is a file or folder of the project, or of one of its packages."""
    text = page.read_text("utf-8")
    named = [path for path in NAMED.findall(text) if not path.startswith("…")]
    assert [path for path in named if not _exists(path)] == []


def _exists(path: str) -> bool:
    collector = [ROOT / "src" / "growingio_collector", ROOT / "src" / "growingio_cli"]
    return any((folder / path).exists() for folder in [*PACKAGES, *collector])

"""The pages under docs/, and what can be read off them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

DOCS: Final = Path(__file__).parents[2] / "docs"
_CHINESE: Final = ".zh-CN.md"
_FENCE: Final = re.compile(
    r"^( *)(```+)(\{?[\w-]*\}?)[^\n]*\n(.*?)^\1\2[ ]*$", re.DOTALL | re.MULTILINE
)
_COMMENT: Final = re.compile(r"(?:^ *(?:#|//)|\s+(?:#|//)) .*$", re.MULTILINE)


class Block(NamedTuple):
    """A fenced block: its language, empty when none is named, and its text."""

    language: str
    text: str

    @property
    def without_comments(self) -> str:
        """The text without what stands behind ``#`` and ``//``."""
        return _COMMENT.sub("", self.text)


def english_pages() -> list[Path]:
    """Return the pages that are not in Chinese."""
    return sorted(page for page in DOCS.glob("*.md") if not page.name.endswith(_CHINESE))


def chinese_pages() -> list[Path]:
    """Return the pages that are in Chinese."""
    return sorted(DOCS.glob(f"*{_CHINESE}"))


def in_chinese(page: Path) -> Path:
    """Return where the Chinese version of an English page is."""
    return page.with_name(page.stem + _CHINESE)


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of a page, in their order."""
    return [Block(found[3], found[4]) for found in _FENCE.finditer(page.read_text("utf-8"))]


def python_blocks(page: Path) -> list[str]:
    """Return the programs on a page."""
    return [block.text for block in blocks(page) if block.language == "python"]


def prose(page: Path) -> str:
    """Return a page without its fenced blocks."""
    return _FENCE.sub("", page.read_text("utf-8"))


def indented_lines(page: Path) -> list[str]:
    """Return the lines of a page's indented blocks, which are commands or what they print."""
    return re.findall(r"^    (\S.*)$", prose(page), re.MULTILINE)


def shell_lines(page: Path) -> list[str]:
    """Return the commands in a page's blocks of commands; one that goes on is one line."""
    fenced = [block.text for block in blocks(page) if block.language in ("sh", "console")]
    indented = re.findall(r"^    (.*\S.*)$", prose(page), re.MULTILINE)
    return [*_commands("\n".join([*fenced, *indented]))]


def _commands(text: str) -> Iterator[str]:
    begun = ""
    for line in text.splitlines():
        begun = f"{begun}\n{line}" if begun else line
        if not begun.endswith("\\") and (begun.startswith("#") or begun.count("'") % 2 == 0):
            yield begun
            begun = ""


def commands(page: Path) -> Iterator[str]:
    """Yield each call of ``growingio`` in a page's blocks of commands."""
    for line in shell_lines(page):
        called = re.match(r"(?:\$ )?(growingio\b[^#&>|]*)", line)
        if called is not None:
            yield called[1].strip()

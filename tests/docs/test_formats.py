"""docs/formats.md, in both languages, says how values are encoded."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from growingio_tracker.config.keys import FORMATS
from pages import chinese_pages, english_pages

LISTING = runpy.run_path(str(Path(__file__).with_name("list_values.py")))


@pytest.mark.parametrize("page", LISTING["PAGES"], ids=lambda page: page.name)
def test_values(page: Path) -> None:
    """The table shows what arrives of each value; list_values.py makes it anew."""
    assert LISTING["with_values"](page) == page.read_text("utf-8")


LISTS_FORMATS = ("configuration", "formats", "options", "spark")


@pytest.mark.parametrize("page", [*english_pages(), *chinese_pages()], ids=lambda page: page.name)
def test_names(page: Path) -> None:
    """The pages that list the formats have the names that configurations take."""
    if page.name.split(".")[0] in LISTS_FORMATS:
        text = page.read_text("utf-8")
        assert [name for name in FORMATS if f"`{name}`" not in text] == []

"""docs/promises.md, in both languages, lists the promises, and the tests that keep them."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

LISTING = runpy.run_path(str(Path(__file__).with_name("list_promises.py")))
pages = pytest.mark.parametrize("page", LISTING["PAGES"], ids=lambda page: page.name)


@pages
def test_page_is_up_to_date(page: Path) -> None:
    """The page names the tests of each promise as they are; list_promises.py makes it anew."""
    assert LISTING["with_tests"](page) == page.read_text(encoding="utf-8")


@pages
def test_promises_and_tests_belong_together(page: Path) -> None:
    """Every promise on the page has a test, and every number that a test names is on the page."""
    promised = LISTING["promised"](page.read_text(encoding="utf-8"))
    assert promised == set(LISTING["tests_by_promise"]())

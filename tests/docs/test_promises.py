"""docs/promises.md lists the promises that tests keep, and the tests that keep them."""

from __future__ import annotations

import runpy
from pathlib import Path

LISTING = runpy.run_path(str(Path(__file__).with_name("list_promises.py")))
PAGE = LISTING["PAGE"].read_text(encoding="utf-8")


def test_page_is_up_to_date() -> None:
    """The page names the tests of each promise as they are; list_promises.py makes it anew."""
    assert LISTING["with_tests"](PAGE) == PAGE


def test_promises_and_tests_belong_together() -> None:
    """Every promise on the page has a test, and every number that a test names is on the page."""
    assert LISTING["promised"](PAGE) == set(LISTING["tests_by_promise"]())

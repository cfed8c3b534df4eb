"""The site in a browser: nothing is cut off, code can be copied, diagrams follow the theme."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from pages import english_pages

TOO_WIDE = """() => [
  ...[...document.querySelectorAll("pre")].filter((one) => one.scrollWidth > one.clientWidth),
  ...(document.documentElement.scrollWidth > innerWidth ? [document.documentElement] : []),
].map((one) => one.textContent.slice(0, 80))"""
DRAWN = "() => getComputedStyle(document.querySelector('.diagram .question')).fill"


@pytest.mark.parametrize("width", [360, 1440])
def test_nothing_is_cut_off(chrome: Browser, site: Path, width: int) -> None:
    """No block of code and no page is wider than a phone's window, or a desk's."""
    with chrome.new_context(viewport={"width": width, "height": 800}) as context:
        page = context.new_page()
        for one in english_pages():
            for folder in (site, site / "zh-CN"):
                page.goto((folder / f"{one.stem}.html").as_uri())
                assert page.evaluate(TOO_WIDE) == [], one.stem


def test_code_can_be_copied(chrome: Browser, site: Path) -> None:
    """The button on a block of code puts its text on the clipboard."""
    with chrome.new_context(permissions=["clipboard-read", "clipboard-write"]) as context:
        page = context.new_page()
        page.goto((site / "tutorial.html").as_uri())
        block = page.locator("div.highlight", has_text="growingio doctor").first
        block.hover()
        block.get_by_role("button", name="Copy").click()
        block.get_by_role("button", name="Copied").wait_for()
        assert "growingio doctor --send" in page.evaluate("navigator.clipboard.readText()")


def test_diagram_follows_the_theme(chrome: Browser, site: Path) -> None:
    """The diagram has the colours of the theme that the reader chose, whatever the system's is."""
    with chrome.new_context(color_scheme="light") as context:
        page = context.new_page()
        page.goto((site / "strategies.html").as_uri())
        light = page.evaluate(DRAWN)
        page.evaluate("document.body.dataset.theme = 'dark'")
        assert page.evaluate(DRAWN) != light

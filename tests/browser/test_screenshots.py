"""Pictures of the collector's pages for its documentation.

``make screenshots`` puts them into docs/images; otherwise they are only taken.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from growingio_collector import Collector
from pages import DOCS
from posted import Send, event, item

IMAGES = DOCS / "images"
MOST_BYTES = 300_000
LOCALES = {"en-US": "", "zh-CN": ".zh-CN"}


def _send_a_day(send: Send) -> None:
    send(event("page_opened", attributes={"path": "/goods/A-1"}))
    send(event("goods_viewed", attributes={"sku": "A-1", "tags": "新客||VIP"}))
    send(item("A-1", color="red"), path="/projects/p1/collect/item")
    send(event("order_paid", user="u2", attributes={"sku": "A-1", "price": "15.5"}))
    send(event("order_paid", user="", attributes=["A-1"]))


def _live(page: Page, url: str) -> None:
    page.goto(url)
    expect(page.locator(".state")).to_have_attribute("data-state", "live")
    expect(page.locator(".row")).to_have_count(5)
    page.locator(".row", has_text="order_paid").last.click()


def _problems(page: Page, url: str) -> None:
    page.goto(f"{url}/#/problems")
    expect(page.locator(".cause.bad").first).to_be_visible()


SHOTS = {"collector-live": _live, "collector-problems": _problems}


@pytest.mark.parametrize("locale", LOCALES)
def test_screenshots(
    locale: str, chrome: Browser, collector: Collector, send: Send, tmp_path: Path
) -> None:
    """Each page can be shown in each language."""
    folder = Path(os.environ.get("GROWINGIO_SCREENSHOTS", tmp_path))
    _send_a_day(send)
    with chrome.new_context(
        locale=locale, viewport={"width": 1200, "height": 500}, color_scheme="light"
    ) as window:
        for name, show in SHOTS.items():
            page = window.new_page()
            show(page, collector.url)
            picture = folder / f"{name}{LOCALES[locale]}.png"
            page.screenshot(path=picture, animations="disabled")
            assert picture.stat().st_size > 10_000


def test_committed() -> None:
    """docs/images holds each picture in each language, and they are small together."""
    pictures = sorted(IMAGES.glob("*.png"))
    named = [f"{name}{suffix}.png" for name in SHOTS for suffix in LOCALES.values()]
    assert [picture.name for picture in pictures] == sorted(named)
    assert sum(picture.stat().st_size for picture in pictures) < MOST_BYTES

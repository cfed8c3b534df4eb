"""What all pages share: language, theme, narrow screens, first sight."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

import growingio_collector
from growingio_collector import Collector
from growingio_collector.settings import Serving
from posted import Send, event

PAGES = ("live", "problems", "plan", "requests", "users", "items", "faults", "settings")
SCRIPTS = Path(growingio_collector.__file__).with_name("page") / "js"


class TestLanguage:
    def test_by_browser(self, chrome: Browser, collector: Collector, send: Send) -> None:
        """A Chinese browser gets Chinese; what was received stays as it is."""
        send(event("order paid", attributes=[1]))
        with chrome.new_context(locale="zh-CN") as context:
            page = context.new_page()
            page.goto(collector.url)
            expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
            expect(page.get_by_role("link", name="实时")).to_be_visible()
            page.locator(".row").first.click()
            page.get_by_role("tab", name="问题").click()
            expect(page.locator(".problem").first).to_contain_text("解决办法")
            expect(page.locator(".detail h2")).to_have_text("order paid")

    def test_switch_is_kept(self, page: Page, collector: Collector) -> None:
        """The switch changes every text at once, and is still set after a reload."""
        page.goto(collector.url)
        page.get_by_role("button", name="切换到中文").click()
        expect(page.get_by_role("link", name="设置")).to_be_visible()
        page.reload()
        expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
        expect(page.get_by_text("还没有收到数据")).to_be_visible()

    def test_same_texts(self, page: Page, collector: Collector) -> None:
        """Both languages have the same keys, and the same values in each text."""
        page.goto(collector.url)
        english, chinese = (
            page.evaluate(f"import('/page/js/core/texts/{name}.js').then((m) => m.default)")
            for name in ("en", "zh")
        )
        assert sorted(english) == sorted(chinese)
        for key, text in english.items():
            assert _values(text) == _values(chinese[key]), key
        assert [key for key in english if english[key] == "" or chinese[key] == ""] == []

    def test_every_text_is_there(self, page: Page, collector: Collector) -> None:
        """Every key that a script names is among the texts."""
        page.goto(collector.url)
        texts: dict[str, str] = page.evaluate(
            "import('/page/js/core/texts/en.js').then((m) => m.default)"
        )
        scripts = "\n".join(file.read_text("utf-8") for file in SCRIPTS.rglob("*.js"))
        named = set(re.findall(r"\bt\(\s*\"([^\"]+)\"", scripts))
        assert len(named) > 100
        assert sorted(named - set(texts)) == []


def _values(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)", text))


class TestTheme:
    def test_switch_is_kept(self, page: Page, collector: Collector) -> None:
        """Dark is chosen by the switch, and is still there after a reload."""
        page.goto(collector.url)
        light = _background(page)
        page.get_by_role("button", name="Switch to dark").click()
        assert _background(page) != light
        page.reload()
        assert _background(page) != light

    def test_as_the_system(self, chrome: Browser, collector: Collector) -> None:
        """Without a choice the page is dark where the system is."""
        with chrome.new_context(color_scheme="dark") as context:
            page = context.new_page()
            page.goto(collector.url)
            assert _background(page) == "rgb(17, 19, 23)"


def _background(page: Page) -> Any:
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


class TestNarrow:
    @pytest.fixture
    def phone(self, chrome: Browser) -> Any:
        """Open a tab 360 pixels wide."""
        with chrome.new_context(locale="en-US", viewport={"width": 360, "height": 740}) as context:
            yield context.new_page()

    def test_nothing_sticks_out(self, phone: Page, collector: Collector, send: Send) -> None:
        """No page is wider than 360 pixels, with long content too."""
        long = "x" * 300
        send(event(long, user=long, attributes={long: long, "b": [1]}), event("y"))
        send(body=b"[{" + b"z" * 300)
        for name in PAGES:
            phone.goto(f"{collector.url}/#/{name}")
            expect(phone.locator("main")).to_have_attribute("data-page", name)
            phone.wait_for_timeout(150)
            assert phone.evaluate("document.documentElement.scrollWidth") == 360, name

    def test_detail_over_the_list(self, phone: Page, collector: Collector, send: Send) -> None:
        """The chosen event covers the list, and the back button shows the list again."""
        send(event("pay"))
        phone.goto(collector.url)
        phone.locator(".row").click()
        box = phone.locator(".detail").bounding_box()
        assert box is not None
        assert (box["x"], box["y"], box["width"]) == (0, 0, 360)
        phone.get_by_role("button", name="Back to the list").click()
        expect(phone.locator(".detail")).to_be_hidden()
        expect(phone.locator(".row")).to_be_visible()


class TestFirstSight:
    def test_snippets(self, page: Page, collector: Collector) -> None:
        """Every client has its code, with this collector's address and the ids that were given."""
        page.goto(collector.url)
        page.get_by_label("Project id").fill("shop-7")
        page.get_by_label("Data source id").fill("source-7")
        tabs = page.locator(".start .tab")
        expect(tabs).to_have_count(8)
        for tab in tabs.all():
            tab.click()
            code = page.locator(".snippet code")
            expect(code).to_contain_text("shop-7")
            expect(code).to_contain_text("source-7")
            address = "http://127.0.0.1" if tab.inner_text() == "PHP" else collector.url
            expect(code).to_contain_text(address)

    def test_web_needs_its_line(self, page: Page, collector: Collector) -> None:
        """The code for web pages lets the SDK start on localhost."""
        page.goto(collector.url)
        page.get_by_role("tab", name="Web").click()
        expect(page.locator(".snippet code")).to_contain_text("window._gr_ignore_local_rule = true")

    def test_test_event(self, page: Page, collector: Collector) -> None:
        """The page's own test event arrives without problems, and is shown."""
        page.goto(collector.url)
        page.get_by_role("button", name="Send a test event").click()
        expect(page.locator(".row-name")).to_have_text(["test_event"])
        [stored] = collector.events()
        assert stored.project == "my-project"
        assert stored.verdict != "bad"


class TestToken:
    def test_page_of_another_machine(self, page: Page) -> None:
        """With the token in its address the page loads, shows what is there, and follows."""
        with Collector(serving=Serving(bind="0.0.0.0")) as collector:
            page.goto(f"http://127.0.0.1:{collector.port}/?token={collector.token}")
            expect(page.locator(".state")).to_have_attribute("data-state", "live")
            page.get_by_role("button", name="Send a test event").click()
            expect(page.locator(".row-name")).to_have_text(["test_event"])


class TestMissing:
    def test_says_so(self, page: Page, collector: Collector) -> None:
        """A page whose part of the API is not there says that in a sentence."""
        parts = ("plan", "faults", "identities", "problems", "items", "requests")
        for path in parts:
            page.route(f"**/api/v1/{path}*", _missing)
        page.goto(collector.url)
        for name in ("plan", "faults", "users", "problems", "items", "requests"):
            page.locator(f".pages a[href='#/{name}']").click()
            expect(page.locator("main")).to_have_attribute("data-page", name)
            expect(page.get_by_text("This collector does not have that.")).to_be_visible()


def _missing(route: Route) -> None:
    route.fulfill(status=404, json={"error": "Nothing is here."})

"""The Live page in a real browser."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import urllib3
from playwright.sync_api import BrowserContext, Page, expect

from growingio_collector import Collector
from posted import Send, event

NAMES = ".row .row-name"
MARKUP = "<img src=x onerror=\"document.title='run'\">"


def names(page: Page) -> list[str]:
    return page.locator(NAMES).all_inner_texts()


def _show(page: Page, collector: Collector, place: str = "") -> None:
    page.goto(f"{collector.url}/{place}")
    expect(page.locator(".state")).to_have_attribute("data-state", "live")


class TestStream:
    def test_newest_on_top(self, page: Page, collector: Collector, send: Send) -> None:
        """What was stored before and what arrives later is one list, newest on top."""
        send(event("first"), event("second"))
        _show(page, collector)
        expect(page.locator(NAMES)).to_have_count(2)
        send(event("third"))
        expect(page.locator(NAMES).first).to_have_text("third")
        assert names(page) == ["third", "second", "first"]

    def test_at_once(self, page: Page, collector: Collector, send: Send) -> None:
        """An event is on the page within 200 ms of its request."""
        send(event("before"))
        _show(page, collector)
        took = page.evaluate(
            """async () => {
              const once = async (name) => {
                const event = {eventType: "CUSTOM", eventName: name, timestamp: Date.now(),
                  userId: "u", dataSourceId: "d"};
                const start = performance.now();
                await fetch("/v3/projects/p/collect",
                  {method: "POST", body: JSON.stringify([event])});
                for (;;) {
                  const first = document.querySelector(".row .row-name");
                  if (first?.textContent === name) return performance.now() - start;
                  await new Promise(requestAnimationFrame);
                }
              };
              const all = [];
              for (let i = 0; i < 6; i++) all.push(await once(`at once ${i}`));
              return all;
            }"""
        )
        assert min(took) < 200

    def test_markup_is_text(self, page: Page, collector: Collector, send: Send) -> None:
        """Markup in a name, a key, a value, a path or a header is shown, never run."""
        send(
            event(MARKUP, user=MARKUP, attributes={MARKUP: MARKUP}),
            path=f"/v3/projects/{MARKUP}/collect",
        )
        send(event("x"), path=f"/{MARKUP}")
        _show(page, collector)
        page.locator(".row").filter(has_text=MARKUP).last.click()
        for tab in page.locator(".detail .tab").all():
            tab.click()
        for place, part in (("problems", ".cause"), ("requests", ".grid"), ("users", ".group")):
            page.goto(f"{collector.url}/#/{place}")
            expect(page.locator(part).first).to_be_visible()
            assert page.locator("main img").count() == 0
        assert page.title() == "GrowingIO collector"

    def test_wrong_path(self, page: Page, collector: Collector, send: Send) -> None:
        """A request to a wrong path is a bad line at once, with the path that was meant."""
        _show(page, collector)
        send(event("lost"), path="/v3/projects/p1/colect")
        line = page.locator(".row.bad")
        expect(line).to_contain_text("/v3/projects/p1/colect")
        expect(line).to_contain_text("/v3/projects/{project}/collect")

    def test_ten_thousand(self, page: Page, collector: Collector, send: Send) -> None:
        """With ten thousand events the page has few rows, and reaches the oldest by scrolling."""
        for start in range(0, 10_000, 2500):
            send(*(event(f"e{number}") for number in range(start, start + 2500)))
        _show(page, collector)
        expect(page.locator(NAMES).first).to_have_text("e9999")
        assert page.locator(".row").count() < 100
        expect(page.locator(".names")).to_contain_text("and 9,800 more")
        page.locator(".list").focus()
        deadline = time.monotonic() + 60
        while page.locator(".row").get_by_text("e0", exact=True).count() == 0:
            page.evaluate("document.querySelector('.list').scrollTop = 1e9")
            assert time.monotonic() < deadline
            page.wait_for_timeout(20)
        assert page.locator(".row").count() < 100

    def test_restart(self, page: Page, tmp_path: Path) -> None:
        """While the collector is away the page says so; then nothing is lost and nothing twice."""
        db = tmp_path / "own.db"
        with Collector(db=db) as first:
            port = first.port
            _post(first, event("before"))
            _show(page, first)
            expect(page.locator(NAMES)).to_have_text(["before"])
        expect(page.locator(".state")).to_have_attribute("data-state", "lost")
        with Collector(port, db) as second:
            _post(second, event("between"))
            expect(page.locator(".state")).to_have_attribute("data-state", "live")
            _post(second, event("after"))
            expect(page.locator(NAMES).first).to_have_text("after")
            assert names(page) == ["after", "between", "before"]

    def test_new_store(self, page: Page) -> None:
        """A collector that comes back with an empty store is shown as it is, not as it was."""
        with Collector() as first:
            port = first.port
            _post(first, event("old"), event("older"))
            _show(page, first)
            expect(page.locator(NAMES)).to_have_count(2)
        with Collector(port) as second:
            expect(page.locator(".start")).to_be_visible()
            _post(second, event("new"))
            expect(page.locator(NAMES)).to_have_text(["new"])

    def test_one_stream_for_all_tabs(
        self, context: BrowserContext, page: Page, collector: Collector, send: Send
    ) -> None:
        """Two tabs read one stream, and both show everything; the second goes on alone."""
        streams: list[str] = []
        context.on(
            "request", lambda one: streams.append(one.url) if "/api/v1/stream" in one.url else None
        )
        send(event("before"))
        _show(page, collector)
        other = context.new_page()
        other.goto(collector.url)
        expect(other.locator(".state")).to_have_attribute("data-state", "live")
        send(event("both"))
        for tab in (page, other):
            expect(tab.locator(NAMES)).to_have_text(["both", "before"])
        assert len(streams) == 1
        page.close()
        send(event("alone"))
        expect(other.locator(NAMES)).to_have_text(["alone", "both", "before"])


def _post(collector: Collector, *events: object) -> None:
    answer = urllib3.request("POST", f"{collector.url}/v3/projects/p1/collect", json=events)
    assert answer.status == 204


class TestFilters:
    def test_hidden_are_counted(self, page: Page, collector: Collector, send: Send) -> None:
        """A filter says how many events it hides, also of those that arrive later."""
        send(event("pay"), event("pay"), event("view"))
        _show(page, collector)
        page.get_by_placeholder("Search").fill("view")
        expect(page.locator(NAMES)).to_have_text(["view"])
        expect(page.locator(".hidden-note")).to_contain_text("hides 2 events")
        send(event("pay"), event("view"))
        expect(page.locator(NAMES)).to_have_text(["view", "view"])
        expect(page.locator(".hidden-note")).to_contain_text("hides 3 events")
        page.get_by_role("button", name="Show all").click()
        expect(page.locator(NAMES)).to_have_count(5)

    @pytest.mark.parametrize(
        ("filters", "shown"),
        [("q=É", ["Émile"]), ("attr.phone=138", ["text", "number"]), ("attr.n=1.0", ["number"])],
    )
    def test_the_server_decides(
        self, page: Page, collector: Collector, send: Send, filters: str, shown: list[str]
    ) -> None:
        """What arrives is chosen by the same rules as what is stored."""
        events = [
            event("number", attributes={"phone": 138, "n": 1.0}),
            event("text", attributes={"phone": "138"}),
            event("émile".title()),
            event("other"),
        ]
        _show(page, collector, f"#/live?{filters}")
        for one in events:
            send(one)
        expect(page.locator(NAMES)).to_have_text(shown)
        page.reload()
        expect(page.locator(NAMES)).to_have_text(shown)

    def test_verdict(self, page: Page, collector: Collector, send: Send) -> None:
        """The chip of a verdict shows only its events."""
        send(event("good"), event("wrong", attributes=[1]))
        _show(page, collector)
        page.get_by_role("button", name="bad", exact=False).first.click()
        expect(page.locator(NAMES)).to_have_text(["wrong"])

    def test_address_keeps_it(self, page: Page, collector: Collector, send: Send) -> None:
        """The address holds filter and open event: loaded again, the page shows the same."""
        send(event("pay", user="u1"), event("pay", user="u2"))
        _show(page, collector, "#/live?user=u2")
        expect(page.locator(NAMES)).to_have_count(1)
        page.locator(".row").click()
        page.reload()
        expect(page.locator(NAMES)).to_have_count(1)
        expect(page.locator(".detail h2")).to_have_text("pay")
        expect(page.locator(".row")).to_have_attribute("aria-selected", "true")

    def test_by_value(self, page: Page, collector: Collector, send: Send) -> None:
        """A value among the fields becomes a filter."""
        send(event("pay", attributes={"color": "red"}), event("pay", attributes={"color": "blue"}))
        _show(page, collector)
        page.locator(".row").first.click()
        row = page.locator("tr[data-path='attributes.color']")
        row.hover()
        row.get_by_role("button").click()
        expect(page.locator(".row")).to_have_count(1)
        expect(page.locator(".chip.set")).to_contain_text("attr.color")


class TestActions:
    def test_pause(self, page: Page, collector: Collector, send: Send) -> None:
        """While paused the list stands still and counts; then it shows what it held back."""
        send(event("before"))
        _show(page, collector)
        page.get_by_role("button", name="Pause").click()
        send(event("held"), event("too"))
        expect(page.locator(".pause")).to_have_text("Paused · 2 new")
        assert names(page) == ["before"]
        page.locator(".pause").click()
        expect(page.locator(NAMES)).to_have_text(["too", "held", "before"])

    def test_clear(self, page: Page, collector: Collector, send: Send) -> None:
        """Clearing asks first, then removes everything, and the first sight is back."""
        send(event("gone"))
        _show(page, collector)
        page.keyboard.press("x")
        page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
        assert len(collector.events()) == 1
        page.keyboard.press("x")
        page.get_by_role("dialog").get_by_role("button", name="Clear").click()
        expect(page.locator(".start")).to_be_visible()
        assert collector.events() == []
        send(event("new"))
        expect(page.locator(NAMES)).to_have_text(["new"])

    def test_keys(self, page: Page, collector: Collector, send: Send) -> None:
        """j and k go through the list, / searches, ? helps, Escape closes."""
        send(event("one"), event("two"))
        _show(page, collector)
        expect(page.locator(NAMES)).to_have_count(2)
        title = page.locator(".detail h2")
        for key, shown in (("j", "two"), ("j", "one"), ("k", "two")):
            page.keyboard.press(key)
            expect(title).to_have_text(shown)
        page.keyboard.press("Escape")
        expect(title).to_have_count(0)
        page.keyboard.press("/")
        page.keyboard.type("jk")
        expect(page.get_by_placeholder("Search")).to_have_value("jk")
        page.keyboard.press("Escape")
        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_have_count(0)


class TestDetail:
    def test_fields(self, page: Page, collector: Collector, send: Send) -> None:
        """Every field has the type of its value; a joined list is split."""
        send(event("pay", attributes={"tags": "a||b||", "n": 3, "price": 1.5, "on": True}))
        _show(page, collector)
        page.locator(".row").click()
        expect(page.locator("tr[data-path='attributes.tags'] li")).to_have_text(["a", "b", ""])
        for key, kind in (
            ("tags", "list of 3"),
            ("n", "integer"),
            ("price", "number"),
            ("on", "boolean"),
        ):
            expect(page.locator(f"tr[data-path='attributes.{key}'] .kind")).to_have_text(kind)

    def test_problems(self, page: Page, collector: Collector, send: Send) -> None:
        """A problem has its sentence, its path and what to do."""
        send(event("pay", attributes=[1]))
        _show(page, collector)
        page.locator(".row").click()
        page.get_by_role("tab", name="Problems").click()
        problem = page.locator(".problem.bad").first
        expect(problem).to_contain_text("attributes")
        expect(problem).to_contain_text("What to do:")

    def test_request(self, page: Page, collector: Collector, send: Send) -> None:
        """The request shows its line, its headers, how it was read, and its first bytes."""
        send(event("pay"))
        _show(page, collector)
        page.locator(".row").click()
        page.get_by_role("tab", name="Request").click()
        expect(page.locator(".request-line")).to_have_text("POST /v3/projects/p1/collect")
        expect(page.locator(".headers")).to_contain_text("user-agent")
        expect(page.locator(".steps")).to_contain_text("json")
        expect(page.locator(".hex")).to_contain_text("5b 7b 22")

    def test_elsewhere(self, page: Page, collector: Collector, send: Send) -> None:
        """Two types of one property stand beside each other, marked."""
        send(event("pay", attributes={"n": 1}), event("pay", attributes={"n": "1"}))
        _show(page, collector)
        page.locator(".row").first.click()
        page.get_by_role("tab", name="Elsewhere").click()
        expect(page.locator(".compare tr.warn")).to_contain_text("integer, text")

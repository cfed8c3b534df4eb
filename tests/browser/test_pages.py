"""Problems, Plan, Requests, Users, Items, Faults and Settings in a real browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import urllib3
from playwright.sync_api import BrowserContext, FilePayload, Locator, Page, expect

from growingio_collector import Collector, Serving
from growingio_collector.settings import Forwarding
from posted import Send, event, item


class TestProblems:
    def test_by_cause(self, page: Page, collector: Collector, send: Send) -> None:
        """Each cause is there once with its count, and leads to its events."""
        send(event("a", attributes=[1]), event("b", attributes=[2]), event("c"))
        page.goto(f"{collector.url}/#/problems")
        cause = page.locator(".cause.bad")
        expect(cause).to_have_count(1)
        expect(cause.locator(".cause-count")).to_contain_text("2")
        expect(cause).to_contain_text("What to do:")
        cause.get_by_role("button", name="Show events").click()
        expect(page.locator(".row")).to_have_count(2)

    def test_live(self, page: Page, collector: Collector, send: Send) -> None:
        """A new cause shows by itself."""
        page.goto(f"{collector.url}/#/problems")
        expect(page.get_by_text("No problems.")).to_be_visible()
        send(event("a", attributes=[1]))
        expect(page.locator(".cause.bad")).to_be_visible()


class TestRequests:
    def test_whole(self, page: Page, collector: Collector, send: Send) -> None:
        """Every request is a row; the chosen one shows how it was read and why it was not."""
        send(event("a"))
        send(body=b"[{")
        page.goto(f"{collector.url}/#/requests")
        rows = page.locator(".request-list tbody tr")
        expect(rows).to_have_count(2)
        rows.first.click()
        expect(page.locator(".detail")).to_contain_text("What to do:")
        expect(page.locator(".hex")).to_contain_text("5b 7b")
        page.get_by_label("Only those that could not be read").check()
        expect(rows).to_have_count(1)

    def test_steps_in_chinese(self, page: Page, collector: Collector, send: Send) -> None:
        """A page in Chinese says in Chinese how a body was read."""
        send(event("a"))
        page.goto(f"{collector.url}/#/requests?open=1")
        expect(page.locator(".steps")).to_contain_text("1 message")
        page.get_by_role("button", name="中文").click()
        expect(page.locator(".steps")).to_contain_text("1 条消息")

    def test_copy_as_curl(self, page: Page, collector: Collector, send: Send) -> None:
        """A request is copied as the command that sends it again."""
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        send(event("a"))
        page.goto(f"{collector.url}/#/requests?open=1")
        page.get_by_role("button", name="Copy as curl").click()
        expect(page.get_by_text("Copied")).to_be_visible()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied.startswith("curl ")
        assert collector.url in copied

    def test_replay(self, page: Page, collector: Collector, send: Send) -> None:
        """A request is sent to the host that is given, and the answer is shown."""
        send(event("a"))
        with Collector() as other:
            page.goto(f"{collector.url}/#/requests?open=1")
            page.get_by_label("To this host").fill(other.url)
            page.get_by_role("button", name="Send again").click()
            expect(page.get_by_text("Answered 204.")).to_be_visible()
            assert [event.name for event in other.events()] == ["a"]


class TestUsers:
    def test_groups_and_time_line(self, page: Page, collector: Collector, send: Send) -> None:
        """Ids that came together are one group, and an id shows what it did."""
        send(event("login", user="u1", deviceId="d1"), event("pay", user="u1"))
        send(event("pay", user="u2"))
        page.goto(f"{collector.url}/#/users")
        expect(page.locator(".group")).to_have_count(2)
        user = page.get_by_role("button", name="u1", exact=True)
        user.click()
        expect(user).to_have_attribute("aria-pressed", "true")
        expect(page.locator(".timeline li")).to_have_count(2)


class TestItems:
    def test_last_write_wins(self, page: Page, collector: Collector, send: Send) -> None:
        """An item is shown as it was written last; the writes before are its history."""
        path = "/projects/p1/collect/item"
        send(item("1", color="red"), item("2", color="green"), path=path)
        send(item("1", color="blue"), path=path)
        page.goto(f"{collector.url}/#/items")
        row = page.locator(".item-table tbody tr:not(.history)").filter(has_text="blue")
        expect(row).to_have_count(1)
        expect(page.get_by_text("red", exact=False)).to_be_hidden()
        row.get_by_role("button", name="2").click()
        expect(page.locator(".history:not([hidden]) li")).to_have_count(2)


class TestFaults:
    def test_start_and_end(self, page: Page, collector: Collector, send: Send) -> None:
        """A fault happens as the form says, shows what is left of it, and can be ended."""
        page.goto(f"{collector.url}/#/faults")
        expect(page.get_by_text("Every request is answered properly.")).to_be_visible()
        card = page.locator(".card").filter(has_text="answered with an error")
        card.get_by_label("Only paths with").fill("/collect")
        card.get_by_role("button", name="Start").click()
        expect(page.locator(".fault-on")).to_contain_text("3 more requests · answer 503")
        send(event("a"))
        expect(page.locator(".fault-on")).to_contain_text("2 more requests")
        assert collector.requests()[0].answered == 503
        page.get_by_role("button", name="End it").click()
        expect(page.locator(".fault-off")).to_be_visible()
        send(event("b"))
        assert collector.requests()[1].answered == 204

    def test_from_elsewhere(self, page: Page, collector: Collector) -> None:
        """A fault that a test or another tab begins or ends shows by itself."""
        page.goto(f"{collector.url}/#/faults")
        expect(page.locator(".fault-off")).to_be_visible()
        collector.faults.set(status=500)
        expect(page.locator(".fault-on")).to_contain_text("answer 500")
        collector.faults.clear()
        expect(page.locator(".fault-off")).to_be_visible()


class TestSettings:
    def test_facts(self, page: Page, collector: Collector) -> None:
        """The page says what this collector is and what it keeps."""
        page.goto(f"{collector.url}/#/settings")
        card = page.locator(".card").filter(has_text="This collector").first
        expect(card).to_contain_text(collector.url)
        expect(card).to_contain_text("10,000")
        expect(card).to_contain_text("7 days")
        expect(card).to_contain_text("10 MB")

    def test_forwarding(self, page: Page) -> None:
        """The target stands on every page, and what became of the requests in the settings."""
        with Collector() as target:
            forwarding = Forwarding(url=target.url)
            with Collector(forwarding=forwarding) as collector:
                page.goto(f"{collector.url}/#/settings")
                expect(page.locator(".forward-to")).to_contain_text(target.url)
                target.faults.fail_next(1, delay_ms=1500)
                urllib3.request("POST", f"{collector.url}/v3/projects/p/collect", json=[event("a")])
                expect(page.locator(".stat")).to_have_text(["1waiting"])
                expect(page.locator(".stat")).to_have_text(["1done"])
                expect(page.locator(".recent")).to_contain_text("#1")
                assert len(target.events()) == 1


PLAN = """
events:
  pay:
    attributes:
      amount: {type: number, required: true}
  refund: {description: Money back}
"""


class TestPlan:
    def test_report(self, page: Page, collector: Collector, send: Send) -> None:
        """What was seen, never seen and not planned stand in three columns, and follow."""
        page.goto(f"{collector.url}/#/plan")
        expect(page.get_by_text("There is no plan.")).to_be_visible()
        _give(page, PLAN)
        expect(page.get_by_text("The plan is in use.")).to_be_visible()
        expect(page.locator(".column.never")).to_contain_text("refund")
        send(event("pay", attributes={"amount": "much"}), event("refunds"))
        expect(page.get_by_text("The plan is violated.")).to_be_visible()
        expect(page.locator(".column.seen .mark.bad")).to_be_visible()
        expect(page.locator(".column.unplanned")).to_contain_text("Did you mean refund?")

    def test_another_tab(self, page: Page, collector: Collector, context: BrowserContext) -> None:
        """A plan that is put into use, or removed, elsewhere is shown on every open page."""
        page.goto(f"{collector.url}/#/plan")
        expect(page.get_by_text("There is no plan.")).to_be_visible()
        settings = context.new_page()
        settings.goto(f"{collector.url}/#/settings")
        expect(in_use(settings)).to_have_text("no")
        other = context.new_page()
        other.goto(f"{collector.url}/#/plan")
        _give(other, PLAN)
        expect(page.locator(".column.never")).to_contain_text("refund")
        expect(in_use(settings)).to_have_text("yes")
        other.get_by_role("button", name="Remove the plan").click()
        other.get_by_role("dialog").get_by_role("button", name="Remove the plan").click()
        expect(page.get_by_text("There is no plan.")).to_be_visible()
        expect(in_use(settings)).to_have_text("no")

    def test_edited_file(self, page: Page, tmp_path: Path) -> None:
        """An open page shows what a plan's file has become, before the next event comes."""
        file = tmp_path / "plan.yaml"
        file.write_text(PLAN)
        with Collector(plan=file) as collector:
            page.goto(f"{collector.url}/#/plan")
            expect(page.locator(".column.never")).to_contain_text("refund")
            file.write_text("events:\n  recharge: {}\n")
            expect(page.locator(".column.never")).to_contain_text("recharge")
            file.write_text("events: 3\n")
            expect(page.get_by_role("alert")).to_be_visible()

    def test_wrong_file(self, page: Page, collector: Collector) -> None:
        """A file with defects is not used, and every defect has its line."""
        page.goto(f"{collector.url}/#/plan")
        _give(page, "events:\n  pay: {}\n  pay: {}\n")
        expect(page.get_by_role("alert")).to_contain_text("Line 3")
        expect(page.get_by_text("There is no plan.")).to_be_visible()

    def test_draft(self, page: Page, collector: Collector, send: Send) -> None:
        """A plan is made from what was seen, may be changed, and is then used."""
        send(event("pay", attributes={"amount": 3}))
        page.goto(f"{collector.url}/#/plan")
        page.get_by_role("button", name="Make a plan from what was seen").click()
        expect(page.locator(".editor")).to_have_value(re.compile("pay:"))
        page.get_by_role("button", name="Use this plan").click()
        expect(page.locator(".column.seen")).to_contain_text("pay")


def in_use(page: Page) -> Locator:
    """Return where the settings say whether a plan is in use."""
    return page.locator("dt", has_text="Plan in use").locator("+ dd")


def _give(page: Page, plan: str) -> None:
    content = FilePayload(name="plan.yaml", mimeType="application/yaml", buffer=plan.encode())
    page.locator("input[type=file]").set_input_files(content)


class TestProblemsMuted:
    def test_button(self, page: Page, collector: Collector, send: Send) -> None:
        """A muted code is left out of the page and of what comes, until it is shown again."""
        send(event("a", userId=3))
        page.goto(f"{collector.url}/#/problems")
        page.get_by_role("button", name="Mute").click()
        expect(page.locator(".cause")).to_have_count(0)
        send(event("b", userId=3))
        expect(page.locator(".cause")).to_have_count(0)
        assert [one.verdict for one in collector.events()] == ["ok", "ok"]
        page.locator(".muted").get_by_role("button").click()
        expect(page.locator(".cause")).to_have_count(1)


class TestImport:
    def test_shared_request(self, page: Page, collector: Collector, send: Send) -> None:
        """A request that was saved as a file is there again when it is dropped onto the page."""
        send(event("lost"), path="/v3/projects/p1/colect")
        page.goto(f"{collector.url}/#/requests")
        page.locator("tbody tr").first.click()
        with page.expect_download() as saving:
            page.get_by_role("link", name="Save to share").click()
        shared = Path(saving.value.path()).read_text(encoding="utf-8")
        collector.clear()
        page.goto("about:blank")
        page.goto(collector.url)
        expect(page.locator(".start")).to_be_visible()
        page.evaluate(DROP, shared)
        expect(page.locator(".row.bad")).to_contain_text("/v3/projects/p1/colect")
        assert len(collector.requests()) == 1

    def test_not_usable(self, page: Page, collector: Collector) -> None:
        """A file that is nothing of the kind is refused with the reason."""
        page.goto(collector.url)
        expect(page.locator(".start")).to_be_visible()
        page.evaluate(DROP, "nothing")
        expect(page.locator(".toast.bad")).to_contain_text("no known format")

    def test_not_usable_in_chinese(self, page: Page, collector: Collector) -> None:
        """A page in Chinese gives the reason in Chinese."""
        page.goto(collector.url)
        page.get_by_role("button", name="切换到中文").click()
        page.evaluate(DROP, "nothing")
        expect(page.locator(".toast.bad")).to_contain_text("无法识别内容的格式")


DROP = """(text) => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([text], "shared.json"));
  const event = new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true });
  document.querySelector("main").dispatchEvent(event);
}"""


class TestPhone:
    def test_code(self, context: BrowserContext) -> None:
        """Where phones can connect, the first sight has the address with the token and its code."""
        pytest.importorskip("segno")
        with Collector(serving=Serving(bind="0.0.0.0")) as collector:
            page = context.new_page()
            page.goto(collector.page_url)
            picture = page.locator(".start .phone img")
            expect(picture).to_be_visible()
            assert collector.network_page_url
            expect(page.locator(".start .phone code")).to_have_text(collector.network_page_url)
            assert picture.evaluate("one => one.decode().then(() => one.naturalWidth > 0)")

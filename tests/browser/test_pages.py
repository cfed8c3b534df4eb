"""Problems, Plan, Requests, Users, Items, Faults and Settings in a real browser."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, Route, expect

from growingio_tracker.collector import Collector
from posted import Send, event, item


class Api:
    """Answers a part of the API as it is described, and keeps what it was asked."""

    def __init__(self, page: Page, answers: dict[str, Any]) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.answers = answers
        for path in answers:
            page.route(f"**/api/v1{path}", self._answer)

    def _answer(self, route: Route) -> None:
        request = route.request
        if request.method != "GET":
            assert request.headers["x-gio-collector"] == "1"
            self.asked.append((request.method, request.post_data))
        path = request.url.partition("/api/v1")[2].partition("?")[0]
        answer = self.answers.get(path) or self.answers[f"{path}?*"]
        answer = answer(request) if callable(answer) else answer
        if isinstance(answer, str):
            route.fulfill(body=answer)
        else:
            status = 400 if answer.get("error") else 200
            route.fulfill(status=status, json=answer)


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
        answer = {"status": 503, "answer": "busy", "error": None}
        api = Api(page, {"/requests/1/replay": answer})
        page.goto(f"{collector.url}/#/requests?open=1")
        page.get_by_label("To this host").fill("https://other.example")
        page.get_by_role("button", name="Send again").click()
        expect(page.get_by_text("Answered 503. busy")).to_be_visible()
        assert api.asked == [("POST", '{"to":"https://other.example"}')]


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
    def test_start_and_end(self, page: Page, collector: Collector) -> None:
        """A fault is asked for as the form says, shows what is left, and can be ended."""
        state: dict[str, Any] = {
            "active": False,
            "hit": 0,
            "next": 0,
            "percent": 100,
            "status": None,
        }
        state |= {"delay_ms": 0, "drop": False, "truncate": False, "path": "", "seed": None}
        api = Api(page, {"/faults": lambda _request: state})
        page.goto(f"{collector.url}/#/faults")
        expect(page.get_by_text("Every request is answered properly.")).to_be_visible()
        state |= {"active": True, "next": 3, "status": 503, "path": "/collect"}
        card = page.locator(".card").filter(has_text="answered with an error")
        card.get_by_label("Only paths with").fill("/collect")
        card.get_by_role("button", name="Start").click()
        expect(page.locator(".fault-on")).to_contain_text("3 more requests · answer 503")
        state |= {"active": False, "hit": 2}
        page.get_by_role("button", name="End it").click()
        expect(page.locator(".fault-off")).to_contain_text("2 requests were hit.")
        asked = '{"next":3,"status":503,"path":"/collect"}'
        assert api.asked == [("PUT", asked), ("DELETE", None)]


class TestSettings:
    def test_facts(self, page: Page, collector: Collector) -> None:
        """The page says what this collector is and what it keeps."""
        page.goto(f"{collector.url}/#/settings")
        card = page.locator(".card").filter(has_text="This collector").first
        expect(card).to_contain_text(collector.url)
        expect(card).to_contain_text("10,000")
        expect(card).to_contain_text("7 days")

    def test_forwarding(self, page: Page, collector: Collector) -> None:
        """The target is named, with what is done, and failed requests are sent again."""
        recent: dict[str, Any] = {"request_id": 7, "state": "failed", "tries": 3, "status": 500}
        answer = {
            "url": "https://real.example",
            "sync": False,
            "only": "all",
            "counts": {"waiting": 0, "sending": 0, "done": 5, "failed": 1, "held": 0},
            "recent": [{**recent, "answer": "", "error": None}],
        }
        api = Api(page, {"/forward": answer, "/forward/replay": {"queued": 1}})
        page.goto(f"{collector.url}/#/settings")
        expect(page.locator(".forward-url")).to_contain_text("https://real.example")
        expect(page.locator(".recent")).to_contain_text("#7")
        page.get_by_role("button", name="Send failed ones again").click()
        expect(page.get_by_role("button", name="Send failed ones again")).to_be_enabled()
        assert api.asked == [("POST", '{"requests":null}')]


REPORT = {
    "violated": True,
    "covered": False,
    "seen": [
        {
            "kind": "event",
            "name": "pay",
            "events": 4,
            "bad": 1,
            "last_event": 9,
            "problems": [
                {
                    "code": "property_wrong_type",
                    "level": "bad",
                    "path": "attributes.amount",
                    "sentence": "amount is text.",
                    "fix": "Send a number.",
                    "sentence_zh": "amount 是文本。",
                    "fix_zh": "请发送数值。",
                    "values": {},
                    "events": 1,
                    "event": 9,
                }
            ],
        }
    ],
    "never_seen": [
        {"kind": "event", "name": "refund", "description": "Money back", "deprecated": False}
    ],
    "not_planned": [{"kind": "event", "name": "paid", "nearest": "pay", "events": 2, "event": 3}],
    "wrong_types": [],
}
PLAN: dict[str, Any] = {
    "plan": {},
    "text": "events: {}",
    "format": "yaml",
    "notes": [],
    "file": None,
    "wrong": None,
}


class TestPlan:
    def test_report(self, page: Page, collector: Collector) -> None:
        """What was seen, never seen and not planned stand in three columns."""
        Api(page, {"/plan": PLAN, "/plan/report?*": REPORT})
        page.goto(f"{collector.url}/#/plan")
        expect(page.get_by_text("The plan is violated.")).to_be_visible()
        expect(page.locator(".column.seen")).to_contain_text("amount is text.")
        expect(page.locator(".column.never")).to_contain_text("refund")
        expect(page.locator(".column.unplanned")).to_contain_text("Did you mean pay?")

    def test_file(self, page: Page, collector: Collector) -> None:
        """A file that is given is used; one with defects is refused with every place."""
        none = {**PLAN, "plan": None, "text": None, "format": None}
        defect = {"code": "twice", "line": 3, "field": "events.pay", "sentence": "Twice."}
        refusal = {"error": "no", "defects": [{**defect, "sentence_zh": "重复。"}]}
        api = Api(page, {"/plan": lambda request: none if request.method == "GET" else refusal})
        page.goto(f"{collector.url}/#/plan")
        expect(page.get_by_text("There is no plan.")).to_be_visible()
        content = b"events:\n"
        file = {"name": "plan.yaml", "mimeType": "application/yaml", "buffer": content}
        page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
        expect(page.get_by_role("alert")).to_contain_text("Line 3")
        expect(page.get_by_role("alert")).to_contain_text("Twice.")
        assert [method for method, _ in api.asked] == ["PUT"]

    def test_draft(self, page: Page, collector: Collector) -> None:
        """A plan is made from what was seen, may be changed, and is then used."""
        answers = {"/plan": PLAN, "/plan/draft": "events:\n  pay: {}\n"}
        api = Api(page, {**answers, "/plan/report?*": REPORT})
        page.goto(f"{collector.url}/#/plan")
        page.get_by_role("button", name="Make a plan from what was seen").click()
        editor = page.locator(".editor")
        expect(editor).to_have_value("events:\n  pay: {}\n")
        editor.fill("events:\n  buy: {}\n")
        page.get_by_role("button", name="Use this plan").click()
        expect(page.get_by_text("The plan is in use.")).to_be_visible()
        assert api.asked == [("POST", None), ("PUT", "events:\n  buy: {}\n")]

"""The tracking plan over HTTP and in the commands."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
import urllib3

from growingio_collector import Collector
from growingio_tracker.exceptions import GrowingParamException
from growingio_wire.plan.reading import MAX_PLAN_BYTES
from kept_run import custom, keep
from running_command import POSIX_SIGNALS, invoked, run, send, started

GUARD = {"X-Gio-Collector": "1"}
PLAN = "events:\n  pay: {attributes: {amount: number}}\n  refund:\n"


@pytest.fixture
def collector() -> Iterator[Collector]:
    """Run a collector without a plan."""
    with Collector() as running:
        yield running


def _ask(collector: Collector, method: str, path: str, **how: Any) -> urllib3.BaseHTTPResponse:
    return urllib3.request(method, f"{collector.url}/api/v1{path}", retries=False, **how)


def _put(collector: Collector, plan: str | bytes, **headers: str) -> urllib3.BaseHTTPResponse:
    return _ask(collector, "PUT", "/plan", body=plan, headers=GUARD | headers)


def _track(collector: Collector, *events: dict[str, object]) -> None:
    url = f"{collector.url}/v3/projects/p/collect"
    assert urllib3.request("POST", url, json=list(events)).status == 204


class TestApi:
    def test_put_judges_what_comes(self, collector: Collector) -> None:
        """A plan that was put judges from the next request on, and its report also what was."""
        _track(collector, custom("pay", {"amount": "x"}))
        assert _put(collector, PLAN).status == 200
        _track(collector, custom("pay", {"amount": "y"}))
        assert [event.verdict for event in collector.events()] == ["ok", "bad"]
        report = _ask(collector, "GET", "/plan/report").json()
        assert (report["seen"][0]["bad"], report["never_seen"][0]["name"]) == (2, "refund")

    def test_get(self, collector: Collector) -> None:
        """The plan in use is given with its text; without one everything is null."""
        empty = _ask(collector, "GET", "/plan").json()
        assert (empty["plan"], empty["text"], empty["file"], empty["wrong"]) == (None,) * 4
        _put(collector, PLAN)
        shown = _ask(collector, "GET", "/plan").json()
        assert (shown["text"], shown["format"], shown["notes"]) == (PLAN, "yaml", [])
        assert list(shown["plan"]["events"]) == ["pay", "refund"]

    @pytest.mark.parametrize(
        ("content_type", "format_"),
        [("text/csv; charset=utf-8", "csv"), ("application/octet-stream", "csv"), ("", "csv")],
    )
    def test_csv(self, collector: Collector, content_type: str, format_: str) -> None:
        """A spreadsheet is taken by its content type or its content; GBK is told in a note."""
        answer = _put(
            collector, "事件,属性\n支付,金额\n".encode("gbk"), **{"Content-Type": content_type}
        ).json()
        assert answer["format"] == format_
        assert list(answer["plan"]["events"]["支付"]["attributes"]) == ["金额"]
        assert answer["notes"][0]["code"] == "read_as_gbk"

    def test_content_type_counts(self, collector: Collector) -> None:
        """What is said to be YAML is read as YAML."""
        answer = _put(collector, "event,attribute\n", **{"Content-Type": "application/yaml"})
        assert answer.json()["defects"][0]["code"] == "not_a_mapping"

    def test_wrong_plan(self, collector: Collector) -> None:
        """A plan with defects is answered 400 with all of them in both languages."""
        _put(collector, PLAN)
        answer = _put(collector, "events:\n  a: {typo: 1}\n  b: [c]\n")
        assert answer.status == 400
        assert answer.json()["error"].startswith("plan: the plan cannot be used:\n  line 2")
        assert [(one["line"], one["field"]) for one in answer.json()["defects"]] == [
            (2, "events.a"),
            (3, "events.b"),
        ]
        assert "没有字段" in answer.json()["defects"][0]["sentence_zh"]
        assert _ask(collector, "GET", "/plan").json()["text"] == PLAN

    def test_too_large(self, collector: Collector) -> None:
        """A plan over the limit is refused."""
        answer = _put(collector, b"#" * (MAX_PLAN_BYTES + 1))
        assert (answer.status, answer.json()["defects"][0]["code"]) == (400, "too_large")

    def test_delete(self, collector: Collector) -> None:
        """A plan that was removed judges no more and has no report."""
        _put(collector, PLAN)
        assert _ask(collector, "DELETE", "/plan", headers=GUARD).status == 200
        _track(collector, custom("zzz"))
        assert collector.events()[0].verdict == "ok"
        answer = _ask(collector, "GET", "/plan/report")
        assert answer.status == 404
        assert "PUT /api/v1/plan" in answer.json()["error"]

    @pytest.mark.parametrize("method", ["PUT", "DELETE"])
    def test_guard(self, collector: Collector, method: str) -> None:
        """No foreign page can change the plan."""
        assert _ask(collector, method, "/plan", body=PLAN).status == 403

    def test_report_formats(self, collector: Collector) -> None:
        """The report comes as JUnit and as text too; other formats are refused by name."""
        _put(collector, PLAN)
        answer = _ask(collector, "GET", "/plan/report?format=junit")
        assert answer.headers["content-type"] == "application/xml"
        assert fromstring(answer.data)[0].get("skipped") == "2"
        text = _ask(collector, "GET", "/plan/report?format=text").data.decode()
        assert text.startswith("Tracking plan: 0 seen")
        answer = _ask(collector, "GET", "/plan/report?format=pdf")
        assert (answer.status, answer.json()) == (
            400,
            {
                "error": "format is json or junit or text, not 'pdf'.",
                "error_zh": "format 应为 json 或 junit 或 text，而不是 'pdf'。",
            },
        )

    @pytest.mark.parametrize(
        ("method", "path"),
        [("GET", "/plan"), ("GET", "/plan/report"), ("POST", "/plan/draft"), ("PUT", "/plan")],
    )
    def test_unknown_parameter(self, collector: Collector, method: str, path: str) -> None:
        """A parameter that is not known is refused by its name."""
        answer = _ask(collector, method, f"{path}?forma=x", headers=GUARD)
        assert (answer.status, "forma" in answer.json()["error"]) == (400, True)

    def test_draft_can_be_put(self, collector: Collector) -> None:
        """A plan drafted from what was seen can be put, and nothing seen violates it."""
        _track(collector, custom("支付", {"金额": "3"}), custom('a: "b"', {"\n": 1}))
        draft = _ask(collector, "POST", "/plan/draft")
        assert draft.headers["content-type"] == "application/yaml; charset=utf-8"
        assert _put(collector, draft.data).status == 200
        assert not collector.plan_report().violated

    def test_schema(self, collector: Collector) -> None:
        """The JSON Schema is served for editors."""
        answer = _ask(collector, "GET", "/plan/schema")
        assert answer.json()["title"] == "GrowingIO tracking plan"


class TestObject:
    def test_plan_of_a_file(self, tmp_path: Path) -> None:
        """A collector with a plan's file judges by it, and by its newest state."""
        file = tmp_path / "plan.yaml"
        file.write_text(PLAN, encoding="utf-8")
        with Collector(plan=file) as collector:
            _track(collector, custom("zzz"))
            file.write_text(PLAN + "  zzz: {deprecated: use pay}\n", encoding="utf-8")
            _track(collector, custom("zzz"))
            codes = [event.issues[0].code for event in collector.events()]
            assert _put(collector, PLAN).status == 409
        assert codes == ["not_planned", "deprecated_with_hint"]

    def test_report_against_another_plan(self, collector: Collector, tmp_path: Path) -> None:
        """A test can ask for the report against a plan of its own; without any it is told so."""
        with pytest.raises(GrowingParamException, match="plan: there is none"):
            collector.plan_report()
        (tmp_path / "plan.csv").write_text("event\npay\n", encoding="utf-8")
        _track(collector, custom("pay"))
        assert not collector.plan_report(tmp_path / "plan.csv").violated


class TestCommands:
    @POSIX_SIGNALS
    @pytest.mark.parametrize(
        ("exit_on", "names", "status", "failures", "last"),
        [
            ("plan", ["pay"], 0, 0, "never seen   event refund"),
            ("plan", ["pay", "zzz"], 3, 1, "Failed: names not planned: 1."),
            ("coverage", ["pay"], 3, 1, "Failed: planned and never seen: 1."),
            ("bad", ["zzz"], 0, 1, "not planned  event zzz"),
        ],
    )
    def test_status(
        self, tmp_path: Path, exit_on: str, names: list[str], status: int, failures: int, last: str
    ) -> None:
        """The status says whether the run was as asked, the last line why not, JUnit the rest."""
        (tmp_path / "plan.yaml").write_text(PLAN, encoding="utf-8")
        options = ("--plan", str(tmp_path / "plan.yaml"), "--exit-code-on", exit_on)
        with started(*options, "--junit", str(tmp_path / "out.xml")) as (command, url):
            send(url, *names)
            for name in names:
                assert name in command.line()
            assert command.end(signal.SIGINT) == status
            assert command.rest()[-1].startswith(last)
        suite = fromstring((tmp_path / "out.xml").read_bytes())[0]
        assert suite.get("failures") == str(failures)

    @POSIX_SIGNALS
    def test_bad_events_of_this_run(self, tmp_path: Path) -> None:
        """A bad event gives status 3; one that the file held before does not."""
        for expected, names in ((3, [""]), (0, ["pay"])):
            options = ("--db", str(tmp_path / "a.db"), "--exit-code-on", "bad")
            with started(*options) as (command, url):
                send(url, *names)
                command.line()
                assert command.end(signal.SIGINT) == expected

    @POSIX_SIGNALS
    def test_broken_change(self, tmp_path: Path) -> None:
        """A broken change of the plan's file is told in the terminal, and the old plan stays."""
        file = tmp_path / "plan.yaml"
        file.write_text(PLAN, encoding="utf-8")
        with started("--plan", str(file)) as (command, url):
            file.write_text("events: [", encoding="utf-8")
            send(url, "pay")
            told = [command.line() for _ in range(3)]
            assert told[0].startswith(
                "The previous plan stays in use, because the changed file is invalid."
            )
            assert told[1].startswith("  line 1: This is not YAML")
            assert "ok   CUSTOM pay" in told[2]
            assert command.end(signal.SIGINT) == 0
            assert "seen         event pay (events: 1)" in command.rest()

    @pytest.mark.parametrize(
        ("options", "sentence"),
        [
            (["--exit-code-on", "plan"], "--exit-code-on needs a plan. Name one with --plan."),
            (["--junit", "out.xml"], "--junit needs a plan. Name one with --plan."),
            (["--plan", "missing.yaml"], "plan: missing.yaml cannot be read"),
        ],
    )
    def test_what_cannot_work(self, options: list[str], sentence: str) -> None:
        """What could not be done at the end is refused at the start in one sentence."""
        ended = invoked("collector", "--port", "0", *options)
        assert (bool(ended.returncode), ended.stdout) == (True, "")
        assert sentence in ended.stderr

    def test_check(self, tmp_path: Path) -> None:
        """Checking a plan counts what is planned, or names every defect with status 1."""
        file = tmp_path / "plan.yaml"
        file.write_text(PLAN, encoding="utf-8")
        ended = run("plan", "check", str(file))
        assert (ended.returncode, ended.stderr) == (0, "")
        assert ended.stdout.endswith("is valid. Events: 2, items: 0.\n")
        file.write_text("events:\n  a: {typo: 1}\n  b: [c]\n", encoding="utf-8")
        ended = run("plan", "check", str(file))
        assert (ended.returncode, ended.stdout) == (1, "")
        assert [line[:9] for line in ended.stderr.splitlines()[1:]] == ["  line 2,", "  line 3,"]

    def test_draft_and_report(self, tmp_path: Path) -> None:
        """A kept run gives a draft, and a report whose status says whether it follows a plan."""
        db = keep(tmp_path / "a.db", custom("pay", {"金额": "3"}))
        plan = tmp_path / "plan.yaml"
        assert invoked("plan", "draft", str(db), "--output", str(plan)).returncode == 0
        ended = invoked(
            "plan", "report", str(db), "--plan", str(plan), "--exit-code-on", "coverage"
        )
        assert (ended.returncode, ended.stderr) == (0, "")
        assert ended.stdout.startswith("Tracking plan: 1 seen (0 with violations)")
        keep(db, custom("zzz"))
        ended = invoked(
            "plan", "report", str(db), "--plan", str(plan), "--format", "json",
            "--exit-code-on", "plan",
        )  # fmt: skip
        assert ended.returncode == 3
        assert json.loads(ended.stdout)["not_planned"][0]["name"] == "zzz"
        assert ended.stderr == "Failed: names not planned: 1.\n"

    def test_report_without_a_plan(self, tmp_path: Path) -> None:
        """A report needs a plan, given or kept in the file."""
        db = keep(tmp_path / "a.db", custom("pay"))
        ended = invoked("plan", "report", str(db))
        assert (ended.returncode, "Name one with --plan" in ended.stderr) == (2, True)
        with Collector(db=db) as collector:
            _put(collector, PLAN)
        assert invoked("plan", "report", str(db)).stdout.startswith("Tracking plan: 1 seen")

    def test_schema(self) -> None:
        """The schema can be written for an editor."""
        assert json.loads(invoked("plan", "schema").stdout)["type"] == "object"

    def test_diff(self, tmp_path: Path) -> None:
        """Equal runs give status 0, different ones status 1 and what differs, as text or JSON."""
        a = str(keep(tmp_path / "a.db", custom("pay", {"x": 1}), custom("pay")))
        b = str(keep(tmp_path / "b.db", custom("pay", {"x": 1})))
        assert invoked("diff", a, a).stdout == "No differences.\n"
        ended = invoked("diff", a, b)
        assert (ended.returncode, ended.stderr) == (1, "")
        assert ended.stdout == ("count  event pay: 2 events in A, 1 event in B\nDifferences: 1.\n")
        assert invoked("diff", a, b, "--ignore-counts").returncode == 0
        assert invoked("diff", a, b, "--tolerance", "50").returncode == 0
        found = json.loads(invoked("diff", a, b, "--format", "json").stdout)["differences"]
        assert [(one["what"], one["a"], one["b"]) for one in found] == [("count", 2, 1)]

    def test_chinese(self, tmp_path: Path) -> None:
        """With --lang zh-CN, checks, reports and differences are said in Chinese."""
        file, zh = tmp_path / "plan.yaml", ("--lang", "zh-CN")
        file.write_text(PLAN, encoding="utf-8")
        assert invoked("plan", "check", str(file), *zh).stdout.endswith("2 个事件、0 个维度表。\n")
        a = str(keep(tmp_path / "a.db", custom("zzz"), custom("zzz")))
        ended = invoked("plan", "report", a, "--plan", str(file), "--exit-code-on", "plan", *zh)
        assert "方案外    事件 zzz（事件数：2，例如事件 2）。" in ended.stdout
        assert ended.stderr == "失败：方案外的名称 1 个。\n"
        b = str(keep(tmp_path / "b.db", custom("zzz")))
        ended = invoked("diff", a, b, *zh)
        assert ended.stdout == "数量  event zzz：A 中有 2 个事件，B 中有 1 个事件\n共 1 处差异。\n"
        file.write_text("events:\n  a: {typo: 1}\n", encoding="utf-8")
        ended = invoked("plan", "check", str(file), *zh)
        assert (ended.returncode, ended.stdout) == (1, "")
        assert ended.stderr.startswith(f"plan：{file} 无法使用：\n  第 2 行，events.a：没有字段")

    @pytest.mark.parametrize("command", [("diff",), ("plan", "draft")])
    def test_no_store(self, tmp_path: Path, command: tuple[str, ...]) -> None:
        """A file that is no store, or is not there, is named, and none is made."""
        (tmp_path / "text").write_text("not a database, but text" * 100, encoding="utf-8")
        for name in ("missing", "text"):
            file = str(tmp_path / name)
            ended = invoked(*command, *[file] * (2 if command == ("diff",) else 1))
            assert (ended.returncode, ended.stdout) == (1, "")
            assert ended.stderr.startswith(file)
        assert [one.name for one in tmp_path.iterdir()] == ["text"]

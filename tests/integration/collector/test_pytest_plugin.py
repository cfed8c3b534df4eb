"""The pytest plugin: real runs of pytest inside pytest."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from typing import Final

import pytest
import urllib3

# Imported here, the fixture need not be imported again in every inner run.
import growingio_collector.testing.fixture  # noqa: F401
from delivering.servers import refused_url
from growingio_collector import Collector, Serving

pytest_plugins = ["pytester"]

PLUGIN: Final = "growingio_tracker_pytest"

HELPER: Final = """
import itertools, json, time, urllib.request

# No two events are the same, or one would be a duplicate of the other.
NUMBERS = itertools.count()

def send(url, *events, path="/v3/projects/p1/collect"):
    body, headers = json.dumps(events).encode(), {"Content-Type": "application/json"}
    request = urllib.request.Request(url + path, body, headers, method="POST")
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 204

def event(name="pay", user="u1", **attributes):
    now = int(time.time() * 1000) - next(NUMBERS)
    return {"eventType": "CUSTOM", "eventName": name, "timestamp": now, "userId": user,
            "dataSourceId": "d1", "attributes": attributes}
"""

PLAN: Final = """
version: 1
events:
  pay:
    attributes:
      金额: {type: number, required: true}
  view: {}
"""

Run = Callable[..., pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the tests of a text in a pytest within this process, or apart from it, in English."""
    for name in ("LC_ALL", "LC_MESSAGES", "CI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")
    pytester.makepyfile(helper=HELPER)

    def inner(tests: str, *arguments: str, apart: bool = False) -> pytest.RunResult:
        pytester.makepyfile(test_it="import pytest\nfrom helper import send, event\n" + tests)
        in_order = ("-p", "no:randomly", *arguments)
        if apart:
            return pytester.runpytest_subprocess("-p", PLUGIN, *in_order, timeout=60)
        return pytester.runpytest_inprocess(*in_order, plugins=[sys.modules[PLUGIN]])

    return inner


class TestWaiting:
    def test_first_of_those_that_match(self, run: Run) -> None:
        """wait_for returns the first event that matches by name, user and attributes."""
        run("""
def test(growingio_collector):
    send(growingio_collector.url, event(amount="2"), event(user="u2", 金额="3"), event(user="u2"))
    e = growingio_collector.wait_for("pay", user="u2", count=1, timeout=5)
    assert e.attributes["金额"] == "3"
    assert growingio_collector.wait_for("pay", attributes={"金额": "3"}).id == e.id
    assert growingio_collector.wait_for(amount="2").user_id == "u1"
    assert [e.user_id for e in growingio_collector.events("pay", user="u2")] == ["u2", "u2"]
""").assert_outcomes(passed=1)

    def test_several(self, run: Run) -> None:
        """A count of two returns the first two, oldest first, and more may be there."""
        run("""
def test(growingio_collector):
    send(growingio_collector.url, event(n="1"), event("view"), event(n="2"), event(n="3"))
    found = growingio_collector.wait_for("pay", count=2)
    assert [e.attributes["n"] for e in found] == ["1", "2"]
    assert len(growingio_collector.events("pay")) == 3
""").assert_outcomes(passed=1)

    def test_what_comes_later(self, run: Run) -> None:
        """An event that arrives during the wait ends it, whatever else arrives before."""
        run("""
import threading, time

def test(growingio_collector):
    def later():
        for n in range(30):
            send(growingio_collector.url, event("view", n=str(n)))
        send(growingio_collector.url, event("pay"))
    thread = threading.Thread(target=later)
    start = time.monotonic()
    thread.start()
    assert growingio_collector.wait_for("pay", timeout=30).name == "pay"
    assert time.monotonic() - start < 15
    thread.join()
""").assert_outcomes(passed=1)

    def test_every_kind(self, run: Run) -> None:
        """Items, mappings and unreadable requests are found by kind and verdict."""
        run("""
def test(growingio_collector):
    url = growingio_collector.url
    send(url, {"id": "1", "key": "goods"}, path="/projects/p1/collect/item")
    send(url, 3)
    assert growingio_collector.wait_for("goods", kind="item", timeout=0).verdict == "ok"
    assert growingio_collector.wait_for(verdict="bad", timeout=0).issues
    assert growingio_collector.events(device="nobody") == []
""").assert_outcomes(passed=1)

    @pytest.mark.parametrize(
        ("call", "sentence"),
        [
            ("wait_for(count=0)", "count: 0 is not positive; use events() for none."),
            ("wait_for(timeout=-1)", "timeout: -1 is negative; it must be 0 or more."),
            ("wait_for(user=1)", "user: 1 is not a string; pass a str, or None."),
            ("wait_for(n=object())", "attributes: the value of n is <object object at *"),
            ("wait_for(verdict='good')", "verdict: 'good' is not one of ok, warn, bad."),
            ("wait_for(kind='page')", "kind: 'page' is not one of event, item, mapping, request."),
            ("events(3)", "name: 3 is not a string; pass a str, or None."),
        ],
    )
    def test_mistakes(self, run: Run, call: str, sentence: str) -> None:
        """An argument that makes no sense is refused by name, at once."""
        result = run(f"def test(growingio_collector):\n    growingio_collector.{call}\n")
        result.stdout.fnmatch_lines([f"E*{sentence.replace('[', '[[]')}"])


class TestFailing:
    def test_next(self, run: Run) -> None:
        """fail_next answers so many requests as told, 503 by default, and stores them."""
        run("""
import urllib.error

def status(collector):
    try:
        send(collector.url, event())
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    return 204

def test(growingio_collector):
    growingio_collector.fail_next(2)
    assert [status(growingio_collector) for _ in range(3)] == [503, 503, 204]
    growingio_collector.fail_next(status=429, path="/collect")
    assert [status(growingio_collector) for _ in range(2)] == [429, 204]
    growingio_collector.wait_for("pay", count=5, timeout=0)
""").assert_outcomes(passed=1)


class TestReports:
    def test_nearest_miss(self, run: Run) -> None:
        """A wait in vain says what came nearest and why it does not match, the nearest first."""
        result = run("""
def test(growingio_collector):
    send(growingio_collector.url, event("view"), event(user="u2", n=3), event(user="u1", n=3))
    growingio_collector.wait_for("pay", user="u1", n=4, client=None, timeout=0)
""")
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines([
            'E *AssertionError: 0 of 1 events arrived within 0 s. Wanted: name="pay", '
            'user="u1", attributes[[]"n"]="4".',
            "E *Nearest:",
            "E * CUSTOM pay user=u1 n=3*",
            "E *but attr.n is 3, not 4",
            "E * CUSTOM pay user=u2 n=3*",
            "E *but user is u2, not u1 and attr.n is 3, not 4",
            "E * CUSTOM view user=u1*",
            "E *but name is view, not pay and it has no attribute n",
            "E *Arrived: 2 × event pay, 1 × event view.",
        ])  # fmt: skip

    def test_points_at_the_test(self, run: Run) -> None:
        """The traceback of a wait in vain shows the test's line and none of ours."""
        result = run(
            "def test(growingio_collector):\n    growingio_collector.wait_for(timeout=0)\n"
        )
        result.stdout.fnmatch_lines([">*growingio_collector.wait_for(timeout=0)"])
        result.stdout.no_fnmatch_line("*fixture.py*")
        result.stdout.fnmatch_lines(["*Wanted: any event.", "E*Nothing arrived. Does the client*"])

    def test_section(self, run: Run) -> None:
        """The report of a test that fails for another reason lists what arrived, with fixes."""
        result = run("""
def test(growingio_collector):
    send(growingio_collector.url, event(), {"eventType": "CUSTOM", "userId": "u9"})
    assert 1 == 2
""")
        result.stdout.fnmatch_lines([
            "*- GrowingIO collector -*",
            "* ok   CUSTOM pay user=u1",
            "* bad  CUSTOM user=u9 *A CUSTOM event needs an eventName. Name the event.*",
        ])  # fmt: skip

    def test_collector_is_gone(self, run: Run) -> None:
        """When what arrived cannot be read, the report says so, and the next tests run."""
        result = run("""
def test_closes(growingio_collector):
    growingio_collector._source.close()
    assert 1 == 2

def test_next(growingio_collector):
    assert growingio_collector.events() == []
""")
        result.assert_outcomes(failed=1, passed=1)
        result.stdout.fnmatch_lines(["What arrived cannot be shown: *The collector is closed*"])

    def test_no_section(self, run: Run) -> None:
        """Tests that pass, and failing tests without the fixture, have no such section."""
        result = run("""
def test_passes(growingio_collector):
    send(growingio_collector.url, event())

def test_fails():
    assert 0
""")
        result.assert_outcomes(passed=1, failed=1)
        result.stdout.no_fnmatch_line("*GrowingIO collector*")

    def test_setup(self, run: Run) -> None:
        """When a fixture that uses the collector fails, what arrived is listed too."""
        result = run("""
@pytest.fixture
def shop(growingio_collector):
    send(growingio_collector.url, event("opened"))
    raise ValueError

def test(shop): pass
""")
        result.assert_outcomes(errors=1)
        result.stdout.fnmatch_lines(["*- GrowingIO collector -*", "* CUSTOM opened user=u1"])

    def test_no_bad(self, run: Run) -> None:
        """assert_no_bad passes while all is good, and lists bad events with their fixes."""
        result = run("""
def test(growingio_collector):
    send(growingio_collector.url, event())
    growingio_collector.assert_no_bad()
    send(growingio_collector.url, {"eventType": "CUSTOM", "userId": "u9"})
    growingio_collector.assert_no_bad()
""")
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines([
            "E*AssertionError: 1 of 2 events are bad:",
            "E* bad  CUSTOM user=u9 *Name the event.*",
        ])  # fmt: skip

    def test_only_the_newest(self, run: Run) -> None:
        """A long list is cut to the newest twenty, and says so."""
        result = run("""
def test(growingio_collector):
    send(growingio_collector.url, *(event(n=str(n)) for n in range(50)))
    assert 0
""")
        result.stdout.fnmatch_lines(["The newest 20 of 50:", "* n=30", "* n=49"])
        result.stdout.no_fnmatch_line("* n=29")

    def test_hostile_text(self, run: Run) -> None:
        """No control character that was received reaches the terminal."""
        result = run(r"""
def test(growingio_collector):
    send(growingio_collector.url, event("\x1b[31m", user="\x1b]0;", **{"\x9b": "\x07"}))
    growingio_collector.wait_for("pay", user="u1", attributes={"\x9b": 1}, timeout=0)
""", "--color=no")  # fmt: skip
        result.assert_outcomes(failed=1)
        assert not set("\x1b\x9b\x07") & set(result.stdout.str())

    def test_chinese(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        """On a Chinese machine the plugin speaks Chinese."""
        monkeypatch.setenv("LANG", "zh_CN.UTF-8")
        result = run("""
def test_nothing(growingio_collector):
    growingio_collector.wait_for("支付", timeout=0)

def test_other(growingio_collector):
    send(growingio_collector.url, {"eventType": "CUSTOM", "userId": "u9"})
    growingio_collector.wait_for("支付", timeout=0)
""")
        result.stdout.fnmatch_lines([
            'E*0 秒内收到 0 条，需要 1 条。条件：name="支付"。',
            "E*没有收到任何数据。*",
            "E*最接近的：",
            "E* bad  CUSTOM user=u9 *CUSTOM 事件必须有 eventName。请给事件命名。*",
            "E*但是 *name*支付",
            "E*已收到：1 × event CUSTOM。",
        ])  # fmt: skip

    def test_plan(self, run: Run, pytester: pytest.Pytester) -> None:
        """assert_plan passes while the plan is followed, and else says what violates it."""
        pytester.path.joinpath("plan.yaml").write_text(PLAN, "utf-8")
        result = run("""
def test(growingio_collector):
    send(growingio_collector.url, event(金额="3"))
    growingio_collector.assert_plan("plan.yaml")
    send(growingio_collector.url, event(金额="viel"), event("veiw"))
    growingio_collector.assert_plan("plan.yaml")
""")
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines([
            ">*growingio_collector.assert_plan(*",
            "E * seen * event pay*",
            "E * bad in 1 of 2*金额*",
            "E * not planned * event veiw * Did you mean view?",
        ])  # fmt: skip

    def test_no_plan(self, run: Run) -> None:
        """A plan that is not there is the plan's fault, not the events'."""
        result = run("def test(growingio_collector):\n    growingio_collector.assert_plan('a.yml')")
        result.stdout.fnmatch_lines(["E*GrowingParamException: plan: a.yml cannot be read*"])


class TestScopes:
    def test_function(self, run: Run) -> None:
        """Two tests have two collectors, and the second begins empty."""
        run("""
urls = set()

@pytest.mark.parametrize("n", [1, 2])
def test(growingio_collector, n):
    assert growingio_collector.events() == []
    send(growingio_collector.url, event())
    urls.add(growingio_collector.url)
    assert len(urls) == n
""").assert_outcomes(passed=2)

    def test_session(self, run: Run) -> None:
        """The session's collector keeps its events from test to test, until it is cleared."""
        run("""
def test_first(growingio_collector_session, growingio_collector):
    assert growingio_collector_session.url != growingio_collector.url
    send(growingio_collector_session.url, event())

def test_second(growingio_collector_session):
    growingio_collector_session.wait_for("pay", timeout=0)
    growingio_collector_session.clear()
    assert growingio_collector_session.events() == []
""").assert_outcomes(passed=2)

    def test_xdist(self, run: Run) -> None:
        """Under xdist every worker has its own, and failures reach the main process's report."""
        result = run("""
import os

@pytest.mark.parametrize("n", range(8))
def test(growingio_collector, growingio_collector_session, n):
    me = os.environ["PYTEST_XDIST_WORKER"]
    send(growingio_collector.url, event(n=str(n)))
    send(growingio_collector_session.url, event(worker=me))
    assert growingio_collector.wait_for("pay").attributes == {"n": str(n)}
    assert {e.attributes["worker"] for e in growingio_collector_session.events()} == {me}

def test_fails(growingio_collector):
    send(growingio_collector.url, event("seen"))
    growingio_collector.wait_for("pay", timeout=0)
""", "-n", "2", apart=True)  # fmt: skip
        result.assert_outcomes(passed=8, failed=1)
        result.stdout.fnmatch_lines(["E*but name is seen, not pay", "*- GrowingIO collector -*"])


class TestRunning:
    """``--growingio-collector-url``: a collector that already runs."""

    TESTS: Final = """
def test_own(growingio_collector):
    send(growingio_collector.url, event(user="u1"), event(user="u2", 金额="3"))
    assert growingio_collector.wait_for("pay", attributes={"金额": 3}).user_id == "u2"
    assert len(growingio_collector.wait_for(count=2)) == 2

def test_other(growingio_collector):
    assert growingio_collector.events() == []
    send(growingio_collector.url, event("seen"), {"eventType": "CUSTOM", "userId": "u9"})
    assert len(growingio_collector.events()) == 2
    growingio_collector.clear()
    assert growingio_collector.events() == []

def test_bad(growingio_collector, growingio_collector_session):
    send(growingio_collector.url, {"eventType": "CUSTOM", "userId": "u9"})
    assert growingio_collector_session.events() == []
    growingio_collector.assert_no_bad()

def test_fails(growingio_collector):
    send(growingio_collector.url, event("here"))
    growingio_collector.wait_for("there", timeout=0.1)
"""

    @pytest.mark.parametrize("workers", [(), ("-n", "2")])
    def test_runs_do_not_mix(self, run: Run, workers: tuple[str, ...]) -> None:
        """Every test has a run of its own; what others sent, and clearing theirs, is not its."""
        with Collector() as running:
            _send_one(running.url)
            arguments = (f"--growingio-collector-url={running.url}/", *workers)
            result = run(self.TESTS, *arguments, apart=bool(workers))
            assert len(running.events(name="before")) == 1
            runs = {event.run or "" for event in running.events()}
        result.assert_outcomes(passed=2, failed=2)
        result.stdout.fnmatch_lines(["E*1 of 1 events are bad:"])
        result.stdout.fnmatch_lines(["E*but name is here, not there"])
        result.stdout.no_fnmatch_line("*run is*")
        assert sorted(re.sub("-[0-9a-f]{12}$", "", name) for name in runs) == [
            "p1",
            "test-bad",
            "test-fails",
            "test-own",
        ]

    def test_faults(self, run: Run) -> None:
        """Faults hit the test's own run only, and end with the test."""
        with Collector() as running:
            result = run("""
import urllib.error, urllib.request

def test(growingio_collector, growingio_collector_session):
    growingio_collector.fail_next(100, status=500)
    send(growingio_collector_session.url, event())
    with pytest.raises(urllib.error.HTTPError, match="500") as failed:
        send(growingio_collector.url, event())
    failed.value.close()
    assert len(growingio_collector.events()) == 1
""", f"--growingio-collector-url={running.url}")  # fmt: skip
            result.assert_outcomes(passed=1)
            answer = urllib3.request("GET", f"{running.url}/api/v1/faults", retries=False)
            assert answer.json()["active"] is False

    def test_many(self, run: Run) -> None:
        """More events than one answer lists are all there."""
        with Collector() as running:
            run("""
def test(growingio_collector):
    send(growingio_collector.url, *(event(n=n) for n in range(2100)))
    numbers = [e.attributes["n"] for e in growingio_collector.events()]
    assert numbers == list(range(2100))
""", f"--growingio-collector-url={running.url}").assert_outcomes(passed=1)  # fmt: skip

    def test_token(self, run: Run) -> None:
        """A collector that asks for a token is used by the address that it prints."""
        with Collector(serving=Serving(bind="0.0.0.0")) as running:
            url = f"{running.url}/?token={running.token}"
            result = run(self.TESTS, f"--growingio-collector-url={url}", "-k", "own")
            result.assert_outcomes(passed=1, deselected=3)
            result = run(self.TESTS, f"--growingio-collector-url={running.url}", "-k", "own")
        result.assert_outcomes(errors=1, deselected=3)
        result.stdout.fnmatch_lines(["*GET info was answered 401*"])

    @pytest.mark.parametrize("url", ["127.0.0.1:8917", "localhost", "ftp://127.0.0.1"])
    def test_no_address(self, run: Run, url: str) -> None:
        """What is no http address is refused with what to give."""
        result = run(self.TESTS, f"--growingio-collector-url={url}", "-k", "own")
        result.stdout.fnmatch_lines(
            [f"--growingio-collector-url: '{url}' is not an address such as*"]
        )

    def test_nobody_there(self, run: Run) -> None:
        """When no collector answers, every test that needs it says where, and how to start one."""
        url = refused_url()
        result = run(self.TESTS, f"--growingio-collector-url={url}")
        result.assert_outcomes(errors=4)
        result.stdout.fnmatch_lines([f"*no usable collector at {url} (*growingio collector"])
        result.stdout.no_fnmatch_line("*Traceback*")


def _send_one(url: str) -> None:
    event = {"eventType": "CUSTOM", "eventName": "before", "userId": "u", "timestamp": 1}
    urllib3.request("POST", f"{url}/v3/projects/p1/collect", json=[event], retries=False)


class TestLoading:
    def test_imports_nothing(self) -> None:
        """Loading the plugin imports nothing of the SDK, the collector or its servers."""
        code = (
            "import sys, growingio_tracker_pytest as plugin\n"
            "names = {name.partition('.')[0] for name in sys.modules}\n"
            "assert not names & {'growingio_tracker', 'starlette', 'uvicorn', 'msgspec', 'urllib3'}"
        )
        subprocess.run([sys.executable, "-c", code], check=True, timeout=60)

    @pytest.mark.parametrize("package", ["starlette", "uvicorn", "cramjam"])
    def test_extra_is_missing(self, run: Run, package: str) -> None:
        """Without the extra, a test that asks for the fixture says what to install."""
        result = run(f"""
import sys

class Block:
    def find_spec(self, name, path=None, target=None):
        if name == {package!r}: raise ModuleNotFoundError(name=name)

sys.meta_path.insert(0, Block())

def test(growingio_collector): pass

def test_other(): pass
""", apart=True)  # fmt: skip
        result.assert_outcomes(passed=1, errors=1)
        result.stdout.fnmatch_lines(['*pip install "growingio_tracker[[]collector]"'])
        result.stdout.no_fnmatch_line("*Traceback*")


class TestGolden:
    def test_snapshot(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        """A snapshot is written on request, by option or variable, and then compared with."""
        test = """
def test(growingio_collector):
    send(growingio_collector.url, event(price="{price}"))
    growingio_collector.assert_matches("golden.yaml")
"""
        result = run(test.format(price=3))
        result.stdout.fnmatch_lines(["E*golden.yaml does not exist.*--growingio-update*"])
        run(test.format(price=3), "--growingio-update").assert_outcomes(passed=1)
        run(test.format(price=3)).assert_outcomes(passed=1)
        result = run(test.format(price=4))
        result.stdout.fnmatch_lines(
            [
                "E*What arrived differs from golden.yaml. If this is intended, *",
                'E*-    - CUSTOM pay: {"price": "3"}',
                'E*+    - CUSTOM pay: {"price": "4"}',
            ]
        )
        monkeypatch.setenv("UPDATE_GOLDEN", "1")
        run(test.format(price=4)).assert_outcomes(passed=1)


class TestCauses:
    @pytest.mark.parametrize("running", [False, True], ids=["own", "running"])
    def test_told(self, run: Run, running: bool) -> None:
        """A wait in vain says why nothing came, and what to do next."""
        with Collector() as collector:
            url = ("--growingio-collector-url", collector.url) if running else ()
            result = run(
                """
import urllib.error

def test(growingio_collector):
    try:
        send(growingio_collector.url, event(), path="/v3/projets/p1/collect")
    except urllib.error.HTTPError:
        pass
    growingio_collector.wait_for("pay", timeout=0)
""",
                *url,
            )
        result.stdout.fnmatch_lines(
            ["E*Requests to other paths: 1; the newest was POST */v3/projets/p1/collect.*"]
        )

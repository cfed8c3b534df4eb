"""``growingio collector run``: a command with a collector of its own, and a verdict."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Protocol

import pytest

from growingio_collector import Collector
from running_command import MAIN, POSIX_SIGNALS, Ended, invoked

SHOP = """
import sys
from growingio_tracker import GrowingTracker
with GrowingTracker.from_env() as tracker:
    for price in sys.argv[1:]:
        tracker.track_custom_event("order_paid", login_user_id="u1", attributes={"price": price})
print("paid")
"""
POST = """
import os, sys, urllib.request
url = os.environ["GROWINGIO_SERVER_HOST"] + sys.argv[1]
try:
    urllib.request.urlopen(urllib.request.Request(url, sys.argv[2].encode()), timeout=10).close()
except urllib.error.HTTPError as error:
    error.close()
"""
BAD = '[{"eventType": "CUSTOM"}]'


def _command(*arguments: str, code: str, given: tuple[str, ...] = ()) -> list[str]:
    return ["collector", "run", *arguments, "--", sys.executable, "-c", code, *given]


def _run(*arguments: str, code: str, given: tuple[str, ...] = ()) -> Ended:
    """Run the command in a process of its own."""
    clean = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    ended = subprocess.run(
        [sys.executable, "-c", MAIN, *_command(*arguments, code=code, given=given)],
        check=False,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        env={**clean, "LC_ALL": "C.UTF-8"},
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


class _Run(Protocol):
    def __call__(
        self,
        *arguments: str,
        code: str,
        given: tuple[str, ...] = ...,
        env: dict[str, str] | None = ...,
    ) -> Ended: ...


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> _Run:
    """Run the command in this process, which takes half of the time; its own command has another.

    The output is that of both.
    """

    def in_this_process(
        *arguments: str,
        code: str,
        given: tuple[str, ...] = (),
        env: dict[str, str] | None = None,
    ) -> Ended:
        capfd.readouterr()
        ended = invoked(*_command(*arguments, code=code, given=given), **(env or {}))
        own = capfd.readouterr()
        return Ended(ended.returncode, own.out + ended.stdout, own.err + ended.stderr)

    return in_this_process


class TestVerdict:
    def test_passed(self) -> None:
        """from_env() finds the collector, the output is the command's, and status 0 is passed."""
        ended = _run(code=SHOP, given=("3", "4"))
        assert (ended.returncode, ended.stdout) == (0, "paid\n")
        assert ended.stderr == "Events received: 2 (2 ok, 0 with warnings, 0 bad).\n"

    def test_bad(self, run: _Run) -> None:
        """An invalid event gives status 3 and is shown with what to do."""
        ended = run(code=POST, given=("/v3/projects/p/collect", BAD))
        assert ended.returncode == 3
        assert "bad  CUSTOM" in ended.stderr
        assert ended.stderr.endswith("Failed: bad events: 1.\n")

    def test_ignored(self, run: _Run, tmp_path: Path) -> None:
        """What else the options ask for is asked of this run, too."""
        plan = tmp_path / "plan.yaml"
        plan.write_text("events:\n  order_paid: {}\n  refund: {}\n")
        ended = run("--plan", str(plan), "--exit-code-on", "coverage", code=SHOP, given=("3",))
        assert ended.returncode == 3
        assert ended.stdout == "paid\n"
        assert "planned and never seen: 1" in ended.stderr

    def test_own_status(self) -> None:
        """The command's own failure comes first."""
        ended = _run(code="raise SystemExit(7)")
        assert ended.returncode == 7
        assert ended.stderr.endswith("CMD exited with status 7.\n")

    def test_not_found(self) -> None:
        """A command that is not there gives a shell's status and one sentence."""
        command = [sys.executable, "-c", MAIN, "collector", "run", "--", "/no/such/program"]
        ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
        assert ended.returncode == 127
        assert ended.stderr == "/no/such/program cannot be run: No such file or directory.\n"

    def test_forwarded_and_kept(self, run: _Run, tmp_path: Path) -> None:
        """A file named with --db keeps the run."""
        db = tmp_path / "run.sqlite"
        run("--db", str(db), code=SHOP, given=("3",))
        with Collector(db=db) as kept:
            assert [event.name for event in kept.events()] == ["order_paid"]


def test_without_dashes() -> None:
    """What follows the command is its own, also where no -- stands before it."""
    command = [sys.executable, "-c", MAIN, "collector", "run", "--at-least", "0"]
    command += [sys.executable, "-c", "import sys; print(sys.argv[1:])", "--quiet", "-x"]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout) == (0, "['--quiet', '-x']\n")


class TestNothing:
    def test_no_request(self, run: _Run) -> None:
        """Without a request the run fails, and says how the command finds the collector."""
        ended = run(code="pass")
        assert ended.returncode == 3
        assert ended.stderr.splitlines()[1:3] == [
            "Failed: too few events arrived (0; --at-least requires 1).",
            "No request has reached the collector.",
        ]
        assert "GROWINGIO_SERVER_HOST" in ended.stderr

    def test_allowed(self, run: _Run) -> None:
        """--at-least 0 allows none, and a greater number asks for as many."""
        assert run("--at-least", "0", code="pass").returncode == 0
        assert run("--at-least", "3", code=SHOP, given=("1", "2")).returncode == 3

    def test_wrong_path(self, run: _Run) -> None:
        """A request to a wrong path is named, with the path that was meant."""
        ended = run(code=POST, given=("/v3/project/p/collect", "[]"))
        assert ended.returncode == 3
        assert "Requests to other paths: 1; the newest was POST /v3/project/p/collect." in (
            ended.stderr
        )


class TestEnvironment:
    def test_identity(self, run: _Run) -> None:
        """Project and data source are set unless they are."""
        show = (
            "import os; print(*(os.environ['GROWINGIO_' + name] "
            "for name in ('PRODUCT_ID', 'DATA_SOURCE_ID')))"
        )
        assert run("--at-least", "0", code=show).stdout == "local local\n"
        own = {"GROWINGIO_PRODUCT_ID": "p1"}
        assert run("--at-least", "0", code=show, env=own).stdout == "p1 local\n"

    def test_proxies(self, run: _Run) -> None:
        """Behind a proxy the collector is asked directly."""
        proxies = {"HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": "internal"}
        show = "import os; print(os.environ['NO_PROXY'])"
        assert run("--at-least", "0", code=show, env=proxies).stdout == "127.0.0.1,internal\n"


class TestGolden:
    def test_run_again(self, run: _Run, tmp_path: Path) -> None:
        """A snapshot that was written passes, and a difference is shown and fails."""
        golden = str(tmp_path / "golden.yaml")
        assert run("--golden", golden, code=SHOP, given=("3",)).returncode == 1
        assert run("--golden", golden, "--update", code=SHOP, given=("3",)).returncode == 0
        assert run("--golden", golden, code=SHOP, given=("3",)).returncode == 0
        ended = run("--golden", golden, code=SHOP, given=("4",))
        assert ended.returncode == 3
        assert '-    - CUSTOM order_paid: {"price": "3"}' in ended.stderr
        assert '+    - CUSTOM order_paid: {"price": "4"}' in ended.stderr


@POSIX_SIGNALS
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals(number: int, tmp_path: Path) -> None:
    """A signal is passed on to the command, whose status it is that counts."""
    ready = tmp_path / "ready"
    code = (
        "import pathlib, signal, sys, time\n"
        "for name in ('SIGTERM', 'SIGINT', 'SIGHUP'):\n"
        "    signal.signal(getattr(signal, name), lambda number, _: sys.exit(40 + number))\n"
        f"pathlib.Path({str(ready)!r}).touch()\n"
        "time.sleep(60)\n"
    )
    command = [sys.executable, "-c", MAIN, "collector", "run", "--at-least", "0", "--"]
    with subprocess.Popen([*command, sys.executable, "-c", code], stdin=subprocess.DEVNULL) as run:
        deadline = time.monotonic() + 30
        while not ready.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        run.send_signal(number)
        assert run.wait(30) == 40 + number


@POSIX_SIGNALS
def test_ready_json() -> None:
    """The first line of --ready-json says where the collector is; all else goes to stderr."""
    command = [sys.executable, "-c", MAIN, "collector", "--port", "0", "--ready-json"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout
        assert running.stderr
        facts = json.loads(running.stdout.readline())
        assert facts["pid"] == running.pid
        assert facts["page"] == facts["url"] + "/"
        assert facts["token"] is None
        running.send_signal(signal.SIGTERM)
        assert running.stdout.read() == ""
        assert facts["url"] in running.stderr.read()


def test_options_before_run() -> None:
    """Options of the server in front of run, which would not heed them, are refused."""
    command = [sys.executable, "-c", MAIN, "collector", "--strict", "run", "--", "true"]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 2
    assert "--strict must be written after run" in ended.stderr

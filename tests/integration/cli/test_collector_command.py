"""The command as a real process."""

import json
import re
import signal
import threading
import time
from importlib import metadata
from pathlib import Path

import pytest
import urllib3

from delivering.servers import free_port
from growingio_collector import Collector
from growingio_tracker.version import VERSION
from running_command import POSIX_SIGNALS, invoked
from running_command import run as _run
from running_command import send as _send
from running_command import started as _started


@POSIX_SIGNALS
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_collector(number: int) -> None:
    """Events are printed as they come, and a signal ends it cleanly with totals and status 0."""
    with _started() as (command, url):
        _send(url, "加入购物车", "\x1b[2J")
        assert "warn CUSTOM 加入购物车 user=用户" in command.line()
        assert r"CUSTOM \x1b[2J user=" in command.line()
        urllib3.request("POST", f"{url}/v3/projects/p/collect", body=b"")
        assert "bad  request ! The request has no body." in command.line()
        assert command.end(number) == 0
        assert command.rest() == [
            "",
            "Stopped. Requests: 2, events: 3 (0 ok, 2 with warnings, 1 bad).",
        ]


@POSIX_SIGNALS
def test_nothing_came() -> None:
    """A collector that ends without an event says why, and what to do."""
    with _started() as (command, url):
        assert command.end(signal.SIGINT) == 0
        assert command.rest()[2] == "No request has reached the collector."
        assert f"curl {url}/healthy-check" in command.rest()[3]


@POSIX_SIGNALS
def test_signal_with_open_connections() -> None:
    """Idle connections and waiting clients do not hold up the end."""
    with _started() as (command, url), urllib3.PoolManager() as http:
        http.request("GET", f"{url}/healthy-check")
        waiter = threading.Thread(
            target=lambda: urllib3.request("GET", f"{url}/api/v1/wait?timeout=60", retries=False)
        )
        waiter.start()
        start = time.monotonic()
        assert command.end(signal.SIGINT) == 0
        assert time.monotonic() - start < 30
        waiter.join(60)


@POSIX_SIGNALS
def test_db(tmp_path: Path) -> None:
    """A file named with --db keeps what earlier runs received; only what is new is printed."""
    path = tmp_path / "runs.sqlite"
    for count, name in enumerate(["first", "second"], 1):
        with _started("--db", str(path)) as (command, url):
            _send(url, name)
            assert name in command.line()
            assert command.end(signal.SIGINT) == 0
            said = f"Stopped. Requests: {count}, events: {count} ("
            assert command.rest()[-1].startswith(said)


def test_port_taken() -> None:
    """A taken port gives one sentence that says what to do, and status 1."""
    with Collector() as collector:
        ended = invoked("collector", "--port", str(collector.port))
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith(f"Port {collector.port} on 127.0.0.1 is already in use")
    assert ended.stderr.count("\n") == 1


def test_unusable_db(tmp_path: Path) -> None:
    """A file that cannot be used gives one sentence and status 1."""
    port = str(free_port())
    ended = invoked("collector", "--port", port, "--db", str(tmp_path / "missing" / "a.db"))
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)
    assert "cannot be used" in ended.stderr


def test_version() -> None:
    """--version prints the release."""
    assert invoked("--version").stdout == f"growingio_tracker {VERSION}\n"


def test_help_is_quick() -> None:
    """--help names the commands without importing what they need."""
    before = (
        "import atexit, sys; atexit.register(lambda: print("
        "'heavy:', sorted({'starlette', 'uvicorn', 'cramjam', 'sqlite3'} & set(sys.modules))));"
    )
    ended = _run("--help", before=before)
    assert "collector" in ended.stdout
    assert "heavy: []" in ended.stdout


@pytest.mark.parametrize(
    ("missing", "extra"),
    [("typer", "cli"), ("starlette", "collector"), ("uvicorn", "collector"), ("yaml", "collector")],
)
def test_missing_extra(missing: str, extra: str) -> None:
    """Without an optional package there is the line that installs it, and no traceback."""
    block = (
        "import sys\n"
        "class Block:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == {missing!r}: raise ModuleNotFoundError(name=name)\n"
        "sys.meta_path.insert(0, Block())\n"
    )
    ended = _run("collector", before=block)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert f'pip install "growingio_tracker[{extra}]"' in ended.stderr
    assert "Traceback" not in ended.stderr


def test_usage_error() -> None:
    """A port out of range is a usage error."""
    ended = invoked("collector", "--port", "70000")
    assert ended.returncode == 2
    assert "65535" in json.dumps(ended.stderr)


def test_everything_has_tls() -> None:
    """The extra ``all`` installs what --tls and the QR code need."""
    lines = [one.partition(";") for one in metadata.requires("growingio_tracker") or ()]
    names = {re.split(r"[>=<]", name)[0] for name, _, why in lines if re.search(r"\ball\b", why)}
    assert {"cryptography", "segno"} <= names

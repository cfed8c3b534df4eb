"""The options of the command, as a real process."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
import urllib3

from growingio_collector import Collector
from running_command import invoked

MAIN = "from growingio_cli import main; main()"
pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="not here: Windows cannot send Ctrl-C to one process only"
)
EVENT = {
    "eventType": "CUSTOM",
    "eventName": "支付\x1b[2J",
    "timestamp": 1,
    "userId": "用户",
    "dataSourceId": "s1",
}


@contextmanager
def _running(*arguments: str, **environment: str) -> Iterator["_Running"]:
    with subprocess.Popen(
        [sys.executable, "-c", MAIN, "collector", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **environment},
    ) as process:
        try:
            yield _Running(process, process.stderr if "--json" in arguments else process.stdout)
        finally:
            process.kill()


class _Running:
    """A running command, its opening read."""

    def __init__(self, process: "subprocess.Popen[str]", said: "IO[str] | None") -> None:
        self.process = process
        self.opening: list[str] = []
        assert said
        for line in said:
            self.opening.append(line.rstrip("\n"))
            if "Ctrl-C" in line:
                break
        self.urls = re.findall(r"https?://[\d.]+:\d+(?![\d/])", "\n".join(self.opening))

    def send(self, event: object = EVENT) -> int:
        url = f"{self.urls[0]}/v3/projects/p/collect?stm=1"
        return urllib3.request("POST", url, json=[event], retries=False).status

    def end(self) -> tuple[list[str], list[str]]:
        """Return what else it said on both outputs."""
        self.process.send_signal(signal.SIGINT)
        out, err = self.process.communicate(timeout=60)
        assert self.process.returncode == 0
        return out.splitlines(), err.splitlines()


def test_page() -> None:
    """The opening says where the page is."""
    with _running("--port", "0") as command:
        assert f"open {command.urls[0]}/ to see" in command.opening[1]


def test_several_ports() -> None:
    """Every port given collects and is printed."""
    with _running("--port", "0", "--port", "0") as command:
        assert len(set(command.urls)) == 2
        for url in command.urls:
            assert urllib3.request("GET", f"{url}/healthy-check").data == b"OK"


def test_auto_port() -> None:
    """With auto a taken port is no error."""
    with Collector() as other, _running("--port", str(other.port), "--port", "auto") as command:
        assert command.urls[0] != other.url
        assert command.send() == 204


def test_token() -> None:
    """A collector for other machines prints its token, and the page's address holds it."""
    with _running("--port", "0", "--bind", "0.0.0.0") as command:
        url = re.search(r"open (\S+token=(\S+)) to see", command.opening[1])
        assert url
        assert any(line.endswith(url[2]) for line in command.opening[2:])
        assert urllib3.request("GET", f"{command.urls[0]}/api/v1/info").status == 401
        answer = urllib3.request("GET", url[1], redirect=False)
        assert "set-cookie" in answer.headers


def test_json() -> None:
    """Each event is one line of JSON on stdout that no terminal obeys; the rest is on stderr."""
    with _running("--port", "0", "--json") as command:
        assert command.send() == 204
        out, err = command.end()
    [line] = out
    assert json.loads(line)["message"] == EVENT
    assert line.isascii()
    assert "\x1b" not in line
    assert err[-1].startswith("Stopped. Requests: 1, events: 1 (")


def test_quiet() -> None:
    """Nothing is printed about events."""
    with _running("--port", "0", "--quiet") as command:
        command.send()
        out, _ = command.end()
    assert [line for line in out if line] == [
        "Stopped. Requests: 1, events: 1 (0 ok, 1 with warnings, 0 bad)."
    ]


@pytest.mark.parametrize(
    ("arguments", "environment"), [(["--lang", "zh-CN"], {}), ([], {"LC_ALL": "zh_CN.UTF-8"})]
)
def test_chinese(arguments: list[str], environment: dict[str, str]) -> None:
    """Everything it says is Chinese when asked to be, or when the terminal's language is."""
    with _running("--port", "0", *arguments, **environment) as command:
        assert command.opening[0].startswith("GrowingIO 采集器已启动")
        command.send({**EVENT, "userId": 7})
        out, _ = command.end()
    assert "userId 是数字。请以字符串发送" in out[0]
    assert out[-1].startswith("已结束：1 个请求")


def test_strict() -> None:
    """Strict warns about the clients that repeat, and refuses."""
    with _running("--port", "0", "--strict") as command:
        assert any("Java and mini-program" in line for line in command.opening)
        assert command.send({}) == 400


def test_redact_and_bounds(tmp_path: Path) -> None:
    """Hidden keys and bounds reach the collector."""
    options = ["--redact", "userId", "--max-events", "3", "--max-age", "12h"]
    with _running("--port", "0", *options, "--db", str(tmp_path / "a.db")) as command:
        assert any("userId" in line for line in command.opening)
        for _ in range(5):
            command.send()
        api = f"{command.urls[0]}/api/v1"
        found = urllib3.request("GET", f"{api}/events").json()
        limits = urllib3.request("GET", f"{api}/info").json()["limits"]
    assert found["total"] == 3
    assert {event["user_id"] for event in found["events"]} == {"***"}
    assert (limits["max_events"], limits["max_age_s"]) == (3, 12 * 3600)


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--port", "x"], 2, "65535"),
        (["--max-age", "7"], 2, "7d"),
        (["--max-events", "-1"], 2, "max-events"),
        (["--quiet", "--json"], 2, "choose one"),
        (["--bind", "here"], 1, "bind: 'here'"),
        (["--lang", "de"], 2, "zh-CN"),
    ],
)
def test_wrong(arguments: list[str], status: int, said: str) -> None:
    """An option that cannot be meant is refused with its name and what would do."""
    ended = invoked("collector", *arguments)
    assert ended.returncode == status
    assert said in ended.stderr

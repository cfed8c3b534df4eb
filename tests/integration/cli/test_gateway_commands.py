"""Forwarding and replaying as real processes."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import urllib3

from delivering.servers import Server, reply
from delivering.waiting import until
from growingio_collector import Collector, Forwarding
from posted import event
from running_command import invoked

MAIN = "from growingio_cli import main; main()"
POSIX_SIGNALS = pytest.mark.skipif(
    sys.platform == "win32", reason="not here: Windows cannot send Ctrl-C to one process only"
)


class _Running:
    """A collector that has said where it is and where things go."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout
        self._process, self._output = process, process.stdout
        self.opening = "".join(self._output.readline() for _ in range(4))
        self.url = re.findall(r"http://127\.0\.0\.1:\d+", self.opening)[0]

    def end(self, number: int) -> str:
        """Send a signal and return what is said until the end."""
        self._process.send_signal(number)
        self._process.wait(60)
        return self._output.read()


@contextmanager
def _collecting(*arguments: str) -> "Iterator[_Running]":
    command = [sys.executable, "-u", "-c", MAIN, "collector", "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8") as process:
        try:
            yield _Running(process)
        finally:
            process.kill()


def _track(url: str, *names: str, user: str = "u") -> None:
    events = [event(name, user) for name in names]
    target = f"{url}/v3/projects/p/collect"
    assert urllib3.request("POST", target, json=events, retries=False).status == 204


def _stored(path: Path, *names: str) -> None:
    with Collector(db=path) as collector:
        for name in names:
            _track(collector.url, name)


@POSIX_SIGNALS
def test_killed(tmp_path: Path) -> None:
    """After a SIGKILL the next run with the same file forwards what the first answered for."""
    db = str(tmp_path / "a.db")
    with Server() as probe:
        gone = probe.port
    to = f"http://127.0.0.1:{gone}"
    with _collecting("--db", db, "--forward", to) as running:
        for number in range(20):
            _track(running.url, str(number))
        running.end(signal.SIGKILL)
    with Server(port=gone) as server, _collecting("--db", db, "--forward", to) as running:
        server.wait(20)
        said = running.end(signal.SIGINT)
        assert server.names == [str(number) for number in range(20)]
    assert f"Forwarding all requests to {to}." in running.opening
    assert "Requests forwarded: 20, failed: 0, held back: 0, waiting: 0." in said


@POSIX_SIGNALS
def test_lost_at_the_end() -> None:
    """Without --db, what still waits at the end is said to be lost."""
    to = "http://127.0.0.1:1"
    with _collecting("--forward", to, "--forward-only", "good") as running:
        _track(running.url, "a")
        _track(running.url, "")
        said = running.end(signal.SIGINT)
    assert f"requests without invalid events to {to}." in running.opening
    counts = "Requests forwarded: 0, failed: 0, held back: 1, waiting: 1."
    assert f"{counts}\nWaiting requests are lost" in said


@POSIX_SIGNALS
def test_chinese(tmp_path: Path) -> None:
    """With --lang zh-CN the gateway says in Chinese where things go and what became of them."""
    to = "http://127.0.0.1:1"
    options = ("--forward", to, "--lang", "zh-CN", "--exit-code-on", "bad")
    with _collecting("--db", str(tmp_path / "a.db"), *options) as running:
        _track(running.url, "")
        said = running.end(signal.SIGINT)
    assert f"所有请求都会转发到 {to}。" in running.opening
    assert "请求：已转发 0，失败 0，暂不转发 0，等待 1。\n仍在等待的请求，会在下次" in said


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("--forward-sync",), 2, "need --forward URL"),
        (("--forward-ca", __file__), 2, "need --forward URL"),
        (("--forward", "https://h", "--forward-ca", "no.pem"), 2, "no.pem does not exist"),
        (("--forward-only", "good"), 2, "need --forward URL"),
        (("--forward-timeout", "3"), 2, "need --forward URL"),
        (("--forward", "ftp://h"), 1, "forward: 'ftp://h' is not the address"),
        (("--forward", "http://h", "--forward-timeout", "0"), 2, "--forward-timeout has an"),
    ],
)
def test_wrong_options(arguments: tuple[str, ...], status: int, said: str) -> None:
    """An option that cannot be used, or would be ignored, ends the command with a sentence."""
    ended = invoked("collector", "--port", "0", *arguments)
    assert ended.returncode == status
    assert said in ended.stderr


class TestReplay:
    def test_all(self, tmp_path: Path) -> None:
        """Everything stored is sent in its order, counted, and the end is 0."""
        db = tmp_path / "a.db"
        _stored(db, "a", "", "c")
        with Server() as server:
            ended = invoked("replay", str(db), "--to", server.url, "--pace", "1000")
            assert server.names == ["a", "", "c"]
        assert ended.returncode == 0
        assert ended.stdout == f"Sent 3 of 3 requests to {server.url}: 3 arrived, 0 failed.\n"

    @pytest.mark.parametrize(
        ("only", "names"), [("bad", [""]), ("good", ["a", "c"]), ("failed", ["c"])]
    )
    def test_only(self, tmp_path: Path, only: str, names: list[str]) -> None:
        """Only the chosen ones are sent."""
        db = tmp_path / "a.db"
        with Server(204, 204, 400) as first:
            forwarding = Forwarding(url=first.url)
            with Collector(db=db, forwarding=forwarding) as collector:
                for name in ("a", "", "c"):
                    _track(collector.url, name)
                until(lambda: collector.forward_counts()["failed"] == 1)
        with Server() as server:
            ended = invoked("replay", str(db), "--to", server.url, "--only", only)
            assert (ended.returncode, server.names) == (0, names)

    def test_what_cannot_be_sent(self, tmp_path: Path) -> None:
        """Requests to wrong paths are left out."""
        db = tmp_path / "a.db"
        with Collector(db=db) as collector:
            urllib3.request("POST", f"{collector.url}/wrong", json=[{}])
            _track(collector.url, "a")
        with Server() as server:
            ended = invoked("replay", str(db), "--to", server.url)
            assert server.names == ["a"]
        assert "Sent 1 of 1" in ended.stdout

    def test_since(self, tmp_path: Path) -> None:
        """Nothing older than --since is sent."""
        db = tmp_path / "a.db"
        _stored(db, "a")
        with Server() as server:
            to = ("--to", server.url, "--since")
            assert "Sent 0 of 0" in invoked("replay", str(db), *to, "2999-01-01").stdout
            assert "Sent 1 of 1" in invoked("replay", str(db), *to, "2020-01-01T10:00:00").stdout
            assert "Sent 1 of 1" in invoked("replay", str(db), *to, "1d").stdout
            assert "Sent 0 of 0" in invoked("replay", str(db), *to, "0ms").stdout

    @pytest.mark.parametrize("since", ["5x", "yesterday", "5 m", "-1d"])
    def test_since_that_is_no_time(self, tmp_path: Path, since: str) -> None:
        """What is neither a time nor a span is refused with an example of each."""
        db = tmp_path / "a.db"
        _stored(db, "a")
        ended = invoked("replay", str(db), "--to", "http://127.0.0.1:1", f"--since={since}")
        assert ended.returncode == 2
        assert "2024-05-06T07:08:09" in ended.stderr
        assert "5m" in ended.stderr

    def test_failures(self, tmp_path: Path) -> None:
        """What passes is tried again, what is refused is named, safe to print, and the end is 1."""
        db = tmp_path / "a.db"
        _stored(db, "a", "b", "c")
        with Server(503, 204, reply(400, body=b"no \x1b[2J")) as server:
            ended = invoked("replay", str(db), "--to", server.url)
            assert server.names == ["a", "a", "b", "c"]
        assert (ended.returncode, ended.stderr) == (1, "request 2: 400 no \\x1b[2J\n")
        assert "Sent 3 of 3" in ended.stdout
        assert "2 arrived, 1 failed." in ended.stdout

    def test_nobody_there(self, tmp_path: Path) -> None:
        """A server that never answers is given up after three requests."""
        db = tmp_path / "a.db"
        _stored(db, *"abcde")
        ended = invoked("replay", str(db), "--to", "http://127.0.0.1:1")
        assert ended.returncode == 1
        assert "Sent 3 of 5 requests" in ended.stdout
        assert "three times in a row; stopping." in ended.stderr

    def test_chinese(self, tmp_path: Path) -> None:
        """With --lang zh-CN everything that is said is Chinese."""
        db, to = tmp_path / "a.db", "http://127.0.0.1:1"
        _stored(db, *"abcd")
        ended = invoked("replay", str(db), "--to", to, "--lang", "zh-CN")
        assert ended.stdout == f"已向 {to} 发送 3/4 个请求：送达 0，失败 3。\n"
        assert ended.stderr.startswith(f"请求 1：{to}/v3/projects/…/collect 没有响应：连接被拒绝（")
        assert ended.stderr.endswith(f"{to} 连续三次没有响应，不再继续发送。\n")

    @pytest.mark.parametrize("content", [None, b"", b"no database at all, only text" * 100])
    def test_no_store(self, tmp_path: Path, content: bytes | None) -> None:
        """A file that is no store gives one sentence and 1, and is not made."""
        db = tmp_path / "a.db"
        if content is not None:
            db.write_bytes(content)
        ended = invoked("replay", str(db), "--to", "http://127.0.0.1:1")
        assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)
        assert ended.stderr.startswith(str(db))
        assert db.exists() is (content is not None)

    def test_wrong_address(self, tmp_path: Path) -> None:
        """An address that is none is refused by name."""
        ended = invoked("replay", str(tmp_path), "--to", "example.com")
        assert ended.returncode == 2
        ended = invoked("replay", str(tmp_path / "a"), "--to", "example.com")
        assert (ended.returncode, ended.stderr[:4]) == (1, "to: ")

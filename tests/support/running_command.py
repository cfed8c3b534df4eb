"""The ``growingio`` command as a real process."""

import os
import queue
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import pytest
import urllib3
from typer.testing import CliRunner

from delivering.waiting import DEADLINE_S
from growingio_cli.application import app
from posted import event

MAIN = "from growingio_cli import main; main()"
POSIX_SIGNALS = pytest.mark.skipif(
    sys.platform == "win32", reason="not here: Windows cannot send Ctrl-C to one process only"
)


def run(*arguments: str, before: str = "") -> "subprocess.CompletedProcess[str]":
    """Run the command to its end; ``before`` is code that runs first."""
    command = [sys.executable, "-c", before + MAIN, *arguments]
    return subprocess.run(
        command, check=False, capture_output=True, text=True, encoding="utf-8", timeout=120
    )


@contextmanager
def until_sigterm(
    words: Sequence[str],
    environment: Mapping[str, str],
    *,
    within_s: float,
    folder: str | None = None,
) -> Iterator[None]:
    """Run the command inside the block, and end it by SIGTERM; it must end well in time.

    It writes no compiled modules, since ``folder``, where it runs, may take none.
    """
    with subprocess.Popen(
        [sys.executable, "-B", "-c", MAIN, *words],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=dict(environment),
        text=True,
    ) as process:
        try:
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            said, _ = process.communicate(timeout=within_s)
    assert process.returncode == 0, said


class Ended(NamedTuple):
    """What a command came to."""

    returncode: int
    stdout: str
    stderr: str


def invoked(*arguments: str, **environment: str) -> Ended:
    """Run a command to its end in this process, which takes a tenth of the time."""
    environment = {"LC_ALL": "C"} | environment
    result = CliRunner().invoke(app, arguments, env=environment, prog_name="growingio")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return Ended(result.exit_code, result.stdout, result.stderr)


class Command:
    """A running command whose lines can be read with a deadline."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))

    def line(self) -> str:
        return self._lines.get(timeout=DEADLINE_S)

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(DEADLINE_S)

    def rest(self) -> list[str]:
        self._reader.join(DEADLINE_S)
        return list(self._lines.queue)


@contextmanager
def started(*arguments: str) -> Iterator[tuple[Command, str]]:
    """Run ``growingio collector`` on a free port; yields the command and its address."""
    with subprocess.Popen(
        [sys.executable, "-c", MAIN, "collector", "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    ) as process:
        command = Command(process)
        try:
            found = re.search(r"http://127\.0\.0\.1:\d+", command.line())
            assert found
            assert "server host" in command.line()
            assert "Ctrl-C" in command.line()
            yield command, found[0]
        finally:
            if process.poll() is None:
                process.kill()


def send(url: str, *names: str) -> None:
    """Send one good event of each name."""
    events = [event(name, "用户") for name in names]
    answer = urllib3.request("POST", f"{url}/v3/projects/p/collect", json=events)
    assert answer.status == 204

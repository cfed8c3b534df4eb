"""The ``growingio`` command as a real process."""

import os
import queue
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import urllib3

MAIN = "from growingio_tracker.cli import main; main()"
POSIX_SIGNALS = pytest.mark.skipif(
    sys.platform == "win32", reason="not here: Windows cannot send Ctrl-C to one process only"
)


def run(*arguments: str, before: str = "") -> "subprocess.CompletedProcess[str]":
    """Run the command to its end; ``before`` is code that runs first."""
    command = [sys.executable, "-c", before + MAIN, *arguments]
    return subprocess.run(
        command, check=False, capture_output=True, text=True, encoding="utf-8", timeout=30
    )


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
        return self._lines.get(timeout=10)

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(10)

    def rest(self) -> list[str]:
        self._reader.join(10)
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
    events = [
        {"eventType": "CUSTOM", "eventName": name, "timestamp": 1, "userId": "用户"}
        for name in names
    ]
    answer = urllib3.request("POST", f"{url}/v3/projects/p/collect?stm=1", json=events)
    assert answer.status == 204

"""Programs of several processes: written, started, waited for, asked, and ended by their pid."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Final

import urllib3

from delivering.processes import quiet_environment
from delivering.waiting import DEADLINE_S, until

_ADDRESS: Final = re.compile(r"http://127\.0\.0\.1:(\d+)")


def write(folder: Path, code: str, name: str = "program") -> Path:
    """Write ``code`` where it can be run, and imported as ``name``."""
    path = folder / f"{name}.py"
    path.write_text(textwrap.dedent(code), encoding="utf-8")
    return path


class Program:
    """``python -m …``, run in ``folder`` until it is stopped."""

    interpreter: ClassVar[tuple[str, ...]] = (sys.executable, "-W", "ignore", "-m")

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        **environment: str,
    ) -> None:
        self._log = folder / "log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*self.interpreter, *arguments],
                cwd=folder,
                env=quiet_environment(**environment),
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    @property
    def log(self) -> str:
        """What it has printed so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    @property
    def address(self) -> str:
        """The address that it has printed, as soon as somebody listens there."""
        until(lambda: _ADDRESS.search(self.log) or self._has_ended, "an address")
        found = _ADDRESS.search(self.log)
        assert found, self.log
        until(lambda: _listens(int(found[1])), f"listening at {found[0]}")
        return found[0]

    def stop(self) -> int:
        """Ask it to end, as an operator does, and return its exit code."""
        self.ask_to_end()
        return self._process.wait(DEADLINE_S)

    def ask_to_end(self) -> None:
        """Ask it to end, and do not wait."""
        self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        self._process.wait()

    @property
    def _has_ended(self) -> bool:
        return self._process.poll() is not None

    def __enter__(self) -> Program:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if not self._has_ended:
                self.stop()
        finally:
            self.kill()  # one that would not end must not disturb another test


class Command(Program):
    """A command, run in the same way."""

    interpreter = ()


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def ask(address: str, path: str) -> str:
    """Return what the program at ``address`` answers; it must be a success."""
    url, headers = f"{address}/{path}", {"connection": "close"}  # a kept one delays the end
    answer = urllib3.request("GET", url, headers=headers, timeout=DEADLINE_S, retries=False)
    assert answer.status == 200, answer.data
    return answer.data.decode()


def ask_at_once(address: str, paths: list[str]) -> set[str]:
    """Ask for every path, four at a time, and return all that was answered."""
    with ThreadPoolExecutor(4) as threads:
        return set(threads.map(lambda path: ask(address, path), paths))

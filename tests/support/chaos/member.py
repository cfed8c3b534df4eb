"""One process of a run, seen from outside."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from chaos.board import Board, Slot
from chaos.settings import Settings

_SUPPORT = Path(__file__).parents[1]
_PAUSE_S = 0.002
_START_S = 60.0
_END_S = 60.0


class ChaosError(AssertionError):
    """A run cannot go on."""


def wait_for(condition: Callable[[], object], timeout_s: float, what: str) -> None:
    """Return when ``condition`` holds."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise ChaosError(f"{what} did not come true in {timeout_s:.0f} s")
        time.sleep(_PAUSE_S)


class Member:
    """One process that tracks."""

    def __init__(self, settings: Settings, clock_ms: int) -> None:
        self.name = settings.name
        self.board = Board(settings.boards / settings.name, settings.threads)
        self.board[Slot.CLOCK_MS] = clock_ms
        self._errors = settings.errors / settings.name
        environment = {k: v for k, v in os.environ.items() if "proxy" not in k.lower()}
        with self._errors.open("wb") as file:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-W", "error", "-W", "ignore::DeprecationWarning"),
                    *("-m", "chaos.client", msgspec.json.encode(settings).decode()),
                ],
                env={**environment, "PYTHONPATH": str(_SUPPORT)},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
            )

    def wait_ready(self) -> None:
        """Wait until it obeys."""
        wait_for(self._is_ready, _START_S, f"the start of {self}")

    def _is_ready(self) -> bool:
        self.check()
        return bool(self.board[Slot.PID])

    def check(self) -> None:
        """Raise if the process ended by itself."""
        if not self.is_running:
            raise ChaosError(f"{self} ended with {self._process.returncode}:\n{self.said}")

    @property
    def said(self) -> str:
        """What it printed."""
        return self._errors.read_text(errors="replace")

    def __str__(self) -> str:
        return f"process {self.name}"

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def send(self, number: signal.Signals) -> None:
        """Send a signal; to a process that has ended it is none."""
        self._process.send_signal(number)

    def kill(self) -> None:
        self.send(signal.SIGKILL)
        self._process.wait(_END_S)

    def terminate(self) -> None:
        """Send SIGTERM, whose handler exits in order."""
        self.send(signal.SIGTERM)
        self.wait()

    def end(self) -> None:
        self.board[Slot.ENDING] = 1
        self.wait()

    def wait(self, timeout_s: float = _END_S) -> None:
        """Wait for an end in order."""
        wait_for(lambda: not self.is_running, timeout_s, f"the end of {self}")
        if self._process.returncode != 0 or self.said:
            raise ChaosError(f"{self} ended with {self._process.returncode}:\n{self.said}")

"""A child process with inherited output, forwarded signals and a shell's exit status."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import typer

from growingio_wire.said import Said, prefers_chinese

if TYPE_CHECKING:
    from types import FrameType

_NOT_FOUND_STATUS: Final = 127
_NOT_RUN_STATUS: Final = 126
_SIGNALLED: Final = 128

_PASSED_ON: Final = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")
_OF_TERMINAL: Final = frozenset({"SIGINT", "SIGQUIT"})
"""A terminal sends these to the child itself, too."""

_CANNOT_RUN: Final = Said("{command} cannot be run: {why}.", "无法运行 {command}：{why}。")


def status_of(command: list[str], environment: Mapping[str, str]) -> int:
    """Run the command to its end, and return its exit status as a shell would.

    :raises typer.Exit: it cannot be run: 127 when there is no such program, else 126.
    """
    try:
        process = subprocess.Popen(command, env=environment)  # noqa: S603 - given by the user
    except OSError as error:
        said = _CANNOT_RUN.with_values(command=command[0], why=error.strerror)
        typer.echo(said.chosen(chinese=prefers_chinese()), err=True)
        is_missing = isinstance(error, FileNotFoundError)
        raise typer.Exit(_NOT_FOUND_STATUS if is_missing else _NOT_RUN_STATUS) from error
    with process, _passing_on(process):
        status = process.wait()
    return status if status >= 0 else _SIGNALLED - status


@contextmanager
def _passing_on(process: subprocess.Popen[bytes]) -> Generator[None, None, None]:
    """Pass signals on to the process inside the block."""

    def handle(number: int, _frame: FrameType | None) -> None:
        if not (signal.Signals(number).name in _OF_TERMINAL and _has_terminal()):
            process.send_signal(number)

    numbers = [getattr(signal, name) for name in _PASSED_ON if hasattr(signal, name)]
    before = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)


def _has_terminal() -> bool:
    """Tell whether a terminal sends its signals to this process, and so to its command."""
    if sys.platform == "win32":
        return True
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return False

"""Real processes."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

_PROCESS_DEADLINE_S = 120.0


def quiet_environment(**more: str) -> dict[str, str]:
    """Return this process's environment without proxies, and with ``more``."""
    quiet = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    return quiet | more


def run(code: str | Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``code``, or the file it is in, in an interpreter where warnings are errors."""
    program = [str(code)] if isinstance(code, Path) else ["-c", textwrap.dedent(code)]
    return subprocess.run(
        [sys.executable, "-W", "error", *program, *arguments],
        env=quiet_environment(**environment),
        capture_output=True,
        text=True,
        timeout=_PROCESS_DEADLINE_S,
        check=False,
    )


def run_well(code: str | Path, *arguments: str, **environment: str) -> str:
    """Do the same, and return what it printed; it must end well and complain of nothing."""
    ended = run(code, *arguments, **environment)
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stderr
    return ended.stdout

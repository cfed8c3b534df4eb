"""Real processes."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

_PROCESS_DEADLINE_S = 60.0


def run(code: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``code`` in an interpreter of its own, where warnings are errors."""
    quiet = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(code), *arguments],
        env=quiet | environment,
        capture_output=True,
        text=True,
        timeout=_PROCESS_DEADLINE_S,
        check=False,
    )


def run_well(code: str, *arguments: str, **environment: str) -> str:
    """Do the same, and return what it printed; it must end well and complain of nothing."""
    ended = run(code, *arguments, **environment)
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stderr
    return ended.stdout

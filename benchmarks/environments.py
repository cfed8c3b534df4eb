"""The interpreters that are measured: this one, and one with release 1.0.5."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLD_RELEASE = "1.0.5"


def old_release() -> str:
    """Return an interpreter that has release 1.0.5, installed into an environment of its own."""
    environment = ROOT / f".venv-{OLD_RELEASE}"
    python = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    installed = environment / "installed"
    if not installed.exists():
        print(f"installing release {OLD_RELEASE} into an environment of its own", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, f"growingio_tracker=={OLD_RELEASE}"], check=True)
        installed.touch()
    return str(python)

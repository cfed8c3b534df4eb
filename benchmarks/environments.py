"""The interpreters that are measured: this one, and one for each foreign release."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLD_RELEASE = "1.0.5"
OLD_PROTOBUF = f"{OLD_RELEASE}-protobuf"

REQUIREMENTS = {
    OLD_RELEASE: f"growingio_tracker=={OLD_RELEASE}",
    "segment": "segment-analytics-python",
    "posthog": "posthog",
    "mixpanel": "mixpanel",
    "snowplow": "snowplow-tracker",
    "amplitude": "amplitude-analytics",
    "sensors": "SensorsAnalyticsSDK",
    "thinkingdata": "ThinkingDataSdk",
    OLD_PROTOBUF: f"growingio_tracker=={OLD_RELEASE} protobuf<3.21",
}
"""What pip installs for each environment; without a version it is the newest on that day."""

_VERSION_OF = "import importlib.metadata as m, sys; print(m.version(sys.argv[1]))"


def python_with(name: str) -> str:
    """Return an interpreter that has a requirement, installed into an environment of its own."""
    return _python_in(ROOT / f".venv-{name}", REQUIREMENTS[name].split())


def python_with_this() -> str:
    """Return an interpreter that has the wheel last built, and nothing but what that requires."""
    newest = max((ROOT / "dist").glob("*.whl"), key=lambda wheel: wheel.stat().st_mtime)
    return _python_in(ROOT / ".venv-this", [str(newest)], f"{newest} {newest.stat().st_mtime}")


def _python_in(environment: Path, requirements: list[str], stamp: str = "") -> str:
    """Return an environment's interpreter, after installing what its stamp says is not there."""
    python = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    installed = environment / "installed"
    if not installed.exists() or installed.read_text("utf-8") != stamp:
        print(f"installing {' '.join(requirements)} into an environment of its own", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(environment)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *requirements], check=True)
        installed.write_text(stamp, "utf-8")
    return str(python)


def version_of(distribution: str, python: str) -> str:
    """Return the version of a distribution that an interpreter has installed."""
    command = [python, "-c", _VERSION_OF, distribution]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()

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
    environment = ROOT / f".venv-{name}"
    python = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    installed = environment / "installed"
    if not installed.exists():
        print(f"installing {REQUIREMENTS[name]} into an environment of its own", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *REQUIREMENTS[name].split()], check=True)
        installed.touch()
    return str(python)


def version_of(distribution: str, python: str) -> str:
    """Return the version of a distribution that an interpreter has installed."""
    command = [python, "-c", _VERSION_OF, distribution]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()

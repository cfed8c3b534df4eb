"""Throw-away environments with other releases in them."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
import time
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tree import DATA

RELEASE_1_0_5 = (
    "growingio_tracker==1.0.5",
    "protobuf<4",
    "python-snappy",
    "requests",
    "six",
)

PAUSES_S = (5, 20)
"""Pauses before CI asks an index again that did not answer."""


@pytest.fixture(scope="session")
def environment(request: pytest.FixtureRequest) -> Callable[..., str]:
    """Return the interpreter of an environment that has the requirements and nothing else.

    Environments are kept in pytest's cache. One that cannot be made is a failure in CI, and a
    skip elsewhere.
    """

    def interpreter(*requirements: str) -> str:
        name = hashlib.sha256("\n".join((sys.version, *requirements)).encode()).hexdigest()[:16]
        directory = request.config.cache.mkdir("environments") / name
        python = directory / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        complete = directory / "complete"
        if not complete.exists():
            venv.create(directory, clear=True)
            _install(python, requirements)
            complete.touch()
        return str(python)

    return interpreter


def _install(python: Path, requirements: tuple[str, ...]) -> None:
    pip = [sys.executable, "-m", "pip", f"--python={python}", "--disable-pip-version-check"]
    command = [*pip, "install", "--quiet", *requirements]
    in_ci = bool(os.environ.get("CI"))
    for pause_s in PAUSES_S if in_ci else ():
        if subprocess.run(command, capture_output=True, check=False).returncode == 0:
            return
        time.sleep(pause_s)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        refuse = pytest.fail if in_ci else pytest.skip
        refuse(f"pip could not install {' '.join(requirements)}: {done.stderr[-2000:]}")


@pytest.fixture(scope="session")
def release_1_0_5(environment: Callable[..., str]) -> str:
    """The interpreter of an environment with the published release 1.0.5."""
    return environment(*RELEASE_1_0_5)


@pytest.fixture(scope="session")
def run() -> Callable[..., str]:
    """Run a program in a process of its own, and return what it printed."""

    def output(*command: str | Path, **options: Any) -> str:
        done = subprocess.run(
            list(map(str, command)),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            **options,
        )
        assert done.returncode == 0, done.stderr
        return str(done.stdout)

    return output


@pytest.fixture(scope="session")
def java() -> list[tuple[str, bytes]]:
    """The bodies that the Java SDK sent, each with its kind."""
    kinds = {"collect": "event", "item": "item", "user-mapping": "mapping"}
    capture = json.loads((DATA / "captures" / "java-gdp.json").read_text("utf-8"))
    return [
        (kinds[request["target"].rpartition("/")[2]], base64.b64decode(request["body_base64"]))
        for request in capture["requests"]
        if request["method"] == "POST"
    ]

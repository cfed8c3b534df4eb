"""Rules for the whole suite."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

NOT_HERE = "not here: "
"""Begins the reason of a skip that no machine of this kind could avoid, such as fork on Windows."""

_skipped: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and isinstance(report.longrepr, tuple):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        if not reason.startswith(NOT_HERE):
            _skipped.append(f"{report.nodeid}: {reason}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a skip is a failure: it hides what nobody tested."""
    if _skipped and os.environ.get("CI") and session.exitstatus == pytest.ExitCode.OK:
        print("\nskipped in CI, which counts as failed:", *_skipped, sep="\n  ")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="session")
def official_protobuf() -> ModuleType:
    """Our helper that drives the official protobuf library."""
    spec = importlib.util.spec_from_file_location(
        "official_protobuf", DATA / "official_protobuf.py"
    )
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def official(official_protobuf: ModuleType) -> Any:
    """The official library's classes for our field table."""
    return official_protobuf.Official(official_protobuf.tables())


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder into which the site was built as ``make docs`` does, without a warning."""
    folder = tmp_path_factory.mktemp("site")
    build = DATA.parents[1] / "docs" / "_site" / "build.py"
    done = subprocess.run(
        [sys.executable, str(build), str(folder)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return folder

"""Rules for the whole suite."""

from __future__ import annotations

import os

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

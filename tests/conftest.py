"""Rules for the whole suite."""

from __future__ import annotations

import gc
import importlib.util
import os
import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from drawing import examples

NOT_HERE = "not here: "
"""Begins the reason of a skip that no machine of this kind could avoid, such as fork on Windows."""

_skipped: list[str] = []
_failed: list[str] = []
_repeated: list[str] = []

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # What a shell starts in the background ignores Ctrl-C, and so would every process of a test.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.failed:
        _failed.append(f"failed in {report.when}: {report.nodeid}")
    if str(report.outcome) == "rerun":  # an outcome that pytest-rerunfailures adds
        _repeated.append(
            f"repeated, having failed in {report.when}: {report.nodeid}: {_end(report)}"
        )
    if report.skipped and isinstance(report.longrepr, tuple):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        if not reason.startswith(NOT_HERE):
            _skipped.append(f"{report.nodeid}: {reason}")


def _end(report: pytest.TestReport) -> str:
    """Return the end of what a test failed with: nothing else is said of one that passes later."""
    crash = getattr(report.longrepr, "reprcrash", None)
    return " ".join(str(getattr(crash, "message", report.longrepr)).split())[-600:]


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a skip is a failure: it hides what nobody tested."""
    if _skipped and os.environ.get("CI") and session.exitstatus == pytest.ExitCode.OK:
        print("\nskipped in CI, which counts as failed:", *_skipped, sep="\n  ")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        _failed.extend(f"skipped: {one}" for one in _skipped)
    if session.exitstatus and not _failed:
        _failed.append(f"{session.exitstatus!r}")
    _name_failures(session)


def _name_failures(session: pytest.Session) -> None:
    """Add what failed, if only once, to the file that .ci/run shows as the last of all."""
    path = os.environ.get("GROWINGIO_FAILED")
    if path and not hasattr(session.config, "workerinput"):
        own = f"{sys.version_info.major}.{sys.version_info.minor}"
        with Path(path).open("a", encoding="utf-8") as file:
            file.writelines(f"{own}: {one}\n" for one in _repeated + _failed)


# An example may take its time: a machine that is busy is no failure.
settings.register_profile(
    "suite",
    max_examples=examples(100),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("suite")


SPARK = "tests/integration/tracker/spark/"
LONGEST = (
    SPARK,
    "tests/types/test_documented",
    "tests/integration/kafka/test_producing_processes",
    "tests/types/",
    "tests/integration/kafka/",
    "tests/browser/",
    "tests/docs/test_code",
    "tests/compat/",
    "tests/integration/",
)
"""Files that take long, the longest first: one that began last would keep one core busy alone."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the longest files begin."""

    def rank(item: pytest.Item) -> int:
        return next((at for at, one in enumerate(LONGEST) if item.nodeid.startswith(one)), 99)

    items.sort(key=rank)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect no garbage meanwhile: there is none, and looking for it takes a third of the time.

    What tests are made of stays until the end, so that no later collection has to look at it.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Start three processes for each core: tests of servers and processes often wait."""
    return 3 * (os.cpu_count() or 1)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """Let a process take a file at a time, and one all those of Spark, whose engine it then has."""
    from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

    class ByEngine(LoadFileScheduling):  # type: ignore[misc] # it has no types
        def _split_scope(self, nodeid: str) -> str:
            return SPARK if nodeid.startswith(SPARK) else super()._split_scope(nodeid)

    return ByEngine(config, log)


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
    """The folder into which the site was built as ``make docs`` does, without a warning.

    GROWINGIO_SITE names one that was built already.
    """
    if built := os.environ.get("GROWINGIO_SITE"):
        return Path(built).absolute()
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

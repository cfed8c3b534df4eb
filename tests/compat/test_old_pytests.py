"""The pytest plugin under older releases of pytest."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

import growingio_tracker

PACKAGES: Final = (
    "growingio_collector",
    "growingio_tracker",
    "growingio_tracker_pytest",
    "growingio_wire",
)
NEEDED: Final = ("msgspec", "urllib3", "starlette", "uvicorn", "cramjam", "pyyaml")

TESTS: Final = """
import urllib.request

from growingio_tracker import DefaultConsumer, GrowingTracker

def track(server_host):
    consumer = DefaultConsumer("p", "d", server_host)
    GrowingTracker.consumer(consumer).track_custom_event("pay", login_user_id="u1")

def test_without(): pass

def test_recorded(growingio_events):
    track("http://127.0.0.1:1")
    growingio_events.assert_tracked("pay", count=1)

def test_received(growingio_collector, growingio_collector_session):
    track(growingio_collector.url)
    growingio_collector.wait_for("pay")

def test_reported(growingio_collector):
    track(growingio_collector.url)
    assert False
"""


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder that holds our packages, and the entry point of the plugin, and nothing else."""
    folder = tmp_path / "installed"
    source = Path(growingio_tracker.__file__).parents[1]
    for package in PACKAGES:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(source / package, folder / package, ignore=ignored)
    metadata = folder / "growingio_tracker-2.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Name: growingio_tracker\nVersion: 2\n", encoding="utf-8")
    plugin = "[pytest11]\ngrowingio_tracker_pytest = growingio_tracker_pytest\n"
    (metadata / "entry_points.txt").write_text(plugin, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    "requirements",
    [
        pytest.param(
            ("pytest==6.2.5",),
            marks=pytest.mark.skipif(
                sys.version_info >= (3, 12), reason="not here: older than this Python"
            ),
        ),
        pytest.param(("pytest==7.1.3", "pluggy==1.0.0"), marks=pytest.mark.once),
        pytest.param(("pytest==7.4.4",), marks=pytest.mark.once),
    ],
    ids=" ".join,
)
def test_j3_plugin(
    tmp_path: Path,
    installed: Path,
    environment: Callable[..., str],
    run: Callable[..., str],
    requirements: tuple[str, ...],
) -> None:
    """J3: an older pytest loads the plugin, its fixtures work, and failures list arrivals."""
    python = environment(*requirements, *NEEDED)
    (tmp_path / "test_it.py").write_text(TESTS, encoding="utf-8")
    # anyio, which the collector needs, has a plugin that does not know pytest 6.2.
    options = ["-p", "no:cacheprovider", "-p", "no:anyio", "test_it.py"]
    path = f"import sys; sys.path.insert(0, {str(installed)!r})\n"
    program = f"{path}import pytest; pytest.main({options!r})"
    said = run(python, "-c", program, cwd=tmp_path)
    assert "1 failed, 3 passed" in said, said
    assert "GrowingIO collector" in said
    assert "pay" in said.partition("GrowingIO collector")[2]

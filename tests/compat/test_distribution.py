"""The source archive: what is in it, and that it builds the same wheel as the tree."""

from __future__ import annotations

import tarfile
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

from tree import ROOT

TOP = {
    ".github", "benchmarks", "docs", "examples", "legacy", "src", "tests",
    "build_core.py", "Makefile", "pyproject.toml", "PKG-INFO", ".gitignore",
    "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md", "README.zh-CN.md", "SECURITY.md",
}  # fmt: skip
STRAY = ("__pycache__", ".so", ".pyd", ".pyc", ".egg-info")


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the archive of this tree, and return the folder that comes out of it."""
    folder = tmp_path_factory.mktemp("sdist")
    [archive] = SdistBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])
    with tarfile.open(archive) as content:
        content.extractall(folder, filter="data")
    [root] = (found for found in folder.iterdir() if found.is_dir())
    return root


def _wheel_of(tree: Path, target: Path) -> list[str]:
    [wheel] = WheelBuilder(str(tree)).build(directory=str(target), versions=["standard"])
    with zipfile.ZipFile(wheel) as content:
        return sorted(content.namelist())


def test_archive_holds_the_project_and_nothing_else(unpacked: Path) -> None:
    """The archive has sources, tests and Makefile at its top, and no product of a build."""
    assert {found.name for found in unpacked.iterdir()} <= TOP
    assert {"Makefile", "tests", "src"} <= {found.name for found in unpacked.iterdir()}
    assert not [path for path in unpacked.rglob("*") if path.name.endswith(STRAY)]


def test_archive_has_every_source(unpacked: Path) -> None:
    """Every file of Python and C under src and tests is in the archive."""
    for top in ("src", "tests"):
        here, there = (
            {path.relative_to(tree) for kind in ("*.py", "*.[ch]") for path in tree.rglob(kind)}
            for tree in (ROOT / top, unpacked / top)
        )
        assert here == there


def test_archive_builds_the_same_wheel(
    unpacked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wheel that is built from the archive has the same files as the one from the tree."""
    monkeypatch.setenv("GROWINGIO_PURE", "1")
    assert _wheel_of(unpacked, tmp_path / "a") == _wheel_of(ROOT, tmp_path / "b")

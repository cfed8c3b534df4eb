"""Builds of the distribution: with the compiled core, and without it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

from tree import ROOT

HAS_COMPILER = shutil.which((sysconfig.get_config_var("CC") or "cl").split()[0]) is not None
SAYS_PURE = "The core is pure Python, slower and otherwise the same: "


def build(folder: Path, target: str = "wheel", **environment: str) -> tuple[Path, str]:
    """Return what was built, and what the build said."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)]
    inherited = {key: value for key, value in os.environ.items() if key != "GROWINGIO_PURE"}
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    [built] = folder.iterdir()
    return built, done.stdout + done.stderr


def names_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def chosen_core(wheel: Path, folder: Path, **environment: str) -> str:
    """Return the core that the wheel's own code chooses."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    program = "from growingio_tracker import core; print(core.ProtobufList.__module__)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "GROWINGIO_PURE": "", **environment, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
    )
    return done.stdout.strip()


@pytest.mark.skipif(not HAS_COMPILER, reason="not here: there is no C compiler")
def test_compiled(tmp_path: Path) -> None:
    """With a compiler the wheel has the compiled core, for every version of one platform."""
    wheel, said = build(tmp_path / "dist")
    expected = r"cp310-abi3-\w+"
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        expected = r"cp3\d+-cp3\d+t-\w+"
    assert re.fullmatch(rf"growingio_tracker-2\.[\w.]+-{expected}\.whl", wheel.name)
    assert SAYS_PURE not in said
    assert chosen_core(wheel, tmp_path / "site") == "growingio_tracker.core.compiled"
    pure = "growingio_tracker.core.pure"
    assert chosen_core(wheel, tmp_path / "site", GROWINGIO_PURE="1") == pure


@pytest.mark.parametrize(
    ("environment", "reason"),
    [({"CC": "false"}, "false"), ({"GROWINGIO_PURE": "1"}, "GROWINGIO_PURE=1 asks for it")],
)
def test_pure(tmp_path: Path, environment: dict[str, str], reason: str) -> None:
    """Without a compiler, or if asked, the build succeeds with the pure core and says so once."""
    if os.name == "nt" and "CC" in environment:
        pytest.skip("not here: the compiler is not chosen by a variable")
    wheel, said = build(tmp_path / "dist", **environment)
    assert wheel.name.endswith("-py3-none-any.whl")
    [line] = [line for line in said.splitlines() if SAYS_PURE in line]
    assert reason in line.partition(SAYS_PURE)[2]
    assert chosen_core(wheel, tmp_path / "site") == "growingio_tracker.core.pure"


def test_contents(tmp_path: Path) -> None:
    """A wheel has every package with its data, and no C; a source distribution has the C."""
    wheel, _ = build(tmp_path / "wheel", GROWINGIO_PURE="1")
    sources, _ = build(tmp_path / "sdist", "sdist")
    in_wheel = {name for name in names_in(wheel) if ".dist-info/" not in name}
    with tarfile.open(sources) as archive:
        in_sources = {name.partition("/")[2] for name in archive.getnames()}
    tracked = {
        str(path.relative_to(ROOT).as_posix())
        for path in (ROOT / "src").rglob("*")
        if path.is_file() and not re.search(r"__pycache__|\.so$|\.pyd$|\.egg-info", str(path))
    }
    c_files = {name for name in tracked if name.endswith((".c", ".h"))}
    assert in_wheel == {name.removeprefix("src/") for name in tracked - c_files}
    assert tracked <= in_sources
    assert c_files
    assert "build_core.py" in in_sources

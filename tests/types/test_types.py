"""The types that a user sees (promise I1)."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import growingio_tracker

PROGRAM = Path(__file__).with_name("user_program.py")


def _run(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a checker in a directory where it finds no configuration but what is put there."""
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of a user's, with one file in it."""
    (tmp_path / "program.py").write_text(PROGRAM.read_text("utf-8"), "utf-8")
    (tmp_path / "pyrightconfig.json").write_text(
        json.dumps({"typeCheckingMode": "strict", "include": ["program.py"]}), "utf-8"
    )
    return tmp_path


def _pyright(project: Path, *arguments: str) -> dict[str, Any]:
    done = _run(project, "basedpyright", "--pythonpath", sys.executable, "--outputjson", *arguments)
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def _mypy(project: Path, cache: Path) -> subprocess.CompletedProcess[str]:
    strict = ("--strict", "--disallow-any-unimported", f"--cache-dir={cache}")
    return _run(project, "mypy", *strict, "program.py")


def test_i1_mypy(project: Path, mypy_cache: Path) -> None:
    """I1: mypy --strict finds no error in a user's program, and no Any in what it gets from us."""
    done = _mypy(project, mypy_cache)
    assert done.stdout.startswith("Success"), done.stdout + done.stderr


def test_i1_pyright(project: Path) -> None:
    """I1: strict pyright finds no error and nothing unknown in a user's program."""
    assert _pyright(project)["generalDiagnostics"] == []


def test_i1_checkers_see_mistakes(project: Path, mypy_cache: Path) -> None:
    """I1: both checkers find mistakes in the same program, so they do read our types."""
    program = project / "program.py"
    lines = program.read_text("utf-8").splitlines()
    lines += ["", "", "def wrong(tracker: GrowingTracker) -> None:"]
    mistakes = ["    tracker.track_user(attributes=5)", "    tracker.no_such_call()"]
    program.write_text("\n".join([*lines, *mistakes, ""]), "utf-8")
    expected = {len(lines) + 1, len(lines) + 2}
    said = _mypy(project, mypy_cache).stdout
    assert {int(line) for line in re.findall(r"program\.py:(\d+): error", said)} == expected
    found = _pyright(project)["generalDiagnostics"]
    assert {one["range"]["start"]["line"] + 1 for one in found} == expected


def test_i1_program_uses_everything_public() -> None:
    """I1: the program that is checked uses every name that the package exports."""
    program = PROGRAM.read_text("utf-8")
    assert [name for name in growingio_tracker.__all__ if name not in program] == []

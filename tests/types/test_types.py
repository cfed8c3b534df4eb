"""The types that a user sees (promise I1)."""

from __future__ import annotations

import json
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


def test_i1_mypy(project: Path) -> None:
    """I1: mypy --strict finds no error in a user's program, and no Any in what it gets from us."""
    strict = ("--strict", "--disallow-any-unimported", "--no-incremental")
    done = _run(project, "mypy", *strict, "program.py")
    assert done.stdout.startswith("Success"), done.stdout + done.stderr


def test_i1_pyright(project: Path) -> None:
    """I1: strict pyright finds no error and nothing unknown in a user's program."""
    assert _pyright(project)["generalDiagnostics"] == []


@pytest.mark.parametrize("mistake", ["tracker.track_user(attributes=5)", "tracker.no_such_call()"])
def test_i1_checkers_see_mistakes(project: Path, mistake: str) -> None:
    """I1: both checkers find a mistake in the same program, so they do read our types."""
    program = project / "program.py"
    program.write_text(
        program.read_text("utf-8")
        + f"\n\ndef wrong(tracker: GrowingTracker) -> None:\n    {mistake}\n",
        "utf-8",
    )
    assert _run(project, "mypy", "--strict", "--no-incremental", "program.py").returncode == 1
    assert _pyright(project)["generalDiagnostics"]


def test_i1_program_uses_everything_public() -> None:
    """I1: the program that is checked uses every name that the package exports."""
    program = PROGRAM.read_text("utf-8")
    assert [name for name in growingio_tracker.__all__ if name not in program] == []

"""The example shop passes what its recipe for CI asks of it."""

from __future__ import annotations

import subprocess
import sys

import yaml

from running_command import invoked
from tree import ROOT

SHOP = ROOT / "examples" / "typed_shop"


def test_module_is_as_made() -> None:
    """The module is what the command writes, byte for byte."""
    made = invoked("codegen", str(SHOP / "plan.yaml")).stdout
    assert (SHOP / "events.py").read_text("utf-8") == made


def test_status() -> None:
    """Everything that is planned is called, and nothing else."""
    assert invoked("codegen", "status", str(SHOP), "--all-called").returncode == 0


def test_tests() -> None:
    """The shop's own tests pass."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "typed_shop"]
    done = subprocess.run(command, cwd=SHOP.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_recipe() -> None:
    """The recipe runs all of these."""
    recipe = yaml.safe_load((SHOP / "ci.yml").read_text("utf-8"))
    run = "\n".join(step.get("run", "") for step in recipe["jobs"]["tracking"]["steps"])
    for command in ("plan check", "--check", "mypy", "pytest", "codegen status"):
        assert command in run

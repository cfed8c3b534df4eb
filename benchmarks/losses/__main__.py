"""Put every SDK through every scenario, and write the tables.

With arguments, only those scenarios are run, and the page keeps its tables.
"""

from __future__ import annotations

import asyncio
import json
import sys

from benchmarks.environments import ROOT
from benchmarks.losses.experiment import Outcome, run
from benchmarks.losses.page import write_page
from benchmarks.losses.scenarios import SCENARIOS, Scenario
from benchmarks.losses.subjects import SUBJECTS, Subject

AT_ONCE = 3
RESULTS = ROOT / "benchmarks" / "results" / "losses.json"

Outcomes = dict[tuple[Subject, Scenario], Outcome]


def main() -> None:
    asked = sys.argv[1:]
    scenarios = [scenario for scenario in SCENARIOS if not asked or scenario.name in asked]
    for subject in SUBJECTS:
        subject.python()  # installs it
    outcomes = asyncio.run(run_all(SUBJECTS, scenarios))
    write_results(outcomes)
    if not asked:
        write_page(outcomes)


async def run_all(subjects: tuple[Subject, ...], scenarios: list[Scenario]) -> Outcomes:
    turns = asyncio.Semaphore(AT_ONCE)
    outcomes: Outcomes = {}

    async def take_turn(subject: Subject, scenario: Scenario) -> None:
        async with turns:
            outcome = await run(subject, scenario)
        outcomes[subject, scenario] = outcome
        client = subject.client.rpartition(".")[2]
        print(f"{scenario.name:12} {client:17} {describe(outcome)}", flush=True)

    pairs = [(subject, scenario) for scenario in scenarios for subject in subjects]
    await asyncio.gather(*(take_turn(*pair) for pair in pairs))
    return {pair: outcomes[pair] for pair in pairs}


def describe(outcome: Outcome) -> str:
    return (
        f"lost {outcome.lost} of {outcome.accepted}, duplicated {outcome.duplicated}, "
        f"{outcome.seconds} s{', killed' if outcome.cut_off else ''}; {outcome.said[:1]}"
    )


def write_results(outcomes: Outcomes) -> None:
    rows = [
        {"client": subject.client, "version": subject.version(), "scenario": scenario.name}
        | outcome._asdict()
        for (subject, scenario), outcome in outcomes.items()
    ]
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    print(f"every figure: {RESULTS.relative_to(ROOT)}")


if __name__ == "__main__":
    main()

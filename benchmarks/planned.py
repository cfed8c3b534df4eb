"""What typed events cost: a generated call beside ``track_custom_event``, and the type checker.

``python -m benchmarks.planned`` prints both. The checker reads the same program twice, with plain
calls and with generated ones; the difference is what the generated module costs.
"""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from growingio_cli.codegen.writing import write_module
from growingio_tracker import AsyncBufferedConsumer, GrowingTracker
from growingio_tracker.testing import MemoryTransport
from growingio_wire.plan import Plan, Planned, Property

ORDER = {
    "amount": Property("number", required=True),
    "channel": Property("string", required=True, enum=("web", "app")),
    "coupon": Property("string"),
}
HOUR_S = 3600
CALLS = 2_000
ROUNDS = 20
EVENTS = 500


class CallCosts(NamedTuple):
    """Nanoseconds of CPU time that a call takes, the least of many rounds."""

    plain: float
    generated: float


def plan(events: int) -> Plan:
    """Return a plan of so many events with three attributes each."""
    return Plan({f"order_paid_{number}": Planned(attributes=ORDER) for number in range(events)})


def call_costs(rounds: int = ROUNDS) -> CallCosts:
    """Measure both ways in turn, so that a busy machine slows down both."""
    module = ModuleType("events")
    exec(write_module(plan(1), "plan"), module.__dict__)
    order_paid = module.order_paid_0

    def plain(tracker: GrowingTracker) -> None:
        tracker.track_custom_event(
            "order_paid_0",
            login_user_id="user-1",
            attributes={"amount": 12.5, "channel": "web", "coupon": "ABCD"},
        )

    def generated(tracker: GrowingTracker) -> None:
        order_paid(tracker, amount=12.5, channel="web", coupon="ABCD", login_user_id="user-1")

    pairs = [(_round(plain), _round(generated)) for _ in range(rounds)]
    return CallCosts(min(one for one, _ in pairs), min(one for _, one in pairs))


def _round(call: Callable[[GrowingTracker], None]) -> float:
    consumer = AsyncBufferedConsumer(
        *("p", "d", "http://x.example"), flush_after=HOUR_S, transport=MemoryTransport()
    )
    with GrowingTracker.consumer(consumer) as tracker:
        call(tracker)
        gc.collect()
        gc.disable()
        begin = time.thread_time_ns()
        for _ in range(CALLS):
            call(tracker)
        spent = time.thread_time_ns() - begin
        gc.enable()
        return spent / CALLS


def checking_seconds(events: int = EVENTS, repeats: int = 3) -> dict[str, float]:
    """Return the seconds that mypy takes for a program of so many calls, plain and generated."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "events.py").write_text(write_module(plan(events), "plan"), encoding="utf-8")
        for program, lines in {"plain": _plain(events), "generated": _generated(events)}.items():
            (folder / f"{program}.py").write_text("\n".join(lines) + "\n", encoding="utf-8")
        (folder / "warm.py").write_text("import growingio_tracker.planned\n", encoding="utf-8")
        _mypy(folder, "warm.py", "warm")
        return {
            program: min(_checked(folder, f"{program}.py") for _ in range(repeats))
            for program in ("plain", "generated")
        }


def _plain(events: int) -> list[str]:
    call = 'login_user_id="u", attributes={"amount": 1.5, "channel": "web"}'
    return [
        "from growingio_tracker import GrowingTracker",
        "def run(tracker: GrowingTracker) -> None:",
        *(
            f'    tracker.track_custom_event("order_paid_{number}", {call})'
            for number in range(events)
        ),
    ]


def _generated(events: int) -> list[str]:
    call = 'tracker, login_user_id="u", amount=1.5, channel="web"'
    return [
        "import events",
        "from growingio_tracker import GrowingTracker",
        "def run(tracker: GrowingTracker) -> None:",
        *(f"    events.order_paid_{number}({call})" for number in range(events)),
    ]


def _checked(folder: Path, file: str) -> float:
    """Return the seconds of CPU time for the program; what it imports was checked before."""
    shutil.rmtree(folder / "cache", ignore_errors=True)
    shutil.copytree(folder / "warm", folder / "cache")
    before = os.times()
    _mypy(folder, file, "cache")
    after = os.times()
    return (after.children_user + after.children_system) - (
        before.children_user + before.children_system
    )


def _mypy(folder: Path, file: str, cache: str) -> None:
    command = [sys.executable, "-m", "mypy", "--strict", f"--cache-dir={cache}", file]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def main() -> None:
    costs = call_costs()
    print(f"a plain call: {costs.plain:.0f} ns, generated: {costs.generated:.0f} ns")
    seconds = checking_seconds()
    more = seconds["generated"] - seconds["plain"]
    print(f"mypy, {EVENTS} events: {seconds['plain']:.2f} s, generated: +{more:.2f} s")


if __name__ == "__main__":
    main()

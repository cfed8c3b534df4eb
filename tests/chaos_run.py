"""A long run of the chaos suite, or one of its runs again.

    python tests/chaos_run.py --events 1000000 --faults 220 --tls --write

It ends with 1 if an event was lost or something else is not as promised. A run can be repeated
with the seed that it names; what falls between two steps is up to the machine.
"""

from __future__ import annotations

import argparse
import platform
import random
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import get_args

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from chaos.course import Result, run  # noqa: E402
from chaos.figures import Figures, column, in_chinese, render, with_figures  # noqa: E402
from chaos.schedule import Overflow, Strategy, plan  # noqa: E402

PAGES = [ROOT / "docs" / name for name in ("promises.md", "promises.zh-CN.md")]
STRATEGIES: tuple[Strategy, ...] = ("durable", "async")
TELL_EVERY_S = 5.0


def main() -> int:
    options = _options()
    print(f"seed {options.seed}", flush=True)
    results = [_run(strategy, options) for strategy in options.strategy or STRATEGIES]
    head = f"{date.today().isoformat()}, Python {platform.python_version()}, seed {options.seed}:"
    text = render(Figures(head, {one.plan.strategy: column(one) for one in results}))
    print(text)
    objections = [line for one in results for line in one.balance.objections]
    print(*objections, sep="\n")
    if options.write and not objections:
        for page, figures in zip(PAGES, (text, in_chinese(text)), strict=True):
            page.write_text(with_figures(page.read_text("utf-8"), figures), "utf-8")
    return bool(objections)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--faults", type=int, default=220)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--strategy", choices=STRATEGIES, action="append")
    parser.add_argument("--overflow", choices=get_args(Overflow), default="block")
    parser.add_argument("--tls", action="store_true", help="serve HTTPS")
    parser.add_argument(
        "--write", action="store_true", help=f"put the figures into {PAGES[0].name}"
    )
    return parser.parse_args()


def _run(strategy: Strategy, options: argparse.Namespace) -> Result:
    planned = plan(
        options.seed,
        strategy,
        events=options.events,
        faults=options.faults,
        tls=options.tls,
        overflow=options.overflow,
    )
    print(f"{strategy}: {planned.events} events, {planned.faults} faults", flush=True)
    with tempfile.TemporaryDirectory() as directory:
        return run(planned, Path(directory), _teller())


def _teller() -> Callable[[int, int], None]:
    began = told = time.monotonic()

    def tell(events: int, faults: int) -> None:
        nonlocal told
        if time.monotonic() > told + TELL_EVERY_S:
            told = time.monotonic()
            print(f"  {told - began:4.0f} s {events:9,} events {faults:4} faults", flush=True)

    return tell


if __name__ == "__main__":
    sys.exit(main())

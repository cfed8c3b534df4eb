"""A long run of the chaos suite, or one of its runs again.

    python tests/chaos_run.py --events 1000000 --faults 220 --tls --write

It ends with 1 if an event was lost or something else is not as promised. A run can be repeated
with the seed that it names; what falls between two steps is up to the machine.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import get_args

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from chaos.course import Result, run  # noqa: E402
from chaos.figures import BLOCK, Figures, column, render  # noqa: E402
from chaos.long_run import arguments, head, teller, write  # noqa: E402
from chaos.schedule import Overflow, Strategy, plan  # noqa: E402

PAGES = [ROOT / "docs" / name for name in ("promises.md", "promises.zh-CN.md")]
STRATEGIES: tuple[Strategy, ...] = ("durable", "async")


def main() -> int:
    options = _options()
    print(f"seed {options.seed}", flush=True)
    results = [_run(strategy, options) for strategy in options.strategy or STRATEGIES]
    text = render(Figures(head(options.seed), {one.plan.strategy: column(one) for one in results}))
    print(text)
    objections = [line for one in results for line in one.balance.objections]
    print(*objections, sep="\n")
    if options.write and not objections:
        write(BLOCK, PAGES, text)
    return bool(objections)


def _options() -> argparse.Namespace:
    parser = arguments(__doc__, 220, PAGES[0])
    parser.add_argument("--strategy", choices=STRATEGIES, action="append")
    parser.add_argument("--overflow", choices=get_args(Overflow), default="block")
    parser.add_argument("--tls", action="store_true", help="serve HTTPS")
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
        return run(planned, Path(directory), teller())


if __name__ == "__main__":
    sys.exit(main())

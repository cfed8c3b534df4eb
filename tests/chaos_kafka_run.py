"""A long run of the chaos suite for Kafka, or one of its runs again.

    python tests/chaos_kafka_run.py --events 1000000 --faults 200 --write

It ends with 1 if an event was lost or something else is not as promised. A run can be repeated
with the seed that it names; what falls between two steps is up to the machine.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from brokers import running_broker  # noqa: E402
from chaos.long_run import arguments, head, teller, write  # noqa: E402
from chaos_kafka.course import run  # noqa: E402
from chaos_kafka.figures import BLOCK, Figures, numbers, render  # noqa: E402
from chaos_kafka.schedule import plan  # noqa: E402

PAGES = [ROOT / "docs" / name for name in ("kafka.md", "kafka.zh-CN.md")]


def main() -> int:
    options = arguments(__doc__, 200, PAGES[0]).parse_args()
    planned = plan(options.seed, events=options.events, faults=options.faults)
    print(f"seed {options.seed}: {planned.events} events, {planned.faults} faults", flush=True)
    with running_broker() as broker, tempfile.TemporaryDirectory() as directory:
        result = run(planned, Path(directory), broker, teller())
    text = render(Figures(head(options.seed), numbers(result)))
    print(text, *sorted(result.balance.repeated.items()), sep="\n")
    print(*result.balance.objections, sep="\n")
    if options.write and not result.balance.objections:
        write(BLOCK, PAGES, text)
    return bool(result.balance.objections)


if __name__ == "__main__":
    sys.exit(main())

"""Throw random requests at a collector, and damage what it has stored, for as long as you like.

    python tests/collector_fuzz.py [--seconds 3600] [--seed N]

Every request must be answered and be a row, and every view must answer. The seed makes a run again.
"""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))

from collector_fuzzing import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    asked = parser.parse_args()
    print(f"seed {asked.seed}", flush=True)
    print(f"{run(asked.seed, asked.seconds):,} requests; nothing broke")


if __name__ == "__main__":
    main()

"""A collector in a process of its own; prints its port, and ends with its standard input."""

from __future__ import annotations

import sys

from growingio_collector import Collector


def main() -> None:
    with Collector() as collector:
        print(collector.port, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()

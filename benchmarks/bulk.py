"""Measure the import of files: rows a second, processor time, and memory, against the sink.

``python -m benchmarks.bulk [--rows 1000000] [--workers 2]``. Run it on a machine that has nothing
else to do; the processor's time for a row holds on a busy one, too, and includes the sink's.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from benchmarks.measure import running_sink
from growingio_tracker import DefaultConsumer
from growingio_tracker.bulk import import_files

AIM_ROWS_S = 100_000
_HEADER = "event_name,user_id,event_time,sku,price,count,note,province\n"
_NO_MATTER = "some text here"


def _csv(file: TextIO, rows: int) -> None:
    file.write(_HEADER)
    for row in range(rows):
        at = 1_700_000_000_000 + row
        file.write(f"order_paid,u{row:08},{at},sku-{row % 100},15.5,2,{_NO_MATTER},广东\n")


def _ndjson(file: TextIO, rows: int) -> None:
    for row in range(rows):
        file.write(
            f'{{"event_name":"order_paid","user_id":"u{row:08}","event_time":'
            f'{1_700_000_000_000 + row},"sku":"sku-{row % 100}","price":15.5,"count":2,'
            f'"note":"{_NO_MATTER}","province":"广东"}}\n'
        )


WRITERS: dict[str, Callable[[TextIO, int], None]] = {"csv": _csv, "ndjson": _ndjson}


def _cpu_s() -> float:
    mine, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, -1))
    return mine.ru_utime + mine.ru_stime + children.ru_utime + children.ru_stime


def measure(name: str, rows: int, workers: int) -> float:
    """Import one file, print what it took, and return the rows a second."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"rows.{name}"
        with path.open("w", encoding="utf-8") as file:
            WRITERS[name](file, rows)
        used = _cpu_s()
        with running_sink() as server:
            start = f"{server}/?marker=order_paid&answer=ok"
            urllib.request.urlopen(start, timeout=10).close()
            begin = time.perf_counter()
            summary = import_files([path], DefaultConsumer("p", "d", server), workers=workers)
            seconds = time.perf_counter() - begin
            with urllib.request.urlopen(server, timeout=10) as answer:
                arrived = json.load(answer)[0]
        used = _cpu_s() - used
    assert (summary.delivered, arrived) == (rows, rows)
    peak_mb = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, -1)) / 1024
    print(
        f"{name:7}{rows:>11,} rows, {workers} workers: {rows / seconds:>9,.0f} rows/s, "
        f"{used / rows * 1e6:5.1f} µs of processors a row, largest process {peak_mb:.0f} MB, "
        f"load {os.getloadavg()[0]:.1f}",
        flush=True,
    )
    return rows / seconds


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bulk", description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    rates = [measure(name, rows, asked.workers) for name in WRITERS for rows in asked.rows]
    print(f"the aim is {AIM_ROWS_S:,} rows/s with two workers")
    return 0 if min(rates) >= AIM_ROWS_S else 1


if __name__ == "__main__":
    sys.exit(main())

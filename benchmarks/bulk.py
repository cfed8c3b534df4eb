"""Measure imports: rows a second, processor time, and memory, against the sink.

``python -m benchmarks.bulk [--only csv sql] [--rows 100000 1000000] [--workers 2]``. Run it
on a machine that has nothing else to do; the processor's time for a row holds on a busy one, too,
and includes the sink's. Each import runs in a process of its own, so that its memory is its own.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pyarrow
import pyarrow.parquet

from benchmarks.environments import ROOT
from benchmarks.measure import running_sink
from growingio_tracker import DefaultConsumer
from growingio_tracker.bulk import Query, import_files

AIMS_ROWS_S = {"csv": 160_000, "ndjson": 160_000}
FLAT = 1.1
"""The memory of the largest import, beside that of the smallest, at most."""

_COLUMNS = ("event_name", "user_id", "event_time", "sku", "price", "count", "note", "province")
_NO_MATTER = "some text here"
_GROUP_ROWS = 50_000


def _cells(rows: int) -> Iterator[tuple[object, ...]]:
    for row in range(rows):
        at, sku = 1_700_000_000_000 + row, f"sku-{row % 100}"
        yield "order_paid", f"u{row:08}", at, sku, 15.5, 2, _NO_MATTER, "广东"


def _csv(path: Path, rows: int) -> Path:
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(_COLUMNS) + "\n")
        file.writelines(",".join(map(str, cells)) + "\n" for cells in _cells(rows))
    return path


def _ndjson(path: Path, rows: int) -> Path:
    with path.open("w", encoding="utf-8") as file:
        for cells in _cells(rows):
            file.write(json.dumps(dict(zip(_COLUMNS, cells, strict=True)), ensure_ascii=False))
            file.write("\n")
    return path


def _parquet(path: Path, rows: int) -> Path:
    source, writer = _cells(rows), None
    while group := list(islice(source, _GROUP_ROWS)):
        columns = dict(zip(_COLUMNS, map(list, zip(*group, strict=True)), strict=True))
        table = pyarrow.table(columns)
        writer = writer or pyarrow.parquet.ParquetWriter(path, table.schema)
        writer.write_table(table)
    assert writer is not None
    writer.close()
    return path


def _sql(path: Path, rows: int) -> Query:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(f"create table rows (id integer primary key, {', '.join(_COLUMNS)})")
        marks = ", ".join("?" * len(_COLUMNS))
        database.executemany(f"insert into rows values (null, {marks})", _cells(rows))
    return Query(f"select id, {', '.join(_COLUMNS)} from rows", f"sqlite:///{path}", "id")


WRITERS: dict[str, Callable[[Path, int], Path | Query]] = {
    "csv": _csv,
    "ndjson": _ndjson,
    "parquet": _parquet,
    "sql": _sql,
}


class Measured(NamedTuple):
    """What one import took."""

    rows_s: float
    peak_mb: float


def _cpu_s() -> float:
    mine, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, -1))
    return mine.ru_utime + mine.ru_stime + children.ru_utime + children.ru_stime


def measure(name: str, rows: int, workers: int) -> Measured:
    """Import once, in this process, and print what it took."""
    with tempfile.TemporaryDirectory() as folder:
        source = WRITERS[name](Path(folder) / f"rows.{name}", rows)
        used = _cpu_s()
        with running_sink() as server:
            start = f"{server}/?marker=order_paid&answer=ok"
            urllib.request.urlopen(start, timeout=10).close()
            begin = time.perf_counter()
            consumer = DefaultConsumer("p", "d", server)
            summary = import_files([source], consumer, workers=workers, state_dir=folder)
            seconds = time.perf_counter() - begin
            with urllib.request.urlopen(server, timeout=10) as answer:
                arrived = json.load(answer)[0]
        used = _cpu_s() - used
    assert (summary.delivered, arrived) == (rows, rows), summary
    peak_mb = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, -1)) / 1024
    print(
        f"{name:8}{rows:>11,} rows, {workers} workers: {rows / seconds:>9,.0f} rows/s, "
        f"{used / rows * 1e6:5.1f} µs of processors a row, largest process {peak_mb:.0f} MB, "
        f"load {os.getloadavg()[0]:.1f}",
        file=sys.stderr,
        flush=True,
    )
    return Measured(rows / seconds, peak_mb)


def _in_a_process(name: str, rows: int, workers: int) -> Measured:
    words = ["--only", name, "--rows", str(rows), "--workers", str(workers), "--here"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.bulk", *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
    )
    return Measured(*json.loads(done.stdout))


def _missed(name: str, found: list[Measured]) -> list[str]:
    aim = AIMS_ROWS_S.get(name, 0)
    missed = [f"{name}: {one.rows_s:,.0f} rows/s, the aim is {aim:,}" for one in found[-1:]]
    missed = missed if found[-1].rows_s < aim else []
    if found[-1].peak_mb > FLAT * found[0].peak_mb:
        missed.append(f"{name}: memory grows from {found[0].peak_mb:.0f} MB")
    return missed


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bulk", description=__doc__)
    parser.add_argument("--only", nargs="+", default=list(WRITERS), choices=list(WRITERS))
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.here:
        print(json.dumps(measure(asked.only[0], asked.rows[0], asked.workers)))
        return 0
    missed: list[str] = []
    for name in asked.only:
        found = [_in_a_process(name, rows, asked.workers) for rows in asked.rows]
        missed += _missed(name, found)
    print("\n".join(missed) or "every aim is reached")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())

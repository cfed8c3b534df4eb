"""Measure writes of Spark on two local cores: rows a second, and processor time.

``python -m benchmarks.spark [--rows 500000] [--rounds 3]``. Run it on a machine that has nothing
else to do; the sink shares its processors. Beside HTTP it measures the same writer with a transport
that answers at once: Spark, Arrow, conversion and encoding alone.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from benchmarks.measure import running_sink
from growingio_tracker.spark import send_partition
from growingio_tracker.spark.source import BatchWriter, TaskDone
from growingio_wire.http import Request, Response
from pyspark_growingio import DefaultSource

AIMS_ROWS_S = {"growingio_encoding": 60_000, "growingio": 20_000}


class AnswersAtOnce:
    """A transport without a network."""

    def exchange(self, request: Request) -> Response:
        return Response(204)

    def close(self) -> None:
        pass


class EncodingWriter(BatchWriter):
    """The writer with that transport."""

    def write(self, iterator: Iterator[Any]) -> TaskDone:
        return TaskDone(send_partition(iterator, self.options, transport=AnswersAtOnce()))


class EncodingSource(DefaultSource):
    """The data source with that writer."""

    @classmethod
    def name(cls) -> str:
        return "growingio_encoding"

    def writer(self, schema: StructType, overwrite: bool) -> EncodingWriter:
        return EncodingWriter(super().writer(schema, overwrite).options)


def session() -> SparkSession:
    """Return a session with two threads, on this machine alone."""
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["PYTHONPATH"] = os.pathsep.join(sys.path)
    builder = SparkSession.builder.master("local[2]")
    return (
        builder.config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .getOrCreate()
    )


def rows_of(spark: SparkSession, count: int) -> DataFrame:
    """Return rows like those of the benchmark of imports."""
    return spark.range(count, numPartitions=2).selectExpr(
        "'order_paid' as event_name",
        "concat('u', id) as login_user_id",
        "1700000000000 + id as event_time",
        "concat('sku-', id % 100) as sku",
        "15.5D as price",
        "2 as count",
        "'some text here' as note",
        "'广东' as province",
    )


def _cpu_s() -> float:
    """Return the processor time of all processes that this one has started, and its own."""
    ticks = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            after = path.read_text("ascii", "replace").rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        if int(after[3]) == os.getsid(0):
            ticks += int(after[11]) + int(after[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def measure(rows: DataFrame, count: int, name: str, server: str) -> float:
    """Write once, print what it took, and return the rows a second."""
    urllib.request.urlopen(f"{server}/?marker=order_paid&answer=ok", timeout=10).close()
    writer = rows.write.format(name).option("product_id", "p").option("data_source_id", "d")
    used, begin = _cpu_s(), time.perf_counter()
    writer.option("server_host", server).mode("append").save()
    seconds, used = time.perf_counter() - begin, _cpu_s() - used
    with urllib.request.urlopen(server, timeout=10) as answer:
        arrived = json.load(answer)[0]
    assert arrived == (count if name == "growingio" else 0)
    print(
        f"{name:20}{count:>10,} rows: {count / seconds:>8,.0f} rows/s, "
        f"{used / count * 1e6:5.1f} µs of processors a row, load {os.getloadavg()[0]:.1f}",
        flush=True,
    )
    return count / seconds


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.spark", description=__doc__)
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    spark = session()
    spark.dataSource.register(EncodingSource)
    missed = False
    with running_sink() as server:
        measure(rows_of(spark, 1000), 1000, "growingio", server)  # starts Spark's workers
        rows = rows_of(spark, asked.rows)
        for name, aim in AIMS_ROWS_S.items():
            rates = [measure(rows, asked.rows, name, server) for _ in range(asked.rounds)]
            print(f"{name}: median {statistics.median(rates):,.0f} rows/s, the aim is {aim:,}")
            missed |= statistics.median(rates) < aim
    spark.stop()
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())

"""Two executors in processes of their own, where Spark repeats tasks that fail."""

from __future__ import annotations

import os
import signal
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from delivering.servers import Server
from delivering.waiting import until
from growingio_collector import Collector
from sparking import orders, sent, session, write

ROWS = 60


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Generator[SparkSession]:
    with session("local-cluster[2,1,1024]", tmp_path_factory.mktemp("spark")) as started:
        until(lambda: registered(started) == 2)
        yield started


def registered(spark: SparkSession) -> int:
    """Return how many executors the program knows; one of those counted is itself."""
    return len(spark.sparkContext._jsc.sc().statusTracker().getExecutorInfos()) - 1


def executors(spark: SparkSession) -> list[int]:
    """Return the process ids of the executors of this session alone."""
    gateway = spark.sparkContext._gateway
    assert gateway is not None
    engine = gateway.proc.pid
    children = [
        number
        for thread in Path(f"/proc/{engine}/task").iterdir()
        for number in (thread / "children").read_text("ascii").split()
    ]
    return [int(one) for one in children if b"ExecutorBackend" in command_of(one)]


def command_of(process: str) -> bytes:
    """Return the command line of a process, nothing when it has ended."""
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""


def test_all_rows(spark: SparkSession) -> None:
    """Without register() every row arrives once from executors in other processes."""
    with Collector() as collector:
        write(orders(spark, 1000), collector.url)
        found = collector.wait(1000, timeout=60)
    assert sorted(event.attributes["number"] for event in found) == list(range(1000))


def test_repeated_task(spark: SparkSession) -> None:
    """A task that fails half-way is repeated by Spark and loses nothing; rows that arrive twice
    have the same id both times."""
    # A redirect speaks of the address, and ends the task at once.
    with Server(*[204] * 4, 301) as server:
        write(orders(spark, ROWS, 1), server.url, batch_rows=10, id_hash=True)
        accepted = [*server.received[:4], *server.received[5:]]
    numbers, ids = sent(accepted), sent(accepted, "event_id")
    assert set(numbers) == set(range(ROWS))
    assert sum(numbers.values()) == ROWS + 40
    assert sorted(ids.values()) == sorted(numbers.values())


def test_killed_executor(spark: SparkSession) -> None:
    """When an executor is killed in the midst of a task all rows arrive all the same; those that
    arrive twice have the same id both times."""

    def kill() -> None:
        until(lambda: server.connections >= 2 and len(server.received) >= 4)
        os.kill(executors(spark)[0], signal.SIGKILL)

    # Spark finds data sources of Python in the thread that made the session alone.
    with Server() as server, ThreadPoolExecutor(1) as pool:
        killing = pool.submit(kill)
        write(orders(spark, ROWS), server.url, batch_rows=5, rate=10, id_hash=True)
        killing.result()
        accepted = list(server.received)
    numbers, ids = sent(accepted), sent(accepted, "event_id")
    assert set(numbers) == set(range(ROWS))
    assert sum(numbers.values()) > ROWS
    assert sorted(ids.values()) == sorted(numbers.values())

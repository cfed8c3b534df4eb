"""Rows with the schema of Spark's Kafka source, in one process of Spark with two threads.

The connector itself is not here: the rows come from a data frame, and a stream reads them from
files.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from delivering.servers import LockedServer, Server
from growingio_collector import Collector
from growingio_tracker.kafka.topic import Origin, TopicRecord, headers_of
from growingio_wire.table import Kind
from sparking import PROJECT, options, sent, session, write

SCHEMA = (
    "key binary, value binary, topic string, partition int, offset long, timestamp timestamp, "
    "timestampType int, headers array<struct<key: string, value: binary>>"
)
"""Of Spark's Kafka source with the option includeHeaders."""


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Generator[SparkSession]:
    with session("local[2]", tmp_path_factory.mktemp("spark")) as started:
        yield started


def message(number: int, kind: Kind = Kind.EVENT) -> tuple[Any, ...]:
    """Return one message of a topic as a row."""
    record: dict[str, Any] = {"dataSourceId": "d", "attributes": {"number": number}}
    if kind is Kind.EVENT:
        record |= {
            "eventType": "CUSTOM",
            "eventName": "order_paid",
            "deviceId": "u",
            "timestamp": 1,
        }
    else:
        record |= {"key": "product", "id": str(number)}
    value = json.dumps(record).encode()
    headers = headers_of(TopicRecord(Origin(kind, PROJECT, "d"), value, str(number)))
    return (b"u", bytearray(value), "events", 0, number, None, 0, headers)


def topic(spark: SparkSession, count: int) -> DataFrame:
    """Return the messages of a topic; each third one is an item."""
    rows = [message(one, Kind.ITEM if one % 3 == 2 else Kind.EVENT) for one in range(count)]
    return spark.createDataFrame(rows, SCHEMA)


def test_rows(spark: SparkSession) -> None:
    """Messages of both kinds arrive as they were put on the topic."""
    with Server() as server:
        write(topic(spark, 30), server.url, kind="record")
        assert sent(server.received) == dict.fromkeys(range(30), 1)
        items = [one for one in server.received if "/collect/item?" in one.target]
    assert set(sent(items)) == set(range(2, 30, 3))


def test_accepted(spark: SparkSession) -> None:
    """The local collector finds no fault with what arrives."""
    with Collector() as collector:
        write(topic(spark, 3), collector.url, kind="record")
        found = collector.wait(2, name="order_paid", timeout=60)
    assert {event.attributes["number"] for event in found} == {0, 1}


def stream(spark: SparkSession, source: Path, checkpoint: Path, url: str) -> None:
    """Run a stream until it has written the files of ``source`` that it had not written yet."""
    query = (
        spark.readStream.schema(SCHEMA)
        .option("maxFilesPerTrigger", 1)
        .parquet(str(source))
        .writeStream.format("growingio")
        .options(**options(url, kind="record", batch_rows=10))
        .option("checkpointLocation", str(checkpoint))
        .trigger(availableNow=True)
        .start()
    )
    query.awaitTermination(60)


def test_stream(spark: SparkSession, tmp_path: Path) -> None:
    """A stream that failed and is started again from its checkpoint loses no message."""
    source = tmp_path / "source"
    for part in range(2):
        rows = [message(part * 30 + number) for number in range(30)]
        frame = spark.createDataFrame(rows, SCHEMA).coalesce(1)
        frame.write.mode("append").parquet(str(source))
    with LockedServer(after=4) as server:
        with pytest.raises(Exception, match="401"):
            stream(spark, source, tmp_path / "checkpoint", server.url)
        server.unlock()
        stream(spark, source, tmp_path / "checkpoint", server.url)
    numbers = sent(server.accepted)
    assert set(numbers) == set(range(60))
    assert sum(numbers.values()) == 70

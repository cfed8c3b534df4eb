"""Data frames, streams and partitions in one process of Spark with two threads."""

from __future__ import annotations

import json
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from pyspark.errors import PySparkException
from pyspark.sql import Row, SparkSession

from delivering.servers import LockedServer, Server
from growingio_collector import Collector
from growingio_tracker.spark import send_partition
from sparking import PROJECT, options, orders, sent, session, write


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Generator[SparkSession]:
    with session("local[2]", tmp_path_factory.mktemp("spark")) as started:
        yield started


def contents(folder: Path) -> list[Any]:
    """Return what the files of a folder hold, line by line."""
    return [
        json.loads(line)
        for path in sorted(folder.iterdir())
        for line in path.read_text(encoding="utf-8").splitlines()
    ]


def test_events(spark: SparkSession, tmp_path: Path) -> None:
    """Without register() every row of a data frame arrives as an event that is all right."""
    yesterday = time.time_ns() // 1_000_000 - 86_400_000
    rows = orders(spark, 1200).selectExpr(
        "*",
        f"timestamp_millis({yesterday}) as event_time",
        "map('sku', 'A-1') as attributes",
        "array('新客', 'VIP') as tags",
        "cast(15.5 as decimal(10, 2)) as price",
        "cast(null as string) as nothing",
    )
    with Collector() as collector:
        write(rows, collector.url, summary_path=str(tmp_path))
        found = collector.wait(1200, name="order_paid", timeout=60)
    assert {event.verdict for event in found} == {"ok"}
    assert {event.timestamp for event in found} == {yesterday}
    assert {event.attributes["number"] for event in found} == set(range(1200))
    same = {"sku": "A-1", "tags": "新客||VIP", "price": "15.50"}
    assert all(
        event.attributes == {**same, "number": event.attributes["number"]} for event in found
    )
    [summary] = contents(tmp_path)
    assert (summary["rows"], summary["delivered"], summary["failed"]) == (1200, 1200, 0)
    assert [part["rows"] for part in summary["partitions"]] == [600, 600]


def test_batches(spark: SparkSession) -> None:
    """A request has at most 500 rows, also where Arrow's batches end elsewhere."""
    spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", 300)
    try:
        with Server() as server:
            write(orders(spark, 1100, 1), server.url)
            assert [len(request.names) for request in server.received] == [500, 500, 100]
    finally:
        spark.conf.unset("spark.sql.execution.arrow.maxRecordsPerBatch")


def test_users(spark: SparkSession) -> None:
    """Rows of kind user become users' attributes, from columns that options name."""
    rows = spark.createDataFrame([("00123", 3)], "member string, level int")
    with Collector() as collector:
        write(rows, collector.url, kind="user", login_user_id_column="member")
        [event] = collector.wait(1, timeout=60)
    assert (event.type, event.user_id) == ("LOGIN_USER_ATTRIBUTES", "00123")
    assert event.attributes == {"level": 3}


def test_items(spark: SparkSession) -> None:
    """Rows of kind item become rows of a dimension table, whose key is the same for all."""
    rows = spark.createDataFrame([("A-1", "red")], "sku string, color string")
    with Server() as server:
        write(rows, server.url, kind="item", item_key_value="product", item_id_column="sku")
        [request] = server.received
    assert "/collect/item?" in request.target
    [item] = json.loads(request.body)
    assert (item["key"], item["id"], item["attributes"]) == ("product", "A-1", {"color": "red"})


def test_default_mode(spark: SparkSession) -> None:
    """A write without a mode is refused by Spark, whose message names append."""
    writer = orders(spark, 1).write.format("growingio").options(**options("http://127.0.0.1:1"))
    with pytest.raises(PySparkException, match=r"(?i)append"):
        writer.save()


def test_overwrite(spark: SparkSession) -> None:
    """A write with the mode overwrite is refused, and the message names append."""
    writer = orders(spark, 1).write.format("growingio").options(**options("http://127.0.0.1:1"))
    with pytest.raises(PySparkException, match=r"mode\('append'\)"):
        writer.mode("overwrite").save()


def test_missing_column(spark: SparkSession) -> None:
    """A column that is missing is named with the option that helps, before any task begins."""
    rows = orders(spark, 1).drop("event_name")
    with Server() as server, pytest.raises(PySparkException, match="event_name_column"):
        write(rows, server.url)
    assert server.received == []


def test_bad_row_fails(spark: SparkSession) -> None:
    """Without failed_rows_path a bad row fails the write; the project's id is not in the error."""
    rows = spark.createDataFrame(
        [("e", "u"), ("e", None)], "event_name string, login_user_id string"
    )
    with Server() as server, pytest.raises(PySparkException) as caught:
        write(rows.coalesce(1), server.url)
    assert "row 2 of this task" in str(caught.value)
    assert "failed_rows_path" in str(caught.value)
    assert PROJECT not in str(caught.value)


def test_refused_access(spark: SparkSession) -> None:
    """When the server refuses access the write fails, and the project's id is not in the error."""
    with Server(403) as server, pytest.raises(PySparkException) as caught:
        write(orders(spark, 1, 1), server.url)
    assert "403" in str(caught.value)
    assert PROJECT not in str(caught.value)


def test_bad_rows_kept(spark: SparkSession, tmp_path: Path) -> None:
    """With failed_rows_path bad rows are kept there with the reason, and the others arrive."""
    bad = "case when id % 10 = 3 then null else concat('u', id) end as login_user_id"
    rows = spark.range(40, numPartitions=2).selectExpr("'e' as event_name", bad, "id as number")
    failed, summaries = tmp_path / "failed", tmp_path / "summaries"
    with Server() as server:
        write(rows, server.url, failed_rows_path=str(failed), summary_path=str(summaries))
        arrived = sent(server.received)
    kept = contents(failed)
    assert sorted(row["number"] for row in kept) == [3, 13, 23, 33]
    assert "login_user_id" in kept[0]["growingio_import_error"]
    assert set(arrived) | {3, 13, 23, 33} == set(range(40))
    [summary] = contents(summaries)
    assert (summary["rows"], summary["delivered"], summary["failed"]) == (40, 36, 4)
    assert {part["failed_path"] for part in summary["partitions"]} == set(
        map(str, failed.iterdir())
    )


def test_retry_within_a_task(spark: SparkSession) -> None:
    """An outage is waited for within the task, although this master never repeats one."""
    with Server(503, 503, None, 204) as server:
        write(orders(spark, 10, 1), server.url, retry_backoff_factor=0)
        assert len(server.received) == 4
        assert sent(server.received[3:]) == dict.fromkeys(range(10), 1)


def test_hashes(spark: SparkSession) -> None:
    """With id_hash a row has the same id each time that it is written, and no other row has it."""
    with Server() as server:
        for partitions in (1, 2):
            write(orders(spark, 50, partitions), server.url, id_hash=True)
        ids = sent(server.received, "event_id")
    assert len(ids) == 50
    assert set(ids.values()) == {2}


def test_for_each_partition(spark: SparkSession) -> None:
    """send_partition takes the rows of foreachPartition, and mapPartitions returns summaries."""
    rows = orders(spark, 20).selectExpr("*", "named_struct('a', 1) as attributes")
    with Server() as server:
        chosen = options(server.url)

        def send(part: Iterator[Row]) -> None:
            send_partition(part, chosen)

        rows.foreachPartition(send)
        done = rows.rdd.mapPartitions(lambda part: [send_partition(part, chosen)]).collect()
        assert sent(server.received) == dict.fromkeys(range(20), 2)
        assert set(sent(server.received, "a")) == {1}
    assert [(one.rows, one.delivered, one.failed) for one in done] == [(10, 10, 0)] * 2


def stream(spark: SparkSession, source: Path, checkpoint: Path, url: str) -> None:
    """Run a stream until it has written the files of ``source`` that it had not written yet."""
    schema = "event_name string, login_user_id string, number long"
    query = (
        spark.readStream.schema(schema)
        .option("maxFilesPerTrigger", 1)
        .json(str(source))
        .writeStream.format("growingio")
        .options(**options(url, id_hash=True, batch_rows=10))
        .option("checkpointLocation", str(checkpoint))
        .trigger(availableNow=True)
        .start()
    )
    query.awaitTermination(60)


def test_stream_restarted(spark: SparkSession, tmp_path: Path) -> None:
    """A stream that failed in the midst of a batch loses none of it when it is started again from
    its checkpoint, and what arrives twice is recognised by its id."""
    source = tmp_path / "source"
    source.mkdir()
    for part in range(2):
        lines = [
            json.dumps({"event_name": "e", "login_user_id": "u", "number": part * 30 + number})
            for number in range(30)
        ]
        (source / f"{part}.json").write_text("\n".join(lines), encoding="utf-8")
    # The first file is three requests; the fifth is the second one of the other file.
    with LockedServer(after=4) as server:
        with pytest.raises(PySparkException, match="401"):
            stream(spark, source, tmp_path / "checkpoint", server.url)
        server.unlock()
        stream(spark, source, tmp_path / "checkpoint", server.url)
    numbers, ids = sent(server.accepted), sent(server.accepted, "event_id")
    assert set(numbers) == set(range(60))
    assert sum(numbers.values()) == 70
    assert sorted(ids.values()) == sorted(numbers.values())

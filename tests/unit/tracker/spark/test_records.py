"""Rows with ready records, as Spark reads them from a topic, without an engine of Spark."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from growingio_tracker import GrowingParamException
from growingio_tracker.kafka.topic import Origin, TopicRecord, headers_of
from growingio_tracker.spark import PartitionSummary, send_partition
from growingio_tracker.testing import MemoryTransport
from growingio_wire.table import Kind

PROJECT = "a-project-nobody-may-see"
GIVEN = {
    "kind": "record",
    "product_id": PROJECT,
    "data_source_id": "d",
    "server_host": "http://127.0.0.1:1",
}
RAW = {"projectKey": PROJECT, "dataSourceId": "d", "eventType": "CUSTOM", "eventName": "raw"}


def row(record: object, kind: Kind = Kind.EVENT, project: str = PROJECT) -> dict[str, Any]:
    """Return a row as Spark's Kafka source has it; of the columns, two count."""
    value = json.dumps(record).encode()
    headers = headers_of(TopicRecord(Origin(kind, project, "d"), value, "an-id"))
    return {
        "key": b"u",
        "value": value,
        "topic": "events",
        "partition": 0,
        "offset": 7,
        "timestampType": 0,
        "headers": [{"key": name, "value": one} for name, one in headers],
    }


def written(
    rows: list[dict[str, Any]], **options: object
) -> tuple[PartitionSummary, list[tuple[str, Any]]]:
    """Return the summary of a write, and the path and the messages of each request."""
    transport = MemoryTransport()
    summary = send_partition(rows, {**GIVEN, **options}, transport=transport)
    sent = [(one.url.partition("?")[0], json.loads(one.body)) for one in transport.requests]
    return summary, [(url.rpartition("/")[2], messages) for url, messages in sent]


def failed(folder: Path) -> list[Mapping[str, Any]]:
    """Return the rows that failed."""
    return [
        json.loads(line)
        for path in folder.iterdir()
        for line in path.read_text("utf-8").splitlines()
    ]


def test_kinds() -> None:
    """Each record arrives as it is, in a request of its kind."""
    rows = [row({"n": 1}), row({"n": 2}, Kind.ITEM), row({"n": 3}), row({"n": 4}, Kind.MAPPING)]
    summary, sent = written(rows)
    assert sent == [
        ("collect", [{"n": 1}, {"n": 3}]),
        ("item", [{"n": 2}]),
        ("user-mapping", [{"n": 4}]),
    ]
    assert (summary.rows, summary.delivered, summary.failed) == (4, 4, 0)


def test_batches() -> None:
    """A batch has at most batch_rows rows."""
    _, sent = written([row({"n": number}) for number in range(5)], batch_rows=2)
    assert [len(messages) for _, messages in sent] == [2, 2, 1]


def test_raw() -> None:
    """A row without headers is a raw message; one that names no project is of the write's."""
    without = {name: value for name, value in RAW.items() if name != "projectKey"}
    _, sent = written([{"value": json.dumps(one)} for one in (RAW, without)])
    assert [messages for _, messages in sent] == [[RAW, {**without, "projectKey": PROJECT}]]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (row({"n": 1}, project="another-project-altogether"), "it is of another project, anot"),
        ({"value": b"no JSON", "headers": None}, "its value is not a record (not_json"),
        ({"value": None, "headers": None}, "its value is not a record (no_value)"),
    ],
)
def test_bad_rows(bad: dict[str, Any], said: str, tmp_path: Path) -> None:
    """A row that is no record of the project is kept as failed, and the others arrive."""
    summary, sent = written([row({"n": 1}), bad, row({"n": 2})], failed_rows_path=str(tmp_path))
    assert sent == [("collect", [{"n": 1}, {"n": 2}])]
    assert (summary.delivered, summary.failed) == (2, 1)
    [kept] = failed(tmp_path)
    assert said in kept["growingio_import_error"]


def test_rejected(tmp_path: Path) -> None:
    """A record that the server refuses is kept with the row that it came in."""
    rows = [row({"n": 1}, Kind.ITEM), row({"n": 2})]
    transport = MemoryTransport([400, 204])
    options = {**GIVEN, "failed_rows_path": str(tmp_path)}
    summary = send_partition(rows, options, transport=transport)
    assert (summary.delivered, summary.failed) == (1, 1)
    [kept] = failed(tmp_path)
    assert "status 400" in kept["growingio_import_error"]
    assert json.loads(kept["value"]) == {"n": 1}


@pytest.mark.once  # needs pyspark
@pytest.mark.parametrize(
    ("more", "columns", "said"),
    [
        ({"event_name_value": "e"}, ["value"], "unknown option event_name_value"),
        ({"redact": "phone"}, ["value"], "unknown option redact"),
        ({}, ["key", "headers"], "no column 'value'"),
    ],
)
def test_mistakes(more: dict[str, str], columns: list[str], said: str) -> None:
    """What means nothing for ready records is refused before any task begins."""
    from growingio_tracker.spark.source import check_write

    with pytest.raises(GrowingParamException, match=said):
        check_write({**GIVEN, **more}, dict.fromkeys(columns, False))

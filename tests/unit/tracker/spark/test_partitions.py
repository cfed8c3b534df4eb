"""Rows of a partition, without an engine of Spark."""

from __future__ import annotations

import json
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from growingio_tracker import GrowingIOException, GrowingParamException
from growingio_tracker.spark import send_partition
from growingio_tracker.testing import Answer, MemoryTransport
from growingio_wire.errors import TransportError

GIVEN = {
    "product_id": "a-project-nobody-may-see",
    "data_source_id": "d",
    "server_host": "http://127.0.0.1:1",
}
ROW = {"event_name": "e", "login_user_id": "u"}
SCHEMA = dict.fromkeys(ROW, False)


@pytest.mark.once  # needs pyspark
@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"batchrows": "1"}, "unknown option batchrows; did you mean batch_rows"),
        ({"batch_rows": "many"}, "batch_rows must be an int from 1 to"),
        ({"batch_rows": "0"}, "batch_rows must be an int from 1 to"),
        ({"rate": "0"}, "rate must be a number of rows per second, more than 0"),
        ({"kind": "visit"}, "kind must be event, user, item or record"),
        ({"product_id": ""}, "product_id is missing"),
        ({"id_hash": "true", "id_column": "login_user_id"}, "exclude each other"),
        ({"event_name_column": "a", "event_name_value": "b"}, "exclude each other"),
        ({"kind": "user", "id_hash": "true"}, "id_hash is for events only"),
        ({"event_time_type": "days"}, "event_time_type must be"),
        ({"login_user_id_column": "member"}, "names the column 'member'"),
        ({"attributes_column": "event_name"}, "must be a map or a struct"),
        ({"id_hash": "true", "id_attribute": "event_name"}, "id_attribute"),
    ],
)
def test_mistakes(more: dict[str, str], said: str) -> None:
    """A mistake in the options is named before any task begins, without the project's id."""
    from growingio_tracker.spark.source import check_write

    with pytest.raises(GrowingParamException) as caught:
        check_write({**GIVEN, **more}, SCHEMA)
    assert said in str(caught.value)
    assert GIVEN["product_id"] not in str(caught.value)


@pytest.mark.once  # needs pyspark
def test_all_mistakes() -> None:
    """Mistakes in several options are named at once."""
    from growingio_tracker.spark.source import check_write

    with pytest.raises(GrowingParamException, match=r"(?s)rate must.*unknown option colour"):
        check_write({**GIVEN, "rate": "fast", "colour": "red"}, SCHEMA)


def test_any_case() -> None:
    """Names of options count in any case, as Spark itself takes them."""
    transport = MemoryTransport()
    given = {name.upper(): value for name, value in GIVEN.items()}
    assert send_partition([ROW] * 3, {**given, "Batch_Rows": 2}, transport=transport).rows == 3
    assert len(transport.requests) == 2


def ids(rows: list[dict[str, Any]], **options: object) -> list[Any]:
    """Return the ids that rows are sent with."""
    transport = MemoryTransport()
    send_partition(rows, {**GIVEN, **options}, transport=transport)
    sent = [one for request in transport.requests for one in json.loads(request.body)]
    return [one["attributes"]["event_id"] for one in sent]


def test_hashes() -> None:
    """A row's hash is the same in any order of its columns and changes with each value."""
    rows = [{**ROW, "n": 1}, {"n": 1, **ROW}, {**ROW, "n": 2}]
    assert sorted(Counter(ids(rows, id_hash=True)).values()) == [1, 2]


def test_id_column(tmp_path: Path) -> None:
    """With id_column its value is the id, and a row without one is kept as failed."""
    rows: list[dict[str, Any]] = [{**ROW, "order": 7}, {**ROW, "order": None}]
    assert ids(rows, id_column="order", failed_rows_path=str(tmp_path)) == ["7"]
    [path] = tmp_path.iterdir()
    assert "id_column" in json.loads(path.read_bytes())["growingio_import_error"]


def test_failed_task_keeps_nothing(tmp_path: Path) -> None:
    """A task that fails leaves no failed rows behind, which its repeat would add twice."""
    transport = MemoryTransport([403])
    options = {**GIVEN, "failed_rows_path": str(tmp_path)}
    with pytest.raises(Exception, match="403"):
        send_partition([{"event_name": "e"}, ROW], options, transport=transport)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("answer", [403, TransportError("reset")])
def test_ids_are_masked(caplog: pytest.LogCaptureFixture, answer: Answer) -> None:
    """What a task logs and raises shows the beginning of the project's id only."""
    options = {**GIVEN, "retry_limit": 0, "patience_s": 0}
    with caplog.at_level("DEBUG"), pytest.raises(GrowingIOException) as caught:
        send_partition([ROW], options, transport=MemoryTransport([answer]))
    said = "".join(traceback.format_exception(caught.value)) + caplog.text
    assert GIVEN["product_id"] not in said

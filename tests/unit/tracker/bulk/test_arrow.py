"""Rows of Arrow: what each type becomes, without pandas."""

from __future__ import annotations

import sys
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from growingio_tracker.bulk.arrow import rows_of_batch
from growingio_tracker.bulk.cells import UnreadableCell

MOMENT_NS = 1_704_412_800_123_456_789
NAIVE = datetime(2024, 1, 5, 0, 0, 0, 123456)
AWARE = NAIVE.replace(tzinfo=timezone.utc)
MAP = pa.map_(pa.string(), pa.string())


def cells(values: list[Any], kind: Any) -> list[Any]:
    """Return what the cells of a column of some type become."""
    return [row["c"] for row in rows_of_batch(pa.record_batch({"c": pa.array(values, kind)}))]


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (pa.timestamp("ns"), MOMENT_NS, NAIVE),
        (pa.timestamp("ns", "UTC"), MOMENT_NS, AWARE),
        (pa.timestamp("ns", "Asia/Shanghai"), MOMENT_NS, AWARE),
        (pa.timestamp("ns", "+08:00"), MOMENT_NS, AWARE),
        (pa.timestamp("us", "Mars/Olympus"), MOMENT_NS // 1000, AWARE),
        (pa.duration("ns"), 1001, "PT0.000001S"),
        (pa.duration("s"), 93_600, "P1DT7200S"),
        (pa.time64("ns"), 30_600_123_456_789, "08:30:00.123456"),
        (pa.list_(pa.time32("s")), [30_600], ["08:30:00"]),
        (pa.list_(pa.timestamp("ns")), [MOMENT_NS], [NAIVE]),
        (pa.list_(pa.timestamp("ns"), 1), [MOMENT_NS], [NAIVE]),
        (pa.struct([("t", pa.timestamp("ns"))]), {"t": MOMENT_NS}, {"t": NAIVE}),
        (pa.map_(pa.string(), pa.int64()), [("a", 1)], {"a": 1}),
        (pa.map_(pa.int32(), pa.binary()), [(1, b"x")], {"1": "x"}),
        (pa.list_(pa.map_(pa.string(), pa.int64())), [[("a", 1)]], [{"a": 1}]),
        (pa.struct([("m", MAP)]), {"m": [("a", "b")]}, {"m": {"a": "b"}}),
        (pa.binary(), "上海".encode(), "上海"),
        (pa.large_binary(), b"x", "x"),
        (pa.binary(1), b"x", "x"),
        (pa.binary(), b"\xff", b"\xff"),
        (pa.decimal128(10, 2), Decimal("1.50"), Decimal("1.50")),
        (pa.date32(), date(2024, 1, 5), date(2024, 1, 5)),
    ],
    ids=str,
)  # fmt: skip
def test_j4_types(kind: Any, value: object, expected: object) -> None:
    """J4: times have microseconds, maps are maps, bytes are text, and nothing stays nothing."""
    assert cells([value, None], kind) == [expected, None]


def test_known_zones() -> None:
    """A zone that is known stays with its times, so that their text is local."""
    [found] = cells([MOMENT_NS], pa.timestamp("ns", "Asia/Shanghai"))
    assert found.tzinfo == ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("kind", "fine", "beyond"),
    [
        (pa.timestamp("us"), 0, 253_402_300_800_000_000),
        (pa.timestamp("s"), 0, -(10**12)),
        (pa.date32(), 0, 10_000_000),
        (pa.list_(pa.timestamp("us")), [0], [253_402_300_800_000_000]),
    ],
    ids=str,
)
def test_j4_year_10000(kind: Any, fine: object, beyond: object) -> None:
    """J4: a time that Python cannot hold is a cell that cannot be sent, and the others are read."""
    found = cells([fine, beyond, fine], kind)
    assert [isinstance(cell, UnreadableCell) for cell in found] == [False, True, False]


def test_text_that_is_none() -> None:
    """Text that is not UTF-8 in spite of its type costs its own row."""
    broken = pa.Array.from_buffers(pa.string(), 2, pa.array([b"\xff", b"x"], pa.binary()).buffers())
    found = [row["c"] for row in rows_of_batch(pa.record_batch({"c": broken}))]
    assert isinstance(found[0], UnreadableCell)
    assert found[1] == "x"


def test_dictionary() -> None:
    """A column that is encoded by a dictionary has plain values."""
    encoded = pa.array([b"a", None, b"a"], pa.binary()).dictionary_encode()
    assert [row["c"] for row in rows_of_batch(pa.record_batch({"c": encoded}))] == ["a", None, "a"]


def test_dictionary_of_nanoseconds() -> None:
    """So has one of times, as categories of pandas are."""
    encoded = pa.array([MOMENT_NS, None], pa.timestamp("ns")).dictionary_encode()
    assert [row["c"] for row in rows_of_batch(pa.record_batch({"c": encoded}))] == [NAIVE, None]


def test_nulls_in_maps() -> None:
    """Lists of nothing but nulls, in maps that have to be cast, are read."""
    kind = pa.map_(pa.timestamp("ns"), pa.list_(pa.null()))
    assert cells([[(MOMENT_NS, [None, None])], None], kind) == [{str(NAIVE): [None, None]}, None]


def test_no_columns() -> None:
    """Rows without columns are rows."""
    batch = pa.record_batch({"c": pa.array([1, 2])}).select([])
    assert list(rows_of_batch(batch)) == [{}] * batch.num_rows


def test_without_pandas(monkeypatch: pytest.MonkeyPatch) -> None:
    """pandas is not asked for anything."""
    monkeypatch.setitem(sys.modules, "pandas", None)
    assert cells([MOMENT_NS], pa.timestamp("ns")) == [NAIVE]

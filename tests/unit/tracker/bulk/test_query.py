"""Keys of queries: where rows may be parted, and how a checkpoint keeps a key."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timezone
from decimal import Decimal
from itertools import islice, pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from growingio_tracker import GrowingIOException
from growingio_tracker.bulk import query
from growingio_tracker.bulk.query import key_text, key_value, whole_keys


def parts(*keys: object, size: int = 2) -> Iterator[list[tuple[Any, ...]]]:
    for begin in range(0, len(keys), size):
        yield [(key, begin) for key in keys[begin : begin + size]]


def found(*keys: object, size: int = 2) -> list[list[object]]:
    return [[row[0] for row in part] for part in whole_keys(parts(*keys, size=size), 0)]


def test_parts_end_between_keys() -> None:
    """Rows with the same key stay together, whatever was fetched at once."""
    assert found(1, 2, 3, 4, 5) == [[1], [2, 3], [4], [5]]
    assert found(1, 1, 1, 1, 2, 2) == [[1, 1, 1, 1], [2, 2]]
    assert found() == []


@pytest.mark.parametrize("alike", [("a", "A"), ("é", "E"), ("straße", "STRASSE"), ("a", "a  ")])
def test_parts_as_collations_see_them(alike: tuple[str, str]) -> None:
    """Keys that a collation may take for equal stay together."""
    assert found("Z", *alike, "z") == [["Z"], [*alike], ["z"]]


@given(st.lists(st.integers(0, 5), max_size=40).map(sorted), st.integers(1, 7))
def test_j4_no_row_is_left_out(keys: list[int], size: int) -> None:
    """J4: all rows come, in order, and no two parts have the same key."""
    seen = found(*keys, size=size)
    assert [key for part in seen for key in part] == keys
    assert all(one[-1] != other[0] for one, other in pairwise(seen))


@pytest.mark.parametrize("keys", [(1, 2, None, None), (None, 1, 2)])
def test_j4_rows_without_key(keys: tuple[object, ...]) -> None:
    """J4: a row without a key ends the reading, behind the rows before it."""
    read = whole_keys(parts(*keys), 0)
    before = keys.index(None)
    seen = [row[0] for part in islice(read, before) for row in part]
    assert seen == list(keys[:before])
    with pytest.raises(GrowingIOException, match="key is NULL"):
        next(read)


def test_too_many_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that does not tell rows apart is refused before it fills the memory."""
    monkeypatch.setattr(query, "MAX_SAME_KEY", 10)
    with pytest.raises(GrowingIOException, match="same key"):
        found(*[1] * 20)


@pytest.mark.parametrize(
    "key",
    [
        2**70,
        -1.5,
        "上海 ",
        b"\x00\xff",
        Decimal("1.50"),
        date(2024, 1, 5),
        datetime(2024, 1, 5, 8, 0, 0, 123456),
        datetime(2024, 1, 5, tzinfo=timezone.utc),
        UUID(int=5),
    ],
    ids=repr,
)
def test_kept_keys(key: object) -> None:
    """A key comes back as the value that it was."""
    again = key_value(key_text(key))
    assert (type(again), again) == (type(key), key)


def test_keys_without_order() -> None:
    """A value that is no key is refused with its type."""
    with pytest.raises(GrowingIOException, match="a list cannot be a key"):
        key_text([1])

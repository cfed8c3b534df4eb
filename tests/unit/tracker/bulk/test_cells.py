"""Cells that a driver of PostgreSQL cannot read: each costs its row, and no other value comes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from growingio_tracker.bulk.cells import UnreadableCell, tolerate

TIMESTAMP, TIME, INTERVAL = 1114, 1083, 1186
TIMESTAMPS = 1115


def _date(text: str, _cursor: object = None) -> object:
    """Read a day, as the drivers do: with errors of its own for what Python does not have."""
    return date.fromisoformat(text[:10])


def _of_psycopg2(monkeypatch: pytest.MonkeyPatch) -> dict[int, Callable[..., object]]:
    registered: dict[int, Callable[..., object]] = {}

    def register_type(one: tuple[tuple[int], Any], _connection: object) -> None:
        registered.update(dict.fromkeys(*one))

    extensions = SimpleNamespace(
        string_types=dict.fromkeys((1082, 1083, 1266, 1114, 1184, 1186), _date),
        new_type=lambda oids, _name, read: (oids, read),
        new_array_type=lambda oids, _name, one: (oids, one[1]),
        register_type=register_type,
    )
    monkeypatch.setitem(sys.modules, "psycopg2", SimpleNamespace(extensions=extensions))
    monkeypatch.setitem(sys.modules, "psycopg2.extensions", extensions)
    tolerate("psycopg2", object())
    return registered


def _of_pg8000(monkeypatch: pytest.MonkeyPatch) -> dict[int, Callable[..., object]]:
    registered: dict[int, Callable[..., object]] = {}
    converters = SimpleNamespace(PG_TYPES=dict.fromkeys((1114, 1115, 1083, 1186), _date))
    monkeypatch.setitem(sys.modules, "pg8000", SimpleNamespace(converters=converters))
    monkeypatch.setitem(sys.modules, "pg8000.converters", converters)
    tolerate("pg8000", SimpleNamespace(register_in_adapter=registered.__setitem__))
    return registered


@pytest.mark.parametrize("readers", [_of_psycopg2, _of_pg8000])
def test_j4_times_of_other_drivers(
    readers: Callable[[pytest.MonkeyPatch], dict[int, Callable[..., object]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """J4: what Python has no value for is a cell that cannot be sent; it raises nothing."""
    read = readers(monkeypatch)
    assert read[TIMESTAMP]("2024-01-05 08:00:00") == date(2024, 1, 5)
    for text in ("infinity", "-infinity", "0044-03-15 00:00:00 BC", "20000-01-01", "nonsense"):
        cell = read[TIMESTAMP](text)
        assert isinstance(cell, UnreadableCell)
        assert str(cell) == text
    assert isinstance(read[TIMESTAMPS]('{"20000-01-01 00:00:00"}'), UnreadableCell)
    assert isinstance(read[TIME]("24:00:00"), UnreadableCell)
    assert isinstance(read[INTERVAL]("1000000000 days"), UnreadableCell)


def test_missing_values_of_psycopg2(monkeypatch: pytest.MonkeyPatch) -> None:
    """A value that is NULL stays none."""
    assert _of_psycopg2(monkeypatch)[TIMESTAMP](None, None) is None

"""The types of a plan."""

import pytest

from growingio_tracker.collector.plan.values import TYPES, parts, shown

FITTING: dict[str, list[object]] = {
    "string": ["", "a", "1"],
    "number": [0, -1, 1.5, "3", "-0.5", "1e3", ".5", "+7"],
    "integer": [0, 12345678901234567890, "3", "-3", "007", 3.0],
    "boolean": [True, False, "true", "False"],
    "list": [[], ["a"], "a||b", "a", ""],
    "date": [
        "2024-02-29",
        "2024-01-31 23:59",
        "2024-01-31T23:59:59.123Z",
        "2024-01-31T23:59:59+08:00",
        1700000000123,
        "1700000000123",
    ],
}
UNFIT: dict[str, list[object]] = {
    "string": [1, True, 1.5, [], {}],
    "number": ["", "x", "NaN", "1,000", True, [], {}, "１"],
    "integer": ["3.0", 1.5, "1e3", True, []],
    "boolean": [0, 1, "1", "yes", []],
    "list": [1, True, {}],
    "date": ["2023-02-29", "2024-13-01", "2024-01-31T25:00", "31.1.2024", 1700000000, [], "today"],
}


@pytest.mark.parametrize("type_", TYPES)
def test_types(type_: str) -> None:
    """A type has its own values, also as text where clients send text, and no others."""
    fits = TYPES[type_]
    assert [value for value in FITTING[type_] if not fits(value)] == []
    assert [value for value in UNFIT[type_] if fits(value)] == []


def test_parts() -> None:
    """An enum speaks of the elements of a list, joined or not, and of any other value whole."""
    assert parts("list", "a||b") == parts(None, ["a", "b"]) == ["a", "b"]
    assert parts("string", "a||b") == ["a||b"]
    assert parts("number", 3) == ["3"]
    assert parts("boolean", True) == ["true"]


def test_shown() -> None:
    """A long value is cut."""
    assert shown("x" * 1000) == '"' + "x" * 59 + "…"

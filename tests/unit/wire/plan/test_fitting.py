"""The types of a plan."""

import pytest

from growingio_wire.plan import Property
from growingio_wire.plan.fitting import TYPES, is_within, misfit, parts, shown

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


@pytest.mark.parametrize(
    ("value", "within"),
    [
        (0, True),
        (9.5, True),
        ("9.5", True),
        (-1, False),
        ("10", False),
        (10**400, False),
        ("1e999", False),
        ("text", True),
        (None, True),
    ],
)
def test_bounds(value: object, within: bool) -> None:
    """Numbers, of any length and also as text, are within bounds or are not."""
    assert is_within(0, 9.5, value) is within
    assert is_within(None, None, value)


def test_first_misfit() -> None:
    """A value is told the first thing that is wrong with it."""
    wanted = Property("integer", enum=("1", "20"), pattern="[0-9]", max=5)
    codes = [(found := misfit(wanted, value)) and found.code for value in ("x", 3, 20, 1)]
    assert codes == ["wrong_type", "not_in_enum", "not_in_pattern", None]
    assert (misfit(Property("number", max=5), 6) or ("",))[0] == "out_of_range"

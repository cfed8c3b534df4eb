"""A plan made from what was seen."""

from pathlib import Path

import pytest

from growingio_collector.plan.draft import draft
from growingio_wire.plan import Plan
from growingio_wire.plan.reading import read_plan
from kept_run import custom, item, keep


def _drafted(path: Path) -> Plan:
    return read_plan(draft(path).encode(), "draft").plan


@pytest.mark.parametrize(
    ("values", "type_"),
    [
        (["1", 2], "integer"),
        (["1.5", 2], "number"),
        ([True, "false"], "boolean"),
        (["2024-01-31", "2024-01-31 10:00"], "date"),
        (["a||b", ["a"]], "list"),
        (["a||b", "a"], "string"),
        (["007"], "string"),
        (["0", "0.5"], "number"),
        ([1, "a"], None),
    ],
)
def test_types(tmp_path: Path, values: list[object], type_: str | None) -> None:
    """The narrowest type that all values have is taken, and none if no type has them all."""
    path = keep(tmp_path / "a.db", *(custom("a", {"k": value}) for value in values))
    events = _drafted(path).events
    assert events
    assert events["a"].attributes["k"].type == type_


def test_required(tmp_path: Path) -> None:
    """An attribute is required if every event had it."""
    path = keep(tmp_path / "a.db", custom("a", {"x": 1, "y": 1, "z": None}), custom("a", {"x": 1}))
    events = _drafted(path).events
    assert events
    assert {key: one.required for key, one in events["a"].attributes.items()} == {
        "x": True,
        "y": False,
    }


def test_enums(tmp_path: Path) -> None:
    """Few values, seen often, are proposed as a comment; values of one user each are not."""
    events = [custom("a", {"channel": "ab"[number % 2], "id": f"x{number}"}) for number in range(9)]
    text = draft(keep(tmp_path / "a.db", *events))
    assert "        # enum: [a, b]\n" in text
    assert text.count("enum") == 1


def test_items(tmp_path: Path) -> None:
    """Items are drafted too, and an empty store gives a plan that is valid."""
    path = keep(tmp_path / "a.db", items=(item("goods", {"price": "3"}),))
    items = _drafted(path).items
    assert items
    assert items["goods"].attributes["price"].type == "integer"
    assert _drafted(keep(tmp_path / "b.db")) == Plan(events={})

"""Comparing runs."""

from pathlib import Path

from growingio_cli.diff import Difference, Key, RunShape, compare, profile
from kept_run import custom, keep


def _run(folder: Path, *events: dict[str, object]) -> dict[Key, RunShape]:
    return profile(keep(folder / f"{len(list(folder.iterdir()))}.db", *events))


def test_same(tmp_path: Path) -> None:
    """Runs that differ in values only are the same."""
    a = _run(tmp_path, custom("pay", {"x": 1}, userId="u1"), custom("visit"))
    b = _run(tmp_path, custom("visit"), custom("pay", {"x": 2.5}, userId="u2"))
    assert compare(a, b) == []


def test_differences(tmp_path: Path) -> None:
    """Names, counts, fields and types that differ are named with what each run has."""
    a = _run(tmp_path, custom("gone"), custom("pay", {"x": 1, "y": "a"}), custom("pay"))
    b = _run(tmp_path, custom("new"), custom("pay", {"x": "1"}, more=True))
    assert compare(a, b) == [
        Difference("name", "event", "gone", "", 1, None),
        Difference("name", "event", "new", "", None, 1),
        Difference("count", "event", "pay", "", 2, 1),
        Difference("types", "event", "pay", "attributes.x", ["number"], ["string"]),
        Difference("field", "event", "pay", "attributes.y", ["string"], None),
        Difference("field", "event", "pay", "more", None, ["boolean"]),
    ]


def test_tolerance(tmp_path: Path) -> None:
    """Counts may differ by the tolerance in percent of A, and None ignores them."""
    a = _run(tmp_path, *[custom("pay")] * 10)
    b = _run(tmp_path, *[custom("pay")] * 11)
    assert len(compare(a, b)) == len(compare(a, b, tolerance=9.9)) == 1
    assert compare(a, b, tolerance=10) == compare(a, b, tolerance=None) == []


def test_what_cannot_be_read(tmp_path: Path) -> None:
    """A message that is no object counts by its kind and has no fields."""
    a = profile(keep(tmp_path / "a.db", 3))
    assert {key: (shape.events, shape.fields) for key, shape in a.items()} == {
        ("event", ""): (1, {})
    }


def test_sentence() -> None:
    """A difference can be read as a line."""
    assert str(Difference("types", "event", "pay", "attributes.x", ["null", "string"], None)) == (
        "types  event pay attributes.x: null or string in A, nothing in B"
    )
    assert str(Difference("count", "item", "a", "", 2, 1)) == (
        "count  item a: 2 events in A, 1 event in B"
    )

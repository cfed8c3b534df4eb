"""Comparison of two runs by names, fields, types and counts, but not by values."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from growingio_collector.rules.checked import JSON_TYPES
from growingio_collector.store.schema import reading
from growingio_wire.json_text import as_object, read_object
from growingio_wire.said import Said

Key = tuple[str, str]
"""The kind of a message and its name; its event type when it has none."""

_QUERY: Final = "SELECT kind, coalesce(name, type, '') AS name, json FROM event ORDER BY id"

_PERCENT: Final = 100
_WHAT_ZH: Final = {"name": "名称", "field": "字段", "types": "类型", "count": "数量"}


class RunShape(msgspec.Struct):
    """Statistics of one name: its count, and the types of each field.

    A field of the attributes is ``attributes.KEY``. Types are those of JSON.
    """

    events: int = 0
    fields: dict[str, set[str]] = {}

    def add(self, message: dict[str, Any]) -> None:
        """Note one more message."""
        self._add_fields("", message)
        self._add_fields("attributes.", as_object(message.get("attributes")) or {})

    def _add_fields(self, prefix: str, fields: dict[str, Any]) -> None:
        for key, value in fields.items():
            self.fields.setdefault(prefix + key, set()).add(JSON_TYPES[type(value)])


def profile(path: Path) -> dict[Key, RunShape]:
    """Return the shape of every name in the store at ``path``."""
    shapes: dict[Key, RunShape] = {}
    with reading(path) as connection:
        for row in connection.execute(_QUERY):
            shape = shapes.setdefault((row["kind"], row["name"]), RunShape())
            shape.events += 1
            shape.add(read_object(row["json"] or "null") or {})
    return shapes


class Difference(msgspec.Struct, frozen=True):
    """One difference between the runs A and B.

    ``what`` is ``"name"``, ``"field"``, ``"types"`` or ``"count"``. ``field`` is empty for a
    whole name. ``a`` and ``b`` are what each run has: a number of events for names and counts, the
    types for fields; None when it has nothing.
    """

    what: str
    kind: str
    name: str
    field: str
    a: int | list[str] | None
    b: int | list[str] | None

    def __str__(self) -> str:
        return self.said.en

    @property
    def said(self) -> Said:
        """The difference in one line."""
        place = " ".join(filter(None, (self.kind, self.name, self.field)))
        a, b = _side(self.a), _side(self.b)
        return Said(
            f"{self.what:5}  {place}: {a.en} in A, {b.en} in B",
            f"{_WHAT_ZH[self.what]}  {place}：A 中{a.zh}，B 中{b.zh}",
        )


def _side(value: int | list[str] | None) -> Said:
    if value is None:
        return Said("nothing", "没有")
    if isinstance(value, int):
        return Said(f"{value} events", f"有 {value} 个事件")
    return Said(" or ".join(value), "为 " + " 或 ".join(value))


def compare(
    a: Mapping[Key, RunShape], b: Mapping[Key, RunShape], *, tolerance: float | None = 0.0
) -> list[Difference]:
    """Return how run ``b`` differs from run ``a``, by name.

    :param tolerance: by how many percent of A's a count may differ; None ignores counts.
    """
    differences: list[Difference] = []
    for key in sorted(a.keys() | b.keys()):
        one, other = a.get(key), b.get(key)
        if one and other:
            differences += _in_both(key, one, other, tolerance)
        else:
            counts = [shape.events if shape else None for shape in (one, other)]
            differences.append(Difference("name", *key, "", *counts))
    return differences


def _in_both(
    key: Key, one: RunShape, other: RunShape, tolerance: float | None
) -> Iterator[Difference]:
    if tolerance is not None:
        off = abs(other.events - one.events) * _PERCENT / one.events
        if off > tolerance:
            yield Difference("count", *key, "", one.events, other.events)
    for field in sorted(one.fields.keys() | other.fields.keys()):
        types = one.fields.get(field), other.fields.get(field)
        if types[0] != types[1]:
            what = "types" if all(types) else "field"
            yield Difference(what, *key, field, *(sorted(side) if side else None for side in types))

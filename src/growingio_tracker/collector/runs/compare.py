"""How two runs differ."""

from collections.abc import Iterator, Mapping

import msgspec

from growingio_tracker.collector.runs.profile import Key, Shape

_PERCENT = 100
_WHAT_ZH = {"name": "名称", "field": "字段", "types": "类型", "count": "数量"}


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
        place = " ".join(filter(None, (self.kind, self.name, self.field)))
        return f"{self.what:5}  {place}: {_side(self.a)} in A, {_side(self.b)} in B"

    @property
    def said_in_chinese(self) -> str:
        """The same as its text, in Chinese."""
        place = " ".join(filter(None, (self.kind, self.name, self.field)))
        return f"{_WHAT_ZH[self.what]}  {place}：A 中{_side_zh(self.a)}，B 中{_side_zh(self.b)}"


def _side(value: int | list[str] | None) -> str:
    if value is None:
        return "nothing"
    return f"{value} events" if isinstance(value, int) else " or ".join(value)


def _side_zh(value: int | list[str] | None) -> str:
    if value is None:
        return "没有"
    return f"有 {value} 个事件" if isinstance(value, int) else "为 " + " 或 ".join(value)


def compare(
    a: Mapping[Key, Shape], b: Mapping[Key, Shape], *, tolerance: float | None = 0.0
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


def _in_both(key: Key, one: Shape, other: Shape, tolerance: float | None) -> Iterator[Difference]:
    if tolerance is not None:
        off = abs(other.events - one.events) * _PERCENT / one.events
        if off > tolerance:
            yield Difference("count", *key, "", one.events, other.events)
    for field in sorted(one.fields.keys() | other.fields.keys()):
        types = one.fields.get(field), other.fields.get(field)
        if types[0] != types[1]:
            what = "types" if all(types) else "field"
            yield Difference(what, *key, field, *(sorted(side) if side else None for side in types))

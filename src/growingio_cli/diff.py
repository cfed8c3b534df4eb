"""``growingio diff``: compare two stored runs by names, fields, types and counts, not by values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer

from growingio_cli.console import (
    LangOption,
    Language,
    argument,
    in_chinese,
    option,
    show_any_character,
)
from growingio_wire.said import Said, counted

Key = tuple[str, str]
"""The kind of a message and its name; its event type when it has none."""

_QUERY: Final = "SELECT kind, coalesce(name, type, '') AS name, json FROM event ORDER BY id"

_PERCENT: Final = 100
_WHAT_ZH: Final = {"name": "名称", "field": "字段", "types": "类型", "count": "数量"}

_NONE: Final = Said("No differences.", "没有差异。")
_COUNT: Final = Said("Differences: {count}.", "共 {count} 处差异。")


class DiffFormat(str, Enum):
    """The value of ``--format``."""

    TEXT = "text"
    JSON = "json"


@in_chinese(
    """比较采集器保存的两次运行：名称、字段、类型、数量。

    退出状态：0 没有不同，1 有不同。"""
)
def diff(
    a: Annotated[Path, argument("The reference run.", "作为基准的运行。", metavar="A")],
    b: Annotated[Path, argument("The run to compare with it.", "与之比较的运行。", metavar="B")],
    tolerance: Annotated[
        float,
        option(
            "The allowed difference of counts.",
            "数量允许相差的百分比。",
            min=0,
            metavar="PERCENT",
        ),
    ] = 0.0,
    ignore_counts: Annotated[
        bool,
        option(
            "Compare only names, fields and types.", "只比较名称、字段和类型。", "--ignore-counts"
        ),
    ] = False,
    format_: Annotated[
        DiffFormat, option("The output.", "输出的形式。", "--format", metavar="text|json")
    ] = DiffFormat.TEXT,
    lang: LangOption = Language.AUTO,
) -> None:
    """Compare two stored runs of the collector: names, fields, types, counts.

    Exit status: 0 no differences, 1 differences.
    """
    from growingio_collector.store.schema import existing_store

    show_any_character()
    found = compare(
        profile(existing_store(a)),
        profile(existing_store(b)),
        tolerance=None if ignore_counts else tolerance,
    )
    if format_ is DiffFormat.JSON:
        typer.echo(msgspec.json.encode({"differences": found}).decode())
    else:
        typer.echo("\n".join(_lines(found, lang)))
    if found:
        raise typer.Exit(1)


def _lines(found: list[Difference], lang: Language) -> list[str]:
    from growingio_wire.said import harmless

    conclusion = _COUNT.with_values(count=len(found)) if found else _NONE
    lines = [lang.of(one.said) for one in found]
    return [*map(harmless, lines), lang.of(conclusion)]


class RunShape(msgspec.Struct):
    """Statistics of one name: its count, and the types of each field.

    A field of the attributes is ``attributes.KEY``. Types are those of JSON.
    """

    events: int = 0
    fields: dict[str, set[str]] = {}

    def note(self, name: str, json_type: str) -> None:
        """Note the type of one more value."""
        self.fields.setdefault(name, set()).add(json_type)


def profile(path: Path) -> dict[Key, RunShape]:
    """Return the shape of every name in the store at ``path``."""
    from growingio_collector.rules.checked import JSON_TYPES
    from growingio_collector.store.schema import reading
    from growingio_wire.json_text import read_object

    shapes: dict[Key, RunShape] = {}
    with reading(path) as connection:
        for row in connection.execute(_QUERY):
            shape = shapes.setdefault((row["kind"], row["name"]), RunShape())
            shape.events += 1
            for name, value in _fields(read_object(row["json"] or "null") or {}):
                shape.note(name, JSON_TYPES[type(value)])
    return shapes


def _fields(message: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Yield the fields of a message, and those of its attributes."""
    from growingio_wire.json_text import as_object

    yield from message.items()
    for key, value in (as_object(message.get("attributes")) or {}).items():
        yield f"attributes.{key}", value


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
        return Said(counted(value, "event"), f"有 {value} 个事件")
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

"""``growingio diff``: compare two stored runs."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

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
from growingio_wire.said import Said

if TYPE_CHECKING:
    from growingio_collector.runs import Difference

_NONE: Final = Said("No differences.", "没有不同。")
_COUNT: Final = Said("Differences: {count}.", "共 {count} 处不同。")


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
    from growingio_collector.runs import compare, profile
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

"""``growingio diff``: compare a run with a golden one."""

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from growingio_tracker.cli.console import show_any_character
from growingio_tracker.cli.language import AnswerLangOption, Language

if TYPE_CHECKING:
    from growingio_tracker.collector.runs.compare import Difference


class DiffFormat(str, Enum):
    """How the differences are written."""

    TEXT = "text"
    JSON = "json"


def diff(
    a: Annotated[Path, typer.Argument(metavar="A", help="The run as it should be.")],
    b: Annotated[Path, typer.Argument(metavar="B", help="The run to compare with it.")],
    tolerance: Annotated[
        float, typer.Option(min=0, metavar="PERCENT", help="By how much counts may differ.")
    ] = 0.0,
    ignore_counts: Annotated[
        bool, typer.Option("--ignore-counts", help="Compare names, fields and types only.")
    ] = False,
    format_: Annotated[DiffFormat, typer.Option("--format")] = DiffFormat.TEXT,
    lang: AnswerLangOption = Language.AUTO,
) -> None:
    """Compare two kept runs of the collector: names, fields, types, counts.

    Status 1 when they differ.
    """
    # The collector takes a third of a second to import, which --help need not wait for.
    from growingio_tracker.collector.existing import existing_store  # noqa: PLC0415
    from growingio_tracker.collector.runs.compare import compare  # noqa: PLC0415
    from growingio_tracker.collector.runs.profile import profile  # noqa: PLC0415

    show_any_character()
    found = compare(
        profile(existing_store(a)),
        profile(existing_store(b)),
        tolerance=None if ignore_counts else tolerance,
    )
    typer.echo(_json(found) if format_ is DiffFormat.JSON else _text(found, lang.is_chinese))
    if found:
        raise typer.Exit(1)


def _json(found: "list[Difference]") -> str:
    import msgspec  # noqa: PLC0415 - as above

    return msgspec.json.encode({"differences": found}).decode()


def _text(found: "list[Difference]", is_chinese: bool) -> str:
    from growingio_tracker.collector.terminal import harmless  # noqa: PLC0415 - as above

    if is_chinese:
        lines = [harmless(difference.said_in_chinese) for difference in found]
        return "\n".join([*lines, f"共 {len(found)} 处不同。" if found else "没有不同。"])
    lines = [harmless(str(difference)) for difference in found]
    return "\n".join([*lines, f"Differences: {len(found)}." if found else "No differences."])

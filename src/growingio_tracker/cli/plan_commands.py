"""``growingio plan …``: check a tracking plan, make one, and compare a kept run with it."""

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from growingio_tracker.cli.console import show_any_character
from growingio_tracker.cli.language import AnswerLangOption, Language
from growingio_tracker.cli.outcome import (
    Conditions,
    ExitOnOption,
    PlanOption,
)
from growingio_tracker.exceptions import GrowingParamException

if TYPE_CHECKING:
    from growingio_tracker.collector.plan.model import Plan
    from growingio_tracker.collector.plan.report import Report

# What the commands import inside takes a third of a second, which --help need not wait for.

plan: Final = typer.Typer(
    no_args_is_help=True,
    help="Check a tracking plan, make one of what was received, and compare the two.",
)

_CHECKED: Final = "{file}: {events} events and {items} items are planned."
_CHECKED_ZH: Final = "{file}：共规划 {events} 个事件、{items} 个维度表。"

Database = Annotated[
    Path, typer.Argument(metavar="DB", help="The file in which the collector kept a run.")
]
OutputOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", dir_okay=False, help="Write UTF-8 here. Without it, standard output."
    ),
]


class ReportFormat(str, Enum):
    """How a report is written."""

    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"


@plan.command()
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The plan, YAML or CSV.")],
    lang: AnswerLangOption = Language.AUTO,
) -> None:
    """Read a plan and name everything that is wrong in it. Status 1 if anything is."""
    from growingio_tracker.collector.plan.defects import PlanError  # noqa: PLC0415
    from growingio_tracker.collector.plan.load import load_plan  # noqa: PLC0415

    show_any_character()
    try:
        loaded = load_plan(file)
    except PlanError as error:
        if not lang.is_chinese:
            raise
        typer.echo(error.said_in_chinese, err=True)
        raise typer.Exit(1) from error
    for note in loaded.notes:
        typer.echo(note.said_in_chinese if lang.is_chinese else note, err=True)
    events, items = len(loaded.plan.events or {}), len(loaded.plan.items or {})
    said = _CHECKED_ZH if lang.is_chinese else _CHECKED
    typer.echo(said.format(file=file, events=events, items=items))


@plan.command()
def draft(db: Database, output: OutputOption = None) -> None:
    """Make a plan in YAML from what was received; its types are guesses to look at."""
    from growingio_tracker.collector.existing import existing_store  # noqa: PLC0415
    from growingio_tracker.collector.plan.draft import draft as drafted  # noqa: PLC0415

    _write(drafted(existing_store(db)).encode(), output)


@plan.command()
def report(
    db: Database,
    file: PlanOption = None,
    format_: Annotated[ReportFormat, typer.Option("--format")] = ReportFormat.TEXT,
    exit_code_on: ExitOnOption = None,
    output: OutputOption = None,
    lang: AnswerLangOption = Language.AUTO,
) -> None:
    """Compare a kept run with a plan, that of the run itself if none is named."""
    from growingio_tracker.collector.existing import existing_store  # noqa: PLC0415
    from growingio_tracker.collector.plan.outcome import make_outcome  # noqa: PLC0415

    path = existing_store(db)
    outcome = make_outcome(path, _plan(path, file))
    if outcome.report:
        _write(_written(outcome.report, format_, lang), output)
    Conditions(exit_code_on, None, lang).settle(outcome)


@plan.command()
def schema(output: OutputOption = None) -> None:
    """Write the JSON Schema of a plan, with which editors complete and check it."""
    from growingio_tracker.collector.plan.load import SCHEMA_FILE  # noqa: PLC0415

    _write(SCHEMA_FILE.read_bytes(), output)


def _plan(path: Path, file: Path | None) -> "Plan":
    from growingio_tracker.collector.plan.load import load_plan  # noqa: PLC0415
    from growingio_tracker.collector.plan.plans import stored_plan  # noqa: PLC0415

    loaded = load_plan(file) if file else stored_plan(path)
    if loaded is None:
        raise GrowingParamException(f"plan: {path} holds none. Name one with --plan.")
    return loaded.plan


def _written(report: "Report", format_: ReportFormat, lang: Language) -> bytes:
    from growingio_tracker.collector.plan import written  # noqa: PLC0415
    from growingio_tracker.collector.plan.report_text import report_text  # noqa: PLC0415

    if format_ is ReportFormat.TEXT:
        return f"{report_text(report, is_chinese=lang.is_chinese)}\n".encode()
    return written.REPORTS[format_.value](report)


def _write(content: bytes, output: Path | None) -> None:
    if output is None:
        show_any_character()
        typer.echo(content.decode(), nl=False)
        return
    try:
        output.write_bytes(content)
    except OSError as error:
        raise GrowingParamException(
            f"output: {output} cannot be written ({error.strerror}). Name another file."
        ) from error

"""``growingio plan …``: check a tracking plan, draft one, and compare a run with it."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from growingio_cli.conditions import Conditions, ExitOn, ExitOnOption, PlanOption
from growingio_cli.console import (
    LangOption,
    Language,
    OutputOption,
    WrongUsage,
    argument,
    in_chinese,
    option,
    show_any_character,
    text,
    write_output,
)
from growingio_cli.data_centre import diff, pull, push
from growingio_cli.usage import CommandGroup
from growingio_wire.said import Said

if TYPE_CHECKING:
    from growingio_collector.plan.report import Report
    from growingio_wire.plan import Plan


_CHECKED: Final = Said(
    "{file} is valid. Events: {events}, items: {items}.",
    "{file} 没有错误：{events} 个事件、{items} 个维度表。",
)

_Database = Annotated[
    Path,
    argument(
        "The file in which a collector kept a run.", "采集器保存一次运行的文件。", metavar="DB"
    ),
]


class ReportFormat(str, Enum):
    """The value of ``--format``."""

    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"


@in_chinese(
    """读取方案，列出其中所有错误。

    退出状态：0 没有错误，1 有错误。"""
)
def check(
    file: Annotated[
        Path, argument("The plan: YAML, CSV or XLSX.", "方案：YAML、CSV 或 XLSX。", metavar="FILE")
    ],
    lang: LangOption = Language.AUTO,
) -> None:
    """Read a plan, and list every mistake in it.

    Exit status: 0 no mistake, 1 at least one.
    """
    from growingio_wire.plan.reading import load_plan
    from growingio_wire.plan.source import PlanError

    show_any_character()
    try:
        loaded = load_plan(file)
    except PlanError as error:
        typer.echo(lang.of(error.said), err=True)
        raise typer.Exit(1) from error
    for note in loaded.notes:
        typer.echo(lang.of(note.placed), err=True)
    events, items = len(loaded.plan.events or {}), len(loaded.plan.items or {})
    typer.echo(lang.of(_CHECKED.with_values(file=file, events=events, items=items)))


@in_chinese("根据收到的事件起草 YAML 方案。其中的类型是推测的，请核对。")
def draft(db: _Database, output: OutputOption = None) -> None:
    """Write a plan in YAML from received events. Its types are guesses: review them."""
    from growingio_collector.plan.draft import draft as drafted
    from growingio_collector.store.schema import existing_store

    write_output(drafted(existing_store(db)).encode(), output)


@in_chinese("对照保存的运行与方案。默认使用该次运行的方案。")
def report(
    db: _Database,
    file: PlanOption = None,
    format_: Annotated[
        ReportFormat, option("The output.", "输出的形式。", "--format", metavar="text|json|junit")
    ] = ReportFormat.TEXT,
    exit_code_on: ExitOnOption = None,
    exit_code: Annotated[
        bool,
        option(
            "The same as --exit-code-on plan.",
            "等同于 --exit-code-on plan。",
            "--exit-code",
        ),
    ] = False,
    output: OutputOption = None,
    lang: LangOption = Language.AUTO,
) -> None:
    """Compare a stored run with a plan. Default: the run's own plan."""
    from growingio_collector.plan.report import make_outcome
    from growingio_collector.store.schema import existing_store

    path = existing_store(db)
    outcome = make_outcome(path, _plan(path, file))
    if outcome.report:
        write_output(_written(outcome.report, format_, lang), output)
    exit_on = exit_code_on or (ExitOn.PLAN if exit_code else None)
    Conditions(exit_on, None, lang).settle(outcome)


@in_chinese("输出方案的 JSON Schema，供编辑器补全和检查。")
def schema(output: OutputOption = None) -> None:
    """Write the JSON Schema of plans, for completion and validation in editors."""
    from growingio_wire.plan.reading import plan_schema

    write_output(plan_schema(), output)


def _plan(path: Path, file: Path | None) -> Plan:
    from growingio_collector.plan import stored_plan
    from growingio_wire.plan.reading import load_plan

    loaded = load_plan(file) if file else stored_plan(path)
    if loaded is None:
        raise WrongUsage(
            Said(
                f"{path} holds no plan. Name one with --plan.",
                f"{path} 中没有方案。请用 --plan 指定。",
            )
        )
    return loaded.plan


def _written(report: Report, format_: ReportFormat, lang: Language) -> bytes:
    from growingio_collector.plan.report_formats import REPORTS, report_text

    if format_ is ReportFormat.TEXT:
        return f"{report_text(report, is_chinese=lang.is_chinese)}\n".encode()
    return REPORTS[format_.value](report)


plan: Final = CommandGroup(
    "plan",
    text(
        "Check a tracking plan, draft one from received events, or compare it with events or the "
        "platform.",
        "检查埋点方案、根据收到的事件起草方案，或将方案与收到的事件或平台对照。",
    ),
)
plan.add(check)
plan.add(draft)
plan.add(report)
plan.add(schema)
plan.add(pull)
plan.add(diff)
plan.add(push)

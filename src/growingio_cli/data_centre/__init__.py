"""Data center of the platform: ``growingio plan pull``, ``diff`` and ``push``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from growingio_cli.console import (
    LangOption,
    Language,
    OutputOption,
    WrongUsage,
    argument,
    in_chinese,
    option,
    show_any_character,
    write_output,
)
from growingio_wire.said import Said, counted

if TYPE_CHECKING:
    from growingio_cli.data_centre.client import DataCentre
    from growingio_cli.data_centre.difference import Change
    from growingio_wire.plan import Plan

VARIABLES: Final = tuple(
    f"GROWINGIO_PLATFORM_{name}" for name in ("TOKEN", "CLIENT_ID", "CLIENT_SECRET")
)
"""Variables with the token, or the credentials for it: secrets are never arguments."""

_NO_TOKEN: Final = Said(
    "set {}, or {} and {}.".format(*VARIABLES), "请设置 {}，或 {} 和 {}。".format(*VARIABLES)
)
_WOULD_OVERWRITE: Final = Said(
    "{file} exists, and its comments would be lost. Overwrite it with --force.",
    "{file} 已存在，覆盖会丢失其中的注释。确认覆盖请使用 --force。",
)
_ALIKE: Final = Said("The plan and the platform match.", "方案与平台一致。")
_NOTHING_TO_DO: Final = Said("There is nothing to create.", "没有需要创建的内容。")
_SURE: Final = Said("Create {definitions} on {page}?", "在 {page} 上创建 {count} 项定义？")
_DONE: Final = Said("Created {definitions}.", "已创建 {count} 项定义。")

_Page = Annotated[
    str,
    option(
        "The address of the platform's web page.",
        "平台网页的地址。",
        "--page",
        metavar="URL",
    ),
]
_Project = Annotated[
    str,
    option("The project's id on the platform.", "平台上的项目 ID。", "--project", metavar="ID"),
]
_PlanFile = Annotated[
    Path, argument("The plan: YAML, CSV or XLSX.", "方案：YAML、CSV 或 XLSX。", metavar="FILE")
]


@in_chinese(
    """读取平台上定义的事件、属性、绑定关系、用户属性和维度表，写成 YAML 方案。

    只读取，不修改；没有 --force 时不覆盖文件。"""
)
def pull(
    page: _Page,
    project: _Project,
    plan: Annotated[
        Path | None,
        option(
            "Keep the rules of this plan, such as required and enum, where both agree.",
            "在两者一致之处保留此方案的规则，例如 required 和 enum。",
            "--plan",
            metavar="FILE",
        ),
    ] = None,
    output: OutputOption = None,
    force: Annotated[
        bool,
        option(
            "Overwrite the file of --output.",
            "覆盖 --output 指定的文件。",
            "--force",
        ),
    ] = False,
) -> None:
    """Write the events, attributes, bindings, users' attributes and tables of the platform.

    Read-only; an existing file is overwritten only with --force.
    """
    from growingio_cli.data_centre.definitions import plan_yaml, pulled
    from growingio_wire.plan import Plan as PlanModel

    if output and output.exists() and not force:
        raise WrongUsage(_WOULD_OVERWRITE.with_values(file=output))
    before = _read(plan) if plan else PlanModel()
    found = _open(page, project).definitions()
    write_output(plan_yaml(pulled(found, before)).encode(), output)


@in_chinese(
    """显示方案与平台的差异。只读取，不修改。

    退出状态：0 一致，1 有差异。"""
)
def diff(
    file: _PlanFile,
    page: _Page,
    project: _Project,
    lang: LangOption = Language.AUTO,
) -> None:
    """Show how a plan and the platform differ. Read-only.

    Exit status: 0 no differences, 1 differences.
    """
    from growingio_cli.data_centre.difference import differences

    show_any_character()
    changes = differences(_read(file), _open(page, project).definitions())
    _show(changes, lang)
    if changes:
        raise typer.Exit(1)
    typer.echo(lang.of(_ALIKE))


@in_chinese(
    """显示差异，确认后在平台上创建缺少的事件、属性、绑定关系和用户属性。

    不删除任何内容，也不修改类型；维度表需在平台上修改。"""
)
def push(
    file: _PlanFile,
    page: _Page,
    project: _Project,
    yes: Annotated[bool, option("Do not ask.", "不询问。", "--yes")] = False,
    lang: LangOption = Language.AUTO,
) -> None:
    """Show the differences, ask, and create what is missing on the platform.

    It never deletes anything or changes a type. Change dimension tables on the platform.
    """
    from growingio_cli.data_centre.difference import differences

    show_any_character()
    centre = _open(page, project)
    changes = differences(_read(file), centre.definitions())
    _show(changes, lang)
    wanted = [one for one in changes if one.action == "create"]
    if not wanted:
        typer.echo(lang.of(_NOTHING_TO_DO))
        return
    counts = {"count": len(wanted), "definitions": counted(len(wanted), "definition")}
    if not yes:
        typer.confirm(lang.of(_SURE.with_values(**counts, page=page)), abort=True)
    centre.create(wanted)
    typer.echo(lang.of(_DONE.with_values(**counts)))


def _show(changes: list[Change], lang: Language) -> None:
    from growingio_wire.said import harmless

    for change in changes:
        typer.echo(harmless(lang.of(change.said)))


def _read(file: Path) -> Plan:
    from growingio_wire.plan.reading import load_plan

    return load_plan(file).plan


def _open(page: str, project: str) -> DataCentre:
    from growingio_cli.data_centre.client import DataCentre, fetch_token, open_page

    token, client, secret = map(os.environ.get, VARIABLES)
    if not token and not (client and secret):
        raise WrongUsage(_NO_TOKEN)
    address, transport = open_page(page)
    # A few requests: the end of the process closes the connection.
    token = token or fetch_token(address, client or "", secret or "", transport)
    return DataCentre(address, project, token, transport)

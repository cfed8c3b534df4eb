"""Conditions for exit status 0, and the options for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from growingio_cli.console import Language, WrongUsage, option, unwritable
from growingio_wire.said import Said

if TYPE_CHECKING:
    from growingio_collector.plan.report import Outcome

FAILED_STATUS: Final = 3

_FAILED: Final = Said("Failed: {why}.", "失败：{why}。")
_NO_PLAN: Final = Said(
    "{option} needs a plan. Name one with --plan.", "{option} 需要方案。请用 --plan 指定。"
)
_NO_FOLDER: Final = Said(
    "--junit: the folder of {file} does not exist. Create it, or name another file.",
    "--junit：{file} 所在的目录不存在。请先创建，或改用其他文件。",
)


class ExitOn(str, Enum):
    """The value of ``--exit-code-on``: when to exit with status 3."""

    BAD = "bad"
    PLAN = "plan"
    COVERAGE = "coverage"


PlanOption = Annotated[
    Path | None,
    option(
        "The tracking plan to compare with, in YAML or CSV. A running collector reloads it when "
        "it changes.",
        "用来对照的埋点方案，YAML 或 CSV；文件变化时，运行中的采集器会重新读取。",
        "--plan",
        metavar="FILE",
    ),
]
ExitOnOption = Annotated[
    ExitOn | None,
    option(
        "Exit with status 3 on any invalid event (bad), when the plan is violated (plan), or "
        "also when something planned was never seen (coverage).",
        "以下情况以状态 3 退出：有错误事件（bad）；不符合方案（plan）；或者还有规划了却从未收"
        "到的内容（coverage）。",
        metavar="bad|plan|coverage",
    ),
]
JunitOption = Annotated[
    Path | None,
    option(
        "Write the plan's report as JUnit XML at the end.",
        "结束时把方案的报告写为 JUnit XML。",
        metavar="FILE",
        dir_okay=False,
    ),
]


def _reasons() -> Mapping[ExitOn, Callable[[Outcome], list[Said]]]:
    from growingio_collector.plan import report

    return {
        ExitOn.BAD: report.bad_reasons,
        ExitOn.PLAN: report.plan_reasons,
        ExitOn.COVERAGE: report.coverage_reasons,
    }


class Conditions:
    """Conditions that a run must meet, from the options.

    :param exit_on: when to exit with status 3; ``None`` is never.
    :param junit: the file for the plan's report; ``None`` writes none.
    :param lang: the language of the output.
    :param err: print the plan's report on stderr, like everything else.
    """

    def __init__(
        self, exit_on: ExitOn | None, junit: Path | None, lang: Language, *, err: bool = False
    ) -> None:
        self._exit_on = exit_on
        self._junit = junit
        self._lang = lang
        self._err = err

    def check(self, before: Outcome) -> None:
        """Fail at the start if something could not be done at the end.

        :raises WrongUsage: if a plan is needed and there is none, or the JUnit file cannot be
            written.
        """
        if before.report is None:
            asked = "--junit" if self._junit else "--exit-code-on"
            if self._junit or self._exit_on in (ExitOn.PLAN, ExitOn.COVERAGE):
                raise WrongUsage(_NO_PLAN.with_values(option=asked))
        if self._junit and not self._junit.absolute().parent.is_dir():
            raise WrongUsage(_NO_FOLDER.with_values(file=self._junit))

    def conclude(self, outcome: Outcome) -> None:
        """Print the plan's report, if there is a plan, and settle.

        :raises typer.Exit: if a condition is not met.
        :raises GrowingParamException: if the JUnit file cannot be written.
        """
        if not self.are_met(outcome):
            raise typer.Exit(FAILED_STATUS)

    def are_met(self, outcome: Outcome) -> bool:
        """Print the plan's report, if there is a plan, and return whether all conditions are met.

        :raises GrowingParamException: if the JUnit file cannot be written.
        """
        from growingio_collector.plan.report_formats import report_text

        if outcome.report:
            text = report_text(outcome.report, is_chinese=self._lang.is_chinese)
            typer.echo(text, err=self._err)
        return self._hold(outcome)

    def settle(self, outcome: Outcome) -> None:
        """Write the JUnit file, print what failed on stderr, and exit with status 3 if so.

        :raises typer.Exit: if something failed.
        :raises GrowingParamException: if the file cannot be written.
        """
        if not self._hold(outcome):
            raise typer.Exit(FAILED_STATUS)

    def _hold(self, outcome: Outcome) -> bool:
        if self._junit:
            self._write(self._junit, outcome)
        reasons = _reasons()[self._exit_on](outcome) if self._exit_on else []
        if reasons:
            typer.echo(self._lang.of(_failed(reasons)), err=True)
        return not reasons

    def _write(self, file: Path, outcome: Outcome) -> None:
        from growingio_collector.plan.report_formats import junit

        if outcome.report is None:
            raise WrongUsage(_NO_PLAN.with_values(option="--junit"))
        never_seen_fails = self._exit_on is ExitOn.COVERAGE
        try:
            file.write_bytes(junit(outcome.report, never_seen_fails=never_seen_fails))
        except OSError as error:
            raise unwritable("--junit", file, error) from error


def _failed(reasons: list[Said]) -> Said:
    en, zh = "; ".join(one.en for one in reasons), "；".join(one.zh for one in reasons)
    return _FAILED.with_values(why=Said(en, zh))

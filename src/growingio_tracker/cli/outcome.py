"""What a run must fulfil for status 0: the options of every command that a build may run."""

from collections.abc import Callable, Mapping
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from growingio_tracker.cli.language import Language
from growingio_tracker.exceptions import GrowingParamException

if TYPE_CHECKING:
    from growingio_tracker.collector.plan.outcome import Outcome, Reason

FAILED_STATUS: Final = 3


class ExitOn(str, Enum):
    """What gives status 3."""

    BAD = "bad"
    PLAN = "plan"
    COVERAGE = "coverage"


PlanOption = Annotated[
    Path | None,
    typer.Option(
        "--plan",
        metavar="FILE",
        help="Compare with this tracking plan (YAML, or CSV if the name ends so); "
        "read again when it changes.",
    ),
]
ExitOnOption = Annotated[
    ExitOn | None,
    typer.Option(
        help="End with status 3: on any bad event; when the plan is violated; or also when "
        "something planned was never seen (coverage)."
    ),
]
JunitOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", dir_okay=False, help="Write the plan's report as JUnit XML at the end."
    ),
]


def _reasons() -> Mapping[ExitOn, Callable[["Outcome"], "list[Reason]"]]:
    # The collector takes a third of a second to import, which --help need not wait for.
    from growingio_tracker.collector.plan import outcome  # noqa: PLC0415

    return {
        ExitOn.BAD: outcome.bad_reasons,
        ExitOn.PLAN: outcome.plan_reasons,
        ExitOn.COVERAGE: outcome.coverage_reasons,
    }


class Conditions:
    """What the options ask of a run.

    :param exit_on: what gives status 3; None means nothing.
    :param junit: where the plan's report is to be written; None means nowhere.
    :param lang: the language of what is printed.
    """

    def __init__(self, exit_on: ExitOn | None, junit: Path | None, lang: Language) -> None:
        self._exit_on = exit_on
        self._junit = junit
        self._is_chinese = lang.is_chinese

    def check(self, before: "Outcome") -> None:
        """Refuse at the start what could not be done at the end.

        :raises GrowingParamException: a plan is needed and there is none, or the JUnit file
            cannot be written.
        """
        if before.report is None:
            asked = "junit" if self._junit else "exit_code_on"
            if self._junit or self._exit_on in (ExitOn.PLAN, ExitOn.COVERAGE):
                raise GrowingParamException(f"{asked}: there is no plan. Name one with --plan.")
        if self._junit and not self._junit.absolute().parent.is_dir():
            raise GrowingParamException(
                f"junit: the folder of {self._junit} is not there. Make it, or name another."
            )

    def conclude(self, outcome: "Outcome") -> None:
        """Print the plan's report, if there is a plan, and settle."""
        from growingio_tracker.collector.plan.report_text import report_text  # noqa: PLC0415

        if outcome.report:
            typer.echo(report_text(outcome.report, is_chinese=self._is_chinese))
        self.settle(outcome)

    def settle(self, outcome: "Outcome") -> None:
        """Write the JUnit file, say on stderr what failed, and end with status 3 if anything did.

        :raises typer.Exit: something did.
        :raises GrowingParamException: the file cannot be written.
        """
        if self._junit:
            self._write(self._junit, outcome)
        reasons = _reasons()[self._exit_on](outcome) if self._exit_on else []
        if reasons:
            typer.echo(self._sentence(reasons), err=True)
            raise typer.Exit(FAILED_STATUS)

    def _sentence(self, reasons: "list[Reason]") -> str:
        if self._is_chinese:
            return f"失败，状态码 {FAILED_STATUS}：{'；'.join(reason.zh for reason in reasons)}。"
        return f"Failed with status {FAILED_STATUS}: {'; '.join(reason.en for reason in reasons)}."

    def _write(self, file: Path, outcome: "Outcome") -> None:
        from growingio_tracker.collector.plan.junit import junit  # noqa: PLC0415 - as above

        if outcome.report is None:
            raise GrowingParamException("junit: there is no plan any more. Name one with --plan.")
        never_seen_fails = self._exit_on is ExitOn.COVERAGE
        try:
            file.write_bytes(junit(outcome.report, never_seen_fails=never_seen_fails))
        except OSError as error:
            raise GrowingParamException(
                f"junit: {file} cannot be written ({error.strerror}). Name another file."
            ) from error

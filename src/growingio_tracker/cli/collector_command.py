"""``growingio collector``: watch on this machine what a GrowingIO client sends."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from growingio_tracker.cli.console import show_any_character, show_log
from growingio_tracker.cli.outcome import Conditions, ExitOnOption, JunitOption, PlanOption
from growingio_tracker.cli.signals import end_on_signals

if TYPE_CHECKING:
    from growingio_tracker.collector import Collector, Totals


def collector(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any free port.")] = 8917,
    db: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            dir_okay=False,
            help="Keep everything in this SQLite file. Without it, it is forgotten at the end.",
        ),
    ] = None,
    plan: PlanOption = None,
    exit_code_on: ExitOnOption = None,
    junit: JunitOption = None,
) -> None:
    """Receive and show what GrowingIO clients send to this machine, until Ctrl-C."""
    # Starlette and uvicorn take a third of a second, which --help need not wait for.
    from growingio_tracker.collector import Collector  # noqa: PLC0415

    show_any_character()
    show_log()
    conditions = Conditions(exit_code_on, junit)
    with Collector(port, db, plan) as running:
        conditions.check(running.outcome())
        end_on_signals(running.stop)
        typer.echo(_opening(running, db))
        _print_events(running)
        typer.echo(_closing(running.totals()))
        conditions.conclude(running.outcome())


def _opening(running: "Collector", db: Path | None) -> str:
    kept = f"kept in {db}" if db else "forgotten at the end (keep it with --db FILE)"
    return (
        f"GrowingIO collector on {running.url}\n"
        f"Give clients this address as their server host. What they send is {kept}.\n"
        "Press Ctrl-C to end."
    )


def _print_events(running: "Collector") -> None:
    from growingio_tracker.collector.terminal import line  # noqa: PLC0415 - as above

    for event in running.follow():
        typer.echo(line(event))


def _closing(totals: "Totals") -> str:
    return (
        f"\nEnded with {totals.events} events in {totals.requests} requests: "
        f"{totals.ok} ok, {totals.warn} with warnings, {totals.bad} bad."
    )

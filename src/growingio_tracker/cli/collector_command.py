"""``growingio collector``: watch on this machine what a GrowingIO client sends."""

import sys
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from growingio_tracker.cli import forward_options
from growingio_tracker.cli.forward_options import (
    ForwardOnlyOption,
    ForwardOption,
    ForwardSyncOption,
    ForwardTimeoutOption,
)
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
    forward: ForwardOption = None,
    forward_only: ForwardOnlyOption = None,
    forward_timeout: ForwardTimeoutOption = None,
    forward_sync: ForwardSyncOption = False,
) -> None:
    """Receive and show what GrowingIO clients send to this machine, until Ctrl-C."""
    # Starlette and uvicorn take a third of a second, which --help need not wait for.
    from growingio_tracker.collector import Collector  # noqa: PLC0415

    # A console that lacks a character shows its number instead of ending the command.
    if isinstance(sys.stdout, TextIOWrapper):
        cast("TextIOWrapper", sys.stdout).reconfigure(errors="backslashreplace")
    to = forward_options.forwarding(forward, forward_only, forward_timeout, forward_sync)
    with Collector(port, db, forwarding=to) as running:
        end_on_signals(running.stop)
        typer.echo("\n".join([_opening(running, db), *forward_options.opening(to)]))
        _print_events(running)
        ending = forward_options.closing(running, to, kept=db is not None)
        typer.echo("\n".join([_closing(running.totals()), *ending]))


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

"""``growingio relay``: one sender for all processes of a machine."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from growingio_tracker.cli.sending import PARSERS, CertOption, Format, FormatOption, HostOption
from growingio_tracker.cli.signals import end_on_signals

if TYPE_CHECKING:
    from growingio_tracker.delivery.contract import Problem, Stats

_LOOK_S: Final = 0.5


def relay(
    directory: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", file_okay=False, help="The directory that the processes have as spool."
        ),
    ],
    server_host: HostOption = None,
    format_: FormatOption = Format.JSON,
    ca_file: CertOption = None,
) -> None:
    """Send what the processes that share DIR track, until Ctrl-C or SIGTERM.

    While it runs, their DurableConsumers leave sending to it. When it ends, they send themselves.
    """
    from growingio_tracker.consumers.relay import Adopters  # noqa: PLC0415
    from growingio_tracker.delivery.spool.directory import being_relay  # noqa: PLC0415

    ending = threading.Event()
    end_on_signals(ending.set)
    parser = PARSERS[format_]()
    with (
        being_relay(directory),
        Adopters(directory, server_host, parser, ca_file or True, on_error=_tell) as adopters,
    ):
        typer.echo(f"Sending what comes into {directory}. Press Ctrl-C to end.")
        told = 0
        while not ending.wait(_LOOK_S):
            adopters.look_around()
            totals = adopters.totals()
            if totals.delivered != told:
                told = totals.delivered
                typer.echo(_line(totals))
    typer.echo(f"Ended. {_line(adopters.totals())}")


def _tell(problem: Problem) -> None:
    typer.echo(f"{problem.reason}: {problem.detail}", err=True)


def _line(totals: Stats) -> str:
    rejected = sum(totals.rejected.values())
    return f"{totals.delivered} delivered, {rejected} dead letters, {totals.pending} waiting"

"""``growingio spool …``: look into a spool directory, and help what waits there on its way."""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress, track

from growingio_tracker.cli import spool_tables as tables
from growingio_tracker.cli.sending import (
    PARSERS,
    CertOption,
    Format,
    FormatOption,
    HostOption,
)

if TYPE_CHECKING:
    from growingio_tracker.delivery.spool.dead_letters import DeadLetter
    from growingio_tracker.delivery.spool.inspection import WaitingRecord

spool: Final = typer.Typer(
    no_args_is_help=True,
    help="Look into the directory of a DurableConsumer, and help what waits there on its way.",
)

Directory = Annotated[
    Path,
    typer.Argument(
        metavar="DIR",
        exists=True,
        file_okay=False,
        help="The directory that DurableConsumer has as spool.",
    ),
]
Reason = Annotated[
    str | None,
    typer.Option(metavar="WORD", help="Only those with this reason, for instance status_400."),
]
Waiting = Annotated[
    bool,
    typer.Option(
        "--waiting", help="Not the dead letters, but what waits in files that no process has."
    ),
]

_PROGRESS_S: Final = 0.2


@spool.command()
def status(directory: Directory) -> None:
    """Show the files, how many events wait in them, and how many dead letters there are."""
    from growingio_tracker.delivery.spool.dead_letters import DeadLetters  # noqa: PLC0415
    from growingio_tracker.delivery.spool.inspection import look_at  # noqa: PLC0415

    console = Console()
    reports = look_at(directory)
    if reports:
        console.print(tables.stores(reports))
    left = sum(report.events or 0 for report in reports)
    in_use = sum(report.in_use for report in reports)
    console.print(
        f"{left} events wait in files that no process has. {in_use} files are in use; what waits "
        f"in them only their processes know. {len(DeadLetters(directory))} dead letters.",
        highlight=False,
    )


@spool.command("list")
def list_(
    directory: Directory,
    reason: Reason = None,
    waiting: Waiting = False,
    limit: Annotated[int, typer.Option(min=1, help="Show at most so many.")] = 50,
) -> None:
    """List the dead letters: what the server refused for good, and why."""
    from growingio_tracker.delivery.spool.inspection import waiting_in  # noqa: PLC0415

    if waiting:
        shown = tables.waiting(itertools.islice(waiting_in(directory), limit))
    else:
        shown = tables.dead_letters(itertools.islice(_letters(directory, reason), limit))
    Console().print(shown if shown.row_count else "Nothing to list.")


@spool.command()
def export(
    directory: Directory,
    reason: Reason = None,
    waiting: Waiting = False,
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE", dir_okay=False, help="Without it, the standard output."),
    ] = None,
) -> None:
    """Write the dead letters as NDJSON, one JSON object a line, and leave them where they are."""
    from growingio_tracker.delivery.spool.inspection import waiting_in  # noqa: PLC0415

    entries: Iterable[DeadLetter | WaitingRecord] = (
        waiting_in(directory) if waiting else _letters(directory, reason)
    )
    with _writing_to(output) as write:
        for entry in track(entries, "writing", transient=True, disable=output is None):
            line = {**msgspec.to_builtins(entry), "record": msgspec.Raw(entry.record)}
            write(msgspec.json.encode(line) + b"\n")


@spool.command()
def requeue(
    directory: Directory,
    numbers: Annotated[
        list[int] | None, typer.Argument(metavar="[NUMBER]...", help="As `list` shows them.")
    ] = None,
    reason: Reason = None,
    everything: Annotated[bool, typer.Option("--all", help="All dead letters.")] = False,
) -> None:
    """Let dead letters wait to be sent again, for instance when the server has been mended."""
    from growingio_tracker.delivery.spool.inspection import requeue as requeued  # noqa: PLC0415

    if not (numbers or reason or everything):
        raise typer.BadParameter("name the dead letters by NUMBER, --reason or --all")
    chosen = [one for one in _letters(directory, reason) if not numbers or one.number in numbers]
    if missing := set(numbers or ()) - {one.number for one in chosen}:
        raise typer.BadParameter(f"there is no dead letter {min(missing)}; see `list`")
    with Progress(transient=True) as progress:
        task = progress.add_task("requeueing", total=len(chosen))
        for done in requeued(directory, chosen):
            progress.update(task, completed=done)
    typer.echo(
        f"{len(chosen)} dead letters wait again. A process with a consumer on this directory sends "
        "them within seconds; so does `growingio spool drain`."
    )


@spool.command()
def drain(
    directory: Directory,
    server_host: HostOption = None,
    format_: FormatOption = Format.JSON,
    ca_file: CertOption = None,
    timeout: Annotated[float, typer.Option(min=0, help="Seconds to try for at most.")] = 300,
) -> None:
    """Send what waits in files that no process has, and end. Status 1 if some of it still waits."""
    from growingio_tracker.consumers.relay import Adopters  # noqa: PLC0415

    deadline = time.monotonic() + timeout
    parser = PARSERS[format_]()
    with Adopters(directory, server_host, parser, ca_file or True) as adopters:
        adopters.take_in()
        with Progress(transient=True) as progress:
            task = progress.add_task("sending", total=None)
            while (totals := adopters.totals()).pending and time.monotonic() < deadline:
                said = f"sending ({totals.last_error})" if totals.last_error else "sending"
                progress.update(
                    task, total=totals.accepted, completed=totals.delivered, description=said
                )
                time.sleep(_PROGRESS_S)
    typer.echo(
        f"{totals.delivered} events were delivered, {sum(totals.rejected.values())} became dead "
        f"letters, {totals.pending} still wait."
    )
    if totals.pending:
        typer.echo(totals.last_error or "the time was up", err=True)
        raise typer.Exit(1)


def _letters(directory: Path, reason: str | None) -> Iterator[DeadLetter]:
    from growingio_tracker.delivery.spool.dead_letters import DeadLetters  # noqa: PLC0415

    return (one for one in DeadLetters(directory) if reason in (None, one.reason))


@contextmanager
def _writing_to(output: Path | None) -> Generator[Callable[[bytes], object], None, None]:
    if output is None:
        yield sys.stdout.buffer.write
        return
    with output.open("wb") as file:
        yield file.write
    typer.echo(f"written to {output}", err=True)

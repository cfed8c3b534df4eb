"""What the import command shows: a first look, progress, and a summary."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from growingio_tracker.bulk import progress as values
from growingio_tracker.bulk.plan import FilePlan, Look
from growingio_tracker.cli.mapping_file import as_yaml

_SHOWN_FAILURES: Final = 10
_TIME_NOTE: Final = (
    "event_time takes effect only where the platform has custom event time switched on, which "
    "GrowingIO's support can tell. Elsewhere rows count at the time of the import."
)


def show_look(console: Console, plan: FilePlan, look: Look) -> None:
    """Show the mapping of a file, the rows that would fail, and the first record."""
    _say(console, f"{plan.path}\n\n{as_yaml(plan.mapping)}\n")
    _say(console, f"Of the first {look.rows} rows, {len(look.failed)} would fail.")
    for number, reason in look.failed[:_SHOWN_FAILURES]:
        _say(console, f"  row {number}: {reason}")
    if look.record is not None:
        shown = msgspec.json.format(look.record, indent=2).decode()
        _say(console, f"The first record:\n{shown}")


def show_time_note(console: Console, plans: Iterable[FilePlan]) -> None:
    """Say what event_time needs, when a mapping has it."""
    if any("event_time" in plan.mapping.fields for plan in plans):
        _say(console, _TIME_NOTE)


def show_summary(console: Console, summary: values.Summary) -> None:
    """Show what became of each file."""
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("file")
    for name in ("rows", "delivered", "failed", "earlier"):
        table.add_column(name, justify="right")
    for file in summary.files:
        progress = file.progress
        table.add_row(
            Path(progress.path or "").name,
            *map(str, (progress.rows, progress.delivered, progress.failed, file.before)),
        )
    console.print(table)
    for file in summary.files:
        if file.error is not None:
            _say(console, f"{file.progress.path} is not done: {file.error}")
        if file.failed_path is not None:
            _say(console, f"Failed rows and their reasons: {file.failed_path}")
    rate = summary.rows_now / max(summary.seconds, 0.001)
    _say(
        console,
        f"{summary.delivered} delivered, {summary.failed} failed; in this run {summary.rows_now} "
        f"rows in {summary.seconds:.1f} s ({rate:,.0f} rows/s).",
    )
    if summary.is_complete:
        _say(console, "Everything was read. Its checkpoints stay, so that no row is sent twice.")
    else:
        _say(console, "The same command goes on where this one ended.")


class Bars:
    """A bar for each file, from its first batch on."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str | None, TaskID] = {}

    def update(self, now: values.Progress) -> None:
        """Show how far a file has come."""
        task = self._tasks.get(now.path)
        if task is None:
            name = Path(now.path or "").name
            task = self._progress.add_task(name, total=1.0, rows=0, begin=now.rows, failed=0)
            self._tasks[now.path] = task
        self._progress.update(task, completed=now.part, rows=now.rows, failed=now.failed)


class _Rate(ProgressColumn):
    """Rows a second since the first batch of this run."""

    def render(self, task: Task) -> Text:
        seconds = task.elapsed or 0.0
        rate = (task.fields["rows"] - task.fields["begin"]) / seconds if seconds else 0.0
        return Text(f"{rate:,.0f} rows/s")


@contextmanager
def bars(console: Console) -> Generator[Bars, None, None]:
    """Show bars while inside; nothing where the console is no terminal."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rows]:,} rows, {task.fields[failed]:,} failed"),
        _Rate(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        yield Bars(progress)


def _say(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)

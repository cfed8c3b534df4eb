"""Terminal output of an import: the preview of files, progress, and a summary."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import msgspec
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
from rich.text import Text

from growingio_cli.console import plain_table, text
from growingio_tracker.bulk import outcomes as values
from growingio_tracker.bulk.csv_rows import CsvLayout
from growingio_tracker.bulk.mapping import RowMapping
from growingio_tracker.bulk.plan import HOPELESS_ROWS, FilePlan, Look
from growingio_tracker.bulk.query import QueryPlan
from growingio_wire.said import counted


def show_plan(console: Console, plan: FilePlan | QueryPlan) -> None:
    """Show how a source is read, and the mapping of its columns."""
    say(console, f"{plan.name}\n\n{_as_yaml(plan.mapping)}\n")
    if (how := how_read(plan, always=True)) is not None:
        say(console, f"{how}\n")


def show_look(console: Console, seen: Look) -> None:
    """Show which rows would fail."""
    rows, failed = seen.rows, seen.failed
    said = text(
        f"Of {counted(rows, 'row')}, {failed} would fail.", f"{rows} 行中有 {failed} 行会失败。"
    )
    if rows == failed >= HOPELESS_ROWS:
        said += text(" The remaining rows were not read.", "没有读取其余的行。")
    say(console, said)
    for number, reason in seen.reasons:
        say(console, text(f"  row {number}: {reason.en}", f"  第 {number} 行：{reason.zh}"))
    _warn_of_ids(console, seen.odd_ids)
    if seen.record is not None:
        shown = msgspec.json.format(seen.record, indent=2).decode()
        say(console, text(f"The first record:\n{shown}", f"第一条记录：\n{shown}"))


def how_read(plan: FilePlan | QueryPlan, *, always: bool = False) -> str | None:
    """Return how a source is read; ``None`` if there is nothing to mention."""
    if isinstance(plan, QueryPlan):
        return _how_asked(plan)
    layout = plan.layout
    if not isinstance(layout, CsvLayout):
        return None
    encoding = "UTF-16" if layout.form.utf16 else layout.encoding.upper()
    if not always and (layout.delimiter, encoding) in ((",", "UTF-8"), ("\t", "UTF-8")):
        return None
    shown = text("tabs", "制表符") if layout.delimiter == "\t" else f"'{layout.delimiter}'"
    return text(
        f"Read as {encoding}, delimited by {shown}.", f"编码为 {encoding}，分隔符为 {shown}。"
    )


def _how_asked(plan: QueryPlan) -> str:
    where, key = plan.address, plan.query.key
    if key is None:
        return text(
            f"From {where}. Without --key, an interrupted import cannot be resumed.",
            f"来自 {where}。没有 --key 时，中断的导入无法继续。",
        )
    return text(f"From {where}, in the order of {key}.", f"来自 {where}，按 {key} 的顺序。")


def _warn_of_ids(console: Console, rows: int) -> None:
    if rows:
        note = text(
            f"Rows whose id is NULL, \\N, undefined, nan or the like: {rows}. Treat such cells as "
            "missing values with --null, for example --null NULL.",
            f"ID 为 NULL、\\N、undefined、nan 之类文字的行数：{rows}。可用 --null 把这样的单元格"
            "视为没有值，例如 --null NULL。",
        )
        say(console, note)


def _as_yaml(mapping: RowMapping) -> str:
    return "\n".join(_yaml_lines(msgspec.to_builtins(mapping)))


def _yaml_lines(content: dict[str, object]) -> Iterator[str]:
    for key, value in content.items():
        if isinstance(value, dict):
            members = cast("dict[str, object]", value)
            yield f"{key}:{'' if members else ' {}'}"
            for name, inner in members.items():
                yield f"  {_quoted(name)}: {_quoted(inner)}"
        else:
            yield f"{key}: {_quoted(value)}"


def _quoted(value: object) -> str:
    # JSON is YAML, and needs no rules about what has to be quoted.
    return msgspec.json.encode(value).decode()


def show_time_note(console: Console, plans: Iterable[FilePlan | QueryPlan]) -> None:
    """Show the requirement of event_time, if it is mapped."""
    if any("event_time" in plan.mapping.fields for plan in plans):
        note = text(
            "event_time takes effect only if custom event time is enabled on the platform; ask "
            "GrowingIO's support. Otherwise the time of the import is used.",
            "仅当平台开启了自定义事件时间时 event_time 才生效，请向 GrowingIO 技术支持确认；"
            "否则以导入时的时间为准。",
        )
        say(console, note)


def show_summary(console: Console, summary: values.Summary) -> None:
    """Show the outcome of each file."""
    file_, *numeric = text("file rows delivered failed earlier", "文件 行数 送达 失败 此前").split()
    table = plain_table(file_, *numeric, numeric=tuple(numeric))
    for file in summary.files:
        progress = file.progress
        table.add_row(
            Path(progress.path or "").name,
            *map(str, (progress.rows, progress.delivered, progress.failed, file.before)),
        )
    console.print(table)
    for file in summary.files:
        path, error = file.progress.path, file.error
        if error is not None:
            say(console, text(f"{path} is incomplete: {error}", f"{path} 未完成：{error}"))
        if (failed := file.failed_path) is not None:
            note = text(f"Failed rows and their reasons: {failed}", f"失败的行及原因：{failed}")
            say(console, note)
    _warn_of_ids(console, summary.odd_ids)
    say(console, _totals(summary))
    say(console, _ending(summary))


def _totals(summary: values.Summary) -> str:
    now, seconds = summary.rows_now, summary.seconds
    rate = now / max(seconds, 0.001)
    return text(
        f"{summary.delivered} delivered, {summary.failed} failed; {counted(now, 'row')} in this "
        f"run, in {seconds:.1f} s ({rate:,.0f} rows/s).",
        f"送达 {summary.delivered}，失败 {summary.failed}；本次处理 {now} 行，用时 {seconds:.1f} 秒"
        f"（每秒 {rate:,.0f} 行）。",
    )


def _ending(summary: values.Summary) -> str:
    if summary.is_complete:
        return text(
            "All rows were read. Checkpoints are kept, so running the command again sends no row "
            "twice.",
            "已全部读完。检查点会保留，再次运行不会重复发送。",
        )
    if all(file.retry_helps for file in summary.files):
        return text("Run the same command to continue.", "再次运行同一命令即可继续。")
    return text(
        "Fix the cause, then run the same command to continue.",
        "请先解决上述问题，再运行同一命令继续。",
    )


class Bars:
    """A bar for each file, from its first batch on."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str | None, TaskID] = {}

    def update(self, now: values.Progress) -> None:
        """Update the bar of a file."""
        task = self._tasks.get(now.path)
        if task is None:
            name = Path(now.path or "").name
            total = None if now.part is None else 1.0
            task = self._progress.add_task(name, total=total, rows=0, begin=now.rows, failed=0)
            self._tasks[now.path] = task
        self._progress.update(task, completed=now.part or 0.0, rows=now.rows, failed=now.failed)


class _Rate(ProgressColumn):
    """Rows per second since the first batch of this run."""

    def render(self, task: Task) -> Text:
        seconds = task.elapsed or 0.0
        rate = (task.fields["rows"] - task.fields["begin"]) / seconds if seconds else 0.0
        return Text(text(f"{rate:,.0f} rows/s", f"每秒 {rate:,.0f} 行"))


@contextmanager
def bars(console: Console) -> Generator[Bars, None, None]:
    """Show progress bars within the block; nothing if the output is not a terminal."""
    counts = text(
        "{task.fields[rows]:,} rows, {task.fields[failed]:,} failed",
        "{task.fields[rows]:,} 行，失败 {task.fields[failed]:,}",
    )
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn(counts),
        _Rate(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        yield Bars(progress)


def say(console: Console, words: str) -> None:
    """Print text without markup or highlighting."""
    console.print(words, markup=False, highlight=False, soft_wrap=True)

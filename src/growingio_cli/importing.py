"""Imports as the command runs them: YAML mapping, standard input, preview and run."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypedDict

import msgspec
from rich.console import Console

from growingio_cli.console import ending_on_signals, text
from growingio_cli.import_display import (
    bars,
    how_read,
    say,
    show_look,
    show_plan,
    show_summary,
    show_time_note,
)
from growingio_tracker.bulk import import_files
from growingio_tracker.bulk.arguments import FileOptions
from growingio_tracker.bulk.database import Database
from growingio_tracker.bulk.mapping import RowKind, RowMapping
from growingio_tracker.bulk.plan import look_at, plan_all
from growingio_tracker.bulk.platform_files import PlatformFiles
from growingio_tracker.bulk.query import Query
from growingio_tracker.config import Configuration, build
from growingio_tracker.consumers import Consumer
from growingio_wire.errors import GrowingIOException, invalid, missing_extra, plain_reason
from growingio_wire.plan import Plan
from growingio_wire.said import Said, prefers_chinese

_OF_ROWS: Final = ("redact", "max_event_bytes")


class ReadOptions(TypedDict):
    """How rows are read, as keywords of :func:`growingio_tracker.bulk.import_files`."""

    kind: RowKind
    mapping: RowMapping | None
    same: dict[str, str]
    options: FileOptions


class SendOptions(TypedDict):
    """How rows are sent, as keywords of the same function."""

    workers: int
    rate: float | None
    batch_rows: int
    patience_s: float
    state_dir: Path | None
    keep_going: bool
    tracking_plan: Plan | None


def read_mapping(path: Path) -> RowMapping:
    """Read a mapping of columns from a YAML file.

    :raises GrowingParamException: if the file cannot be read or holds no mapping.
    :raises MissingExtraError: if PyYAML is not installed.
    """
    try:
        return msgspec.yaml.decode(path.read_bytes(), type=RowMapping)
    except ImportError as error:
        raise missing_extra("--map", "cli") from error
    except (OSError, msgspec.DecodeError) as error:
        why = plain_reason(error)
        raise invalid(
            f"--map: {path} cannot be used: {why}", f"--map：无法使用 {path}：{why}", "--map"
        ) from error


def warn_of_password(dsn: str, variable: str) -> None:
    """Warn of a password on the command line, which other users of this machine can read.

    :param variable: the variable to use instead.
    """
    if Database(dsn).has_secrets:
        note = text(
            f"Other users of this machine can read the password in --dsn; put the address into "
            f"the environment variable {variable}.",
            f"本机其他用户能看到 --dsn 中的密码；请改用环境变量 {variable}。",
        )
        say(Console(stderr=True), note)


def look(
    sources: list[Path | Query], reading: ReadOptions, tracking_plan: Plan | None = None
) -> bool:
    """Show the mapping of each source and what would fail; return whether nothing would."""
    console = Console()
    with _copied(sources, reading, None) as copied:
        plans = plan_all(copied.sources, **reading)
        failed = 0
        for plan in plans:
            show_plan(console, plan)
            seen = look_at(plan, reading["kind"], tracking_plan)
            show_look(console, seen)
            failed += seen.failed
    show_time_note(console, plans)
    return not failed


def run(
    sources: list[Path | Query],
    reading: ReadOptions,
    sending: SendOptions,
    configuration: Configuration,
    to_files: Path | None = None,
) -> bool:
    """Import until everything is read or a signal comes; return whether every row arrived.

    :param to_files: the directory for files, instead of sending; ``None`` sends.
    """
    console = Console()
    files = None if to_files is None else PlatformFiles(to_files)
    consumer, options = build(configuration, _consumer_and_options, files)
    stop = threading.Event()
    with _copied(sources, reading, sending["state_dir"]) as copied:
        plans = plan_all(copied.sources, **reading)
        for plan in plans:
            if (how := how_read(plan)) is not None:
                say(console, f"{plan.name}: {how}")
        show_time_note(console, plans)
        with ending_on_signals(stop.set), bars(console) as shown:
            summary = import_files(
                plans,
                consumer,
                kind=reading["kind"],
                **sending,
                **options,
                on_progress=shown.update,
                language="zh" if prefers_chinese() else "en",
                stop=stop,
            )
        copied.is_needed = not summary.is_complete
    show_summary(console, summary)
    for written in files.written if files else ():
        say(console, text(f"Wrote {written}.", f"已写入 {written}。"))
    if copied.sources != sources and copied.is_needed:
        path = copied.sources[0]
        say(
            console,
            text(
                f"The standard input was saved in {path}. Import that file to continue.",
                f"标准输入的内容已保存在 {path}。请导入该文件以继续。",
            ),
        )
    return summary.is_complete and not summary.failed


class _Copied:
    """Sources to import, with a copy in place of the standard input."""

    def __init__(self, sources: Sequence[Path | Query]) -> None:
        self.sources = list(sources)
        self.is_needed = False


@contextmanager
def _copied(
    sources: list[Path | Query], reading: ReadOptions, folder: Path | None
) -> Generator[_Copied, None, None]:
    """Copy the standard input to a file, which can be read again from any position.

    The copy is kept, with its checkpoint, if it is needed to continue.
    """
    if sources != [Path("-")]:
        yield _Copied(sources)
        return
    copy = (folder or Path.cwd()) / f"stdin-{os.getpid()}.{reading['options'].file_format}"
    copied = _Copied([copy])
    try:
        _copy_standard_input(copy)
        yield copied
    finally:
        if not copied.is_needed:
            for path in (copy, copy.with_name(f"{copy.name}.checkpoint")):
                path.unlink(missing_ok=True)


def _copy_standard_input(copy: Path) -> None:
    try:
        with copy.open("xb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
    except OSError as error:
        raise GrowingIOException(
            Said(
                f"The standard input cannot be copied to {copy}: {error.strerror}. Nothing was "
                "sent. Choose another directory with --state-dir.",
                f"无法把标准输入复制到 {copy}：{error.strerror}。没有发送任何数据。"
                "可用 --state-dir 指定其他目录。",
            )
        ) from error


def _consumer_and_options(consumer: Consumer, **options: Any) -> tuple[Consumer, dict[str, Any]]:
    # strict and on_invalid apply to calls; rows are handled here.
    return consumer, {name: options[name] for name in _OF_ROWS if name in options}

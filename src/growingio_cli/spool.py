"""``growingio spool …``: inspect a spool directory, and requeue dead letters."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import typer
from rich.console import Console
from rich.progress import track

from growingio_cli.console import WrongUsage, argument, existing_directory, in_chinese, option, text
from growingio_cli.dead_letters import (
    AllOption,
    LimitOption,
    ReasonOption,
    follow_requeueing,
    letters_table,
    show,
    stores_table,
    waiting_table,
    with_reason,
)
from growingio_cli.relay import drain, keeping_owner
from growingio_cli.usage import CommandGroup
from growingio_wire.said import Said, counted

if TYPE_CHECKING:
    from growingio_tracker.delivery.spool.dead_letters import DeadLetter
    from growingio_tracker.delivery.spool.inspection import WaitingRecord

_Directory = Annotated[
    Path,
    argument(
        "The directory given to DurableConsumer as spool.",
        "DurableConsumer 的 spool 目录。",
        metavar="DIR",
        callback=existing_directory,
    ),
]
_Waiting = Annotated[
    bool,
    option(
        "Instead of dead letters, the queued events of files that no process owns.",
        "不是死信，而是没有进程持有的文件中排队的事件。",
        "--waiting",
    ),
]

_NO_CHOICE: Final = Said(
    "choose dead letters with NUMBER, --reason or --all.",
    "请用 NUMBER、--reason 或 --all 选择死信。",
)
_NO_LETTER: Final = Said(
    "there is no dead letter {number}; see 'growingio spool list'.",
    "没有编号为 {number} 的死信；请用“growingio spool list”查看。",
)


@in_chinese("显示有哪些文件、其中有多少事件排队，以及有多少死信。")
def status(directory: _Directory) -> None:
    """Show the files, how many events are queued in them, and how many dead letters there are."""
    from growingio_tracker.delivery.spool.dead_letters import DeadLetters
    from growingio_tracker.delivery.spool.inspection import look_at

    reports = look_at(directory)
    if reports:
        Console().print(stores_table(reports))
    left = sum(report.events or 0 for report in reports if not report.in_use)
    in_use = sum(report.in_use for report in reports)
    letters = len(DeadLetters(directory))
    said = text(
        f"Queued in files that no process owns: {counted(left, 'event')}. Dead letters: {letters}.",
        f"没有进程使用的文件中，排队的事件：{left} 个。死信：{letters} 条。",
    )
    if in_use:
        said += text(
            f" In use: {counted(in_use, 'file')}, whose events only the owning process can count.",
            f"正在使用的文件：{in_use} 个，其中的事件数只有所属进程知道。",
        )
    typer.echo(said)


@in_chinese("列出死信，即被服务器最终拒绝的事件，及其原因。")
def list_(
    directory: _Directory,
    reason: ReasonOption = None,
    waiting: _Waiting = False,
    limit: LimitOption = 50,
) -> None:
    """List the dead letters: the events that the server refused for good, and why."""
    from growingio_tracker.delivery.spool.inspection import waiting_in

    if waiting:
        show(waiting_table(itertools.islice(waiting_in(directory), limit)))
    else:
        show(letters_table(itertools.islice(_letters(directory, reason), limit)))


@in_chinese("把死信写为 NDJSON，每行一个 JSON 对象；死信仍保留在 spool 中。")
def export(
    directory: _Directory,
    reason: ReasonOption = None,
    waiting: _Waiting = False,
    output: Annotated[
        Path | None,
        option(
            "The file to write. Default: standard output.",
            "写入的文件。默认为标准输出。",
            "--output",
            "-o",
            metavar="FILE",
            dir_okay=False,
        ),
    ] = None,
) -> None:
    """Write the dead letters as NDJSON, one JSON object per line. They stay in the spool."""
    from growingio_tracker.delivery.spool.inspection import waiting_in

    entries: Iterable[DeadLetter | WaitingRecord] = (
        waiting_in(directory) if waiting else _letters(directory, reason)
    )
    with _writing_to(output) as write:
        quiet = output is None or not Console().is_terminal
        for entry in track(entries, text("writing", "正在写入"), transient=True, disable=quiet):
            line = {**msgspec.to_builtins(entry), "record": msgspec.Raw(entry.record)}
            write(msgspec.json.encode(line) + b"\n")


@in_chinese("把死信放回队列，例如在服务器修复之后。")
def requeue(
    directory: _Directory,
    numbers: Annotated[
        list[int] | None,
        argument("The numbers that `list` shows.", "list 显示的编号。", metavar="NUMBER..."),
    ] = None,
    reason: ReasonOption = None,
    everything: AllOption = False,
) -> None:
    """Put dead letters back in the queue, for example after the server has been fixed."""
    from growingio_tracker.delivery.spool.inspection import requeue as requeued

    if not (numbers or reason or everything):
        raise WrongUsage(_NO_CHOICE)
    chosen = [one for one in _letters(directory, reason) if not numbers or one.number in numbers]
    if missing := set(numbers or ()) - {one.number for one in chosen}:
        raise WrongUsage(_NO_LETTER.with_values(number=min(missing)))
    with keeping_owner(directory):
        follow_requeueing(requeued(directory, chosen), len(chosen))
    count = len(chosen)
    said = text(
        f"Queued again: {counted(count, 'dead letter')}. A process with a consumer on this "
        "directory delivers them within seconds; so does 'growingio spool drain'.",
        f"{count} 条死信已放回队列。使用该目录的进程会在数秒内发送；"
        "也可以运行“growingio spool drain”。",
    )
    typer.echo(said)


def _letters(directory: Path, reason: str | None) -> Iterator[DeadLetter]:
    from growingio_tracker.delivery.spool.dead_letters import DeadLetters

    return with_reason(DeadLetters(directory), reason)


@contextmanager
def _writing_to(output: Path | None) -> Generator[Callable[[bytes], object], None, None]:
    if output is None:
        yield sys.stdout.buffer.write
        return
    with output.open("wb") as file:
        yield file.write
    typer.echo(text(f"Wrote {output}.", f"已写入 {output}。"), err=True)


spool: Final = CommandGroup(
    "spool",
    text(
        "Inspect the spool directory of a DurableConsumer, and resend queued events.",
        "查看 DurableConsumer 的 spool 目录，或重新发送其中排队的事件。",
    ),
)
spool.add(status)
spool.add(list_, "list")
spool.add(export)
spool.add(requeue)
spool.add(drain)

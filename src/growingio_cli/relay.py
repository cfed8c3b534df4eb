"""``growingio relay`` and ``spool drain``: send what is in a spool, or on a Kafka topic."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from growingio_cli.console import (
    WrongUsage,
    argument,
    ending_on_signals,
    existing_directory,
    in_chinese,
    option,
    passing_progress,
    taking,
    text,
)
from growingio_cli.relay_kafka import TopicOptions, relay_options, run, tell
from growingio_cli.sending import SCHEME, CertOption, Format, FormatOption, RedirectOption, parsed
from growingio_wire.said import Said, counted

if TYPE_CHECKING:
    from growingio_tracker.consumers.durable import Adopters
    from growingio_tracker.delivery.ledger import Stats
    from growingio_tracker.model.losses import Problem

_LOOK_S: Final = 0.5
_PROGRESS_S: Final = 0.2

_ONLY_DIRECTORY: Final = Said(
    "--create is for a spool directory; a Kafka topic is created with Kafka's own tools.",
    "--create 只用于 spool 目录；Kafka topic 请用 Kafka 自带的工具创建。",
)
_ONLY_KAFKA: Final = Said(
    "the options marked 'Kafka' need a TARGET such as kafka://host:port/topic, got {target}.",
    "标有“Kafka”的选项只用于 kafka://host:port/topic 形式的 TARGET，而不是 {target}。",
)
_LEFT: Final = Said(
    "{events} left in the spool, for the next process or 'growingio spool drain' to send: {why}",
    "spool 中还有 {events}，由下一个进程或“growingio spool drain”发送：{why}",
)
_TIMED_OUT: Final = Said("The timeout was reached.", "已到时限。")
_NO_DIRECTORY: Final = Said(
    "the directory {directory} does not exist. Check its spelling, or create it with --create.",
    "目录 {directory} 不存在。请检查拼写，或用 --create 创建。",
)


@in_chinese(
    """发送 spool 目录或 Kafka topic 中的事件，直到按下 Ctrl-C 或收到 SIGTERM。

    TARGET 为目录时：在此命令运行期间，共用该目录的进程由它代为发送；结束后各进程自行发送。

    TARGET 为 kafka://host:port[,host:port]/topic 时：同组的 relay 分担该 topic。

    消息送达或成为死信之后才提交 offset。需要 --group 和 --server-host。"""
)
@taking(TopicOptions)
def relay(
    target: Annotated[
        str,
        argument(
            "The spool directory that processes share, or kafka://host:port/topic.",
            "各进程共用的 spool 目录，或 kafka://host:port/topic。",
            metavar="TARGET",
        ),
    ],
    kafka: TopicOptions,
    create: Annotated[
        bool,
        option("Create the directory if it does not exist.", "目录不存在时创建。", "--create"),
    ] = False,
    server_host: RedirectOption = None,
    format_: FormatOption = Format.JSON,
    ca_file: CertOption = None,
) -> None:
    """Send the events in a spool directory or on a Kafka topic, until Ctrl-C or SIGTERM.

    If TARGET is a directory, this command sends the events of all processes that share it. When it
    ends, they send again themselves.

    If TARGET is kafka://host:port[,host:port]/topic, relays of the same group share the topic. An
    offset is committed once each message before it has been delivered or is a dead letter.
    Requires --group and --server-host.
    """
    if target.startswith(SCHEME):
        if create:
            raise WrongUsage(_ONLY_DIRECTORY)
        address = parsed(target)
        run(relay_options(address, kafka, server_host, format_.value, ca_file), address, kafka)
        return
    if kafka != TopicOptions():
        raise WrongUsage(_ONLY_KAFKA.with_values(target=target))
    _send_from(Path(target), server_host, format_, ca_file, create=create)


def _send_from(
    directory: Path,
    server_host: str | None,
    format_: Format,
    ca_file: Path | None,
    *,
    create: bool,
) -> None:
    from growingio_tracker.config import parser_of
    from growingio_tracker.consumers.durable import Adopters
    from growingio_tracker.delivery.pipeline import NO_ANSWER
    from growingio_tracker.delivery.spool import being_relay

    if not directory.is_dir() and not create:
        raise WrongUsage(_NO_DIRECTORY.with_values(directory=directory))
    ending = threading.Event()
    parser, verify = parser_of(format_.value), str(ca_file) if ca_file else True
    with (
        ending_on_signals(ending.set),
        being_relay(directory),
        keeping_owner(directory),
        Adopters(directory, server_host, parser, verify, on_error=_tell) as adopters,
    ):
        typer.echo(
            text(
                f"Sending what arrives in {directory}. Press Ctrl-C to stop.",
                f"正在发送 {directory} 中的事件。按 Ctrl-C 结束。",
            )
        )
        _send_until(ending, adopters)
    totals = adopters.totals()
    typer.echo(text("Stopped. ", "已结束。") + _line(totals))
    if totals.pending:
        typer.echo(text(*_left(totals.pending, adopters.last_error or NO_ANSWER)), err=True)


def _left(events: int, why: Said) -> Said:
    return _LEFT.with_values(events=Said(counted(events, "event"), f"{events} 个事件"), why=why)


def _tell(problem: Problem) -> None:
    """Print a problem on stderr, except the one that is told at the end."""
    from growingio_tracker.delivery.pipeline import LEFT_IN_SPOOL

    if problem.reason != LEFT_IN_SPOOL:
        tell(problem)


@contextmanager
def keeping_owner(directory: Path) -> Generator[None, None, None]:
    """At the end, give files that root has created to the directory's owner, who needs them."""
    try:
        yield
    finally:
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            owner = directory.stat()
            for path in directory.iterdir():
                with suppress(FileNotFoundError):
                    if path.stat().st_uid == 0 != owner.st_uid:
                        os.chown(path, owner.st_uid, owner.st_gid)


def _send_until(ending: threading.Event, adopters: Adopters) -> None:
    told = 0
    while not ending.wait(_LOOK_S):
        adopters.look_around()
        totals = adopters.totals()
        if totals.delivered != told:
            told = totals.delivered
            typer.echo(_line(totals))


def _line(totals: Stats) -> str:
    rejected = sum(totals.rejected.values())
    return text(
        f"{totals.delivered} delivered, {counted(rejected, 'dead letter')}, "
        f"{totals.pending} pending",
        f"送达 {totals.delivered}，死信 {rejected}，待发送 {totals.pending}",
    )


@in_chinese(
    """发送没有进程持有的事件，然后退出。

    退出状态：0 已全部发送，1 仍有事件待发送。"""
)
def drain(
    directory: Annotated[
        Path, argument("The spool.", "spool 目录。", metavar="DIR", callback=existing_directory)
    ],
    server_host: RedirectOption = None,
    format_: FormatOption = Format.JSON,
    ca_file: CertOption = None,
    timeout: Annotated[
        float, option("Stop after this many seconds.", "尝试的秒数上限。", min=0, metavar="SECONDS")
    ] = 300,
) -> None:
    """Send the events that no running process owns, and exit.

    Exit status: 0 nothing is left, 1 some events are still pending.
    """
    from growingio_tracker.config import parser_of
    from growingio_tracker.consumers.durable import Adopters

    parser, verify = parser_of(format_.value), str(ca_file) if ca_file else True
    with keeping_owner(directory), Adopters(directory, server_host, parser, verify) as adopters:
        adopters.take_in()
        totals = _send_for(timeout, adopters)
    typer.echo(_result(totals))
    if totals.pending:
        typer.echo(text(*(adopters.last_error or _TIMED_OUT)), err=True)
        raise typer.Exit(1)


def _result(totals: Stats) -> str:
    rejected = sum(totals.rejected.values())
    return text(
        f"Delivered: {totals.delivered}. Became dead letters: {rejected}. "
        f"Still pending: {totals.pending}.",
        f"送达 {totals.delivered} 个事件，{rejected} 个成为死信，{totals.pending} 个仍待发送。",
    )


def _send_for(timeout_s: float, adopters: Adopters) -> Stats:
    deadline = time.monotonic() + timeout_s
    with passing_progress() as progress:
        sending = text("sending", "正在发送")
        task = progress.add_task(sending, total=None)
        while (totals := adopters.totals()).pending and time.monotonic() < deadline:
            why = adopters.last_error
            said = text(f"{sending} ({why.en})", f"{sending}（{why.zh}）") if why else sending
            progress.update(
                task, total=totals.accepted, completed=totals.delivered, description=said
            )
            time.sleep(_PROGRESS_S)
    return totals

"""``growingio collector run``: run a command against its own collector, and judge the events."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Final

import typer

from growingio_cli.collector_options import RunOptions
from growingio_cli.conditions import FAILED_STATUS, Conditions
from growingio_cli.console import argument, in_chinese, showing_log, taking
from growingio_wire.said import Said, prefers_chinese

if TYPE_CHECKING:
    from types import FrameType

    from growingio_collector import Collector

_SHOWN: Final = 20

_IDENTITY: Final = {"GROWINGIO_PRODUCT_ID": "local", "GROWINGIO_DATA_SOURCE_ID": "local"}
_PROXIES: Final = ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")
_NO_PROXY: Final = ("NO_PROXY", "no_proxy")

_RECEIVED: Final = Said(
    "Events received: {events} ({ok} ok, {warn} with warnings, {bad} bad).",
    "收到 {events} 个事件，其中正常 {ok}、警告 {warn}、错误 {bad}。",
)
_MORE: Final = Said("More bad events: {count}.", "还有 {count} 个错误事件。")
_DIFFERS: Final = Said(
    "Failed: what arrived differs from {file}. If this is intended, run again with --update.",
    "失败：收到的内容与 {file} 不同。如果这是预期的改动，请加 --update 再运行一次。",
)
_COMMAND_FAILED: Final = Said(
    "CMD exited with status {status}.",
    "CMD 的退出状态为 {status}。",
)
_TOO_FEW: Final = Said(
    "Failed: too few events arrived ({count}; --at-least requires {least}).",
    "失败：收到 {count} 个事件，--at-least 要求至少 {least} 个。",
)
_SEND_HERE: Final = Said(
    "Make CMD send to the address in GROWINGIO_SERVER_HOST, as GrowingTracker.from_env() does, and "
    "flush or close its client before it ends.",
    "请让 CMD 把数据发送到 GROWINGIO_SERVER_HOST 中的地址（GrowingTracker.from_env() 会这样做），"
    "并在结束前调用客户端的 flush 或 close。",
)
_WRITTEN: Final = Said("Wrote {file}.", "已写入 {file}。")


_Command = Annotated[
    list[str],
    argument(
        "The command and its arguments. Put options of this command before it.",
        "命令及其参数；本命令自己的选项写在它前面。",
        metavar="CMD",
    ),
]


@in_chinese(
    """运行命令 CMD，为它启动一个采集器，并判定它发送的数据。

    采集器使用空闲端口，地址通过 GROWINGIO_SERVER_HOST 传给 CMD，GrowingTracker.from_env()
    会读取它；尚未设置的 GROWINGIO_PRODUCT_ID 和 GROWINGIO_DATA_SOURCE_ID 设为 local。CMD
    的输出保持原样，本命令的信息写到标准错误；信号会转发给 CMD。

    退出状态：CMD 失败时为它的状态；否则 0 表示通过，3
    表示有错误事件、不符合方案、收到的事件太少或与快照不同。"""
)
@taking(RunOptions)
def run(command: _Command, given: RunOptions) -> None:
    """Run CMD with its own collector, and check what it sends.

    The collector listens on a free port, and passes its address to CMD in GROWINGIO_SERVER_HOST,
    which GrowingTracker.from_env() reads. GROWINGIO_PRODUCT_ID and GROWINGIO_DATA_SOURCE_ID are
    set to local if they are missing. The output of CMD is passed through; everything else goes to
    stderr. Signals are passed on to CMD.

    Exit status: that of CMD if it fails; otherwise 0, or 3 for invalid events, a violated plan,
    too few events, or a difference from the snapshot.
    """
    from growingio_collector import Collector, Keep

    with (
        showing_log(),
        Collector(
            0,
            given.db,
            plan=given.plan,
            keep=Keep(None, None),
            handling=given.handling,
            forwarding=given.forwarding,
        ) as running,
    ):
        conditions = Conditions(given.exit_code_on, given.junit, given.lang, err=True)
        conditions.check(running.outcome())
        before = running.last_id
        status = status_of(command, {**os.environ, **_variables(running.url)})
        running.stop()
        failed = _Judgement(running, given, before).has_failed()
        kept = conditions.are_met(running.outcome())
    if status:
        typer.echo(given.lang.of(_COMMAND_FAILED.with_values(status=status)), err=True)
    if status or failed or not kept:
        raise typer.Exit(status or FAILED_STATUS)


def _variables(url: str) -> dict[str, str]:
    """Return the variables that make a client send to ``url``."""
    missing = {name: value for name, value in _IDENTITY.items() if name not in os.environ}
    found = {"GROWINGIO_SERVER_HOST": url, **missing}
    if any(name in os.environ for name in _PROXIES):
        for name in _NO_PROXY:
            others = os.environ.get(name)
            found[name] = f"127.0.0.1,{others}" if others else "127.0.0.1"
    return found


class _Judgement:
    """Judgement of the events that a command sent.

    :param before: the id of the last event before the command.
    """

    def __init__(self, running: Collector, given: RunOptions, before: int) -> None:
        self._running = running
        self._given = given
        self._events = running.events(after=before)
        self._before = before

    def has_failed(self) -> bool:
        """Print what arrived; return whether it is too little or differs from the snapshot."""
        counts = Counter(event.verdict for event in self._events)
        said = {verdict: counts[verdict] for verdict in ("ok", "warn", "bad")}
        self._say(_RECEIVED.with_values(events=len(self._events), **said))
        self._show_bad()
        return self._are_too_few() | self._differ()

    def _show_bad(self) -> None:
        from growingio_collector.terminal import line

        bad = [event for event in self._events if event.verdict == "bad"]
        for event in bad[:_SHOWN]:
            typer.echo(line(event, is_chinese=self._given.lang.is_chinese), err=True)
        if len(bad) > _SHOWN:
            self._say(_MORE.with_values(count=len(bad) - _SHOWN))

    def _are_too_few(self) -> bool:
        count = sum(event.kind != "request" for event in self._events)
        least = self._given.at_least
        if count >= least:
            return False
        self._say(_TOO_FEW.with_values(count=count, least=least))
        for cause in self._running.why_nothing(after=self._before):
            self._say(cause.found)
            self._say(cause.next if self._running.totals().requests else _SEND_HERE)
        return True

    def _differ(self) -> bool:
        from growingio_collector.golden import difference, snapshot, write
        from growingio_wire.said import harmless

        golden = self._given.golden
        if golden is None:
            return False
        found = snapshot(self._events)
        if self._given.update:
            write(golden, found)
            self._say(_WRITTEN.with_values(file=golden))
            return False
        if differences := difference(golden, found):
            self._say(_DIFFERS.with_values(file=golden))
            typer.echo("\n".join(map(harmless, differences.splitlines())), err=True)
        return bool(differences)

    def _say(self, said: Said) -> None:
        typer.echo(self._given.lang.of(said), err=True)


_NOT_FOUND_STATUS: Final = 127
_NOT_RUN_STATUS: Final = 126
_SIGNALLED: Final = 128

_PASSED_ON: Final = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")
_OF_TERMINAL: Final = frozenset({"SIGINT", "SIGQUIT"})
"""Signals that a terminal sends to the child as well."""

_CANNOT_RUN: Final = Said("{command} cannot be run: {why}.", "无法运行 {command}：{why}。")


def status_of(command: list[str], environment: Mapping[str, str]) -> int:
    """Run a command, and return its exit status as a shell would.

    :raises typer.Exit: if it cannot be run: 127 if the program does not exist, else 126.
    """
    try:
        process = subprocess.Popen(command, env=environment)  # noqa: S603 - given by the user
    except OSError as error:
        said = _CANNOT_RUN.with_values(command=command[0], why=error.strerror)
        typer.echo(said.chosen(chinese=prefers_chinese()), err=True)
        is_missing = isinstance(error, FileNotFoundError)
        raise typer.Exit(_NOT_FOUND_STATUS if is_missing else _NOT_RUN_STATUS) from error
    with process, _passing_on(process):
        status = process.wait()
    return status if status >= 0 else _SIGNALLED - status


@contextmanager
def _passing_on(process: subprocess.Popen[bytes]) -> Generator[None, None, None]:
    """Inside the block, forward signals to the process."""

    def handle(number: int, _frame: FrameType | None) -> None:
        if not (signal.Signals(number).name in _OF_TERMINAL and _has_terminal()):
            process.send_signal(number)

    numbers = [getattr(signal, name) for name in _PASSED_ON if hasattr(signal, name)]
    before = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)


def _has_terminal() -> bool:
    """Return whether a terminal signals this process, and so its command, too."""
    if sys.platform == "win32":
        return True
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return False

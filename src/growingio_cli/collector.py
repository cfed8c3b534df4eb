"""``growingio collector``: a server on this machine that shows what clients send."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from growingio_cli.collector_options import KeepingOptions
from growingio_cli.collector_run import run
from growingio_cli.collector_sentences import ending, forwarded, opening, ready_line
from growingio_cli.conditions import Conditions, ExitOnOption
from growingio_cli.console import (
    WrongUsage,
    ending_on_signals,
    option,
    show_any_character,
    showing_log,
    taking,
    text,
)
from growingio_cli.usage import CommandGroup
from growingio_wire.said import Said

if TYPE_CHECKING:
    from growingio_collector import Collector, Event, Serving

_AUTO: Final = "auto"
_DEFAULT_PORT: Final = 8917
_HIGHEST_PORT: Final = 65535
_BEFORE_RUN: Final = Said(
    "{options} must be written after run: growingio collector run {options} … -- CMD",
    "{options} 应写在 run 之后：growingio collector run {options} … -- CMD",
)
_NO_PORT: Final = Said(
    "--port {value} is neither auto nor a number from 0 to 65535.",
    "--port {value} 既不是 auto，也不是 0 到 65535 的数字。",
)
_QUIET_AND_JSON: Final = Said(
    "--quiet and --json exclude each other; choose one.", "--quiet 与 --json 不能同时使用。"
)


def _ports(values: list[str] | None) -> list[str]:
    for value in values or ():
        is_number = value.isascii() and value.isdigit()
        if value != _AUTO and not (is_number and int(value) <= _HIGHEST_PORT):
            raise WrongUsage(_NO_PORT.with_values(value=repr(value)))
    return values or []


@dataclass(frozen=True, kw_only=True)
class ServeOptions(KeepingOptions):
    """The options of ``growingio collector``."""

    port: Annotated[
        list[str] | None,
        option(
            f"Default: {_DEFAULT_PORT}. 0 takes any free port, auto the next free one. "
            "Repeatable. PHP needs 80.",
            f"默认 {_DEFAULT_PORT}。0 为任意空闲端口，auto 为下一个空闲端口。可重复给出；"
            "PHP 需要 80。",
            "--port",
            metavar="PORT",
            callback=_ports,
            show_default=False,
        ),
    ] = None
    tls: Annotated[
        int | None,
        option(
            "Listen with TLS on this port as well, with a generated certificate. PHP needs 443.",
            "同时在此端口以 TLS 监听，证书自动生成；PHP 需要 443。",
            min=0,
            max=_HIGHEST_PORT,
            metavar="PORT",
        ),
    ] = None
    bind: Annotated[
        str,
        option(
            "The address to listen on. With 0.0.0.0, phones and other machines can connect; the "
            "page and the API then require a token, and a QR code of the page is printed.",
            "监听的地址。使用 0.0.0.0 时手机和其他机器可以连接；页面和 API 则需要令牌，"
            "并会打印页面地址的二维码。",
            metavar="ADDRESS",
        ),
    ] = "127.0.0.1"
    allow_host: Annotated[
        list[str] | None,
        option(
            "Also serve the page and the API under this host name. Repeatable.",
            "页面和 API 也以此主机名提供服务。可重复给出。",
            metavar="NAME",
        ),
    ] = None
    api_cors: Annotated[
        list[str] | None,
        option(
            "Let pages of this origin use the API. Repeatable.",
            "允许此来源的网页使用 API。可重复给出。",
            metavar="ORIGIN",
        ),
    ] = None
    exit_code_on: ExitOnOption = None
    quiet: Annotated[bool, option("Do not print events.", "不打印事件。", "--quiet")] = False
    json: Annotated[
        bool,
        option(
            "Print each event as one line of JSON, and everything else on stderr.",
            "每个事件打印为一行 JSON，其余内容写到标准错误。",
            "--json",
        ),
    ] = False
    ready_json: Annotated[
        bool,
        option(
            "As soon as it listens, print one line of JSON on stdout with url, page, token, urls, "
            "db and pid, and everything that is not JSON on stderr.",
            "开始监听后，在标准输出打印一行 JSON（url、page、token、urls、db、pid），"
            "其余非 JSON 内容写到标准错误。",
            "--ready-json",
        ),
    ] = False

    def __post_init__(self) -> None:
        if self.quiet and self.json:
            raise WrongUsage(_QUIET_AND_JSON)

    @property
    def serving(self) -> tuple[int, Serving]:
        """The first port, and the other options of listening."""
        from growingio_collector import Serving

        given = self.port or []
        first, *others = [int(port) for port in given if port != _AUTO] or [_DEFAULT_PORT]
        return first, Serving(
            bind=self.bind,
            more_ports=tuple(others),
            tls_port=self.tls,
            next_port=_AUTO in given,
            allow_hosts=tuple(self.allow_host or ()),
            api_cors=tuple(self.api_cors or ()),
            lang=self.lang.value,
        )


collector: Final = CommandGroup(
    "collector",
    text(
        "Receive and show what GrowingIO clients send to this machine, until Ctrl-C.\n\n"
        "In a build: growingio collector run -- pytest. It runs a command, here pytest, with the "
        "collector's address in GROWINGIO_SERVER_HOST, and exits with the command's status when "
        "it fails, with 3 when an event is invalid or none arrives, and otherwise with 0.",
        "接收并显示 GrowingIO 客户端发送到本机的数据，直到按下 Ctrl-C。\n\n"
        "在构建中：growingio collector run -- pytest。它运行一个命令（这里是 pytest），采集器的"
        "地址在 GROWINGIO_SERVER_HOST 中；命令失败时以它的状态退出，有错误事件或"
        "没有收到事件时以状态 3 退出，否则为 0。",
    ),
)


@collector.callback(invoke_without_command=True)
@taking(ServeOptions)
def _collector(ctx: typer.Context, given: ServeOptions) -> None:
    """Serve, unless a command follows."""
    if ctx.invoked_subcommand is None:
        _serve(given)
    elif early := _given(ctx):
        raise WrongUsage(_BEFORE_RUN.with_values(options=" ".join(early)))


def _given(ctx: Any) -> list[str]:
    """Return the options before the command, which it would ignore."""
    sources = ((one, ctx.get_parameter_source(one.name)) for one in ctx.command.params)
    return [one.opts[-1] for one, source in sources if source and source.name == "COMMANDLINE"]


def _serve(given: ServeOptions) -> None:
    from growingio_collector import Collector

    output = _Output(given)
    show_any_character()
    conditions = Conditions(given.exit_code_on, given.junit, given.lang)
    to = given.forwarding
    first, serving = given.serving
    with (
        showing_log(),
        Collector(
            first,
            given.db,
            plan=given.plan,
            keep=given.keep,
            serving=serving,
            handling=given.handling,
            forwarding=to,
        ) as running,
    ):
        conditions.check(running.outcome())
        with ending_on_signals(running.stop):
            output.ready(running)
            output.say(*opening(running, given.db, given.handling, to))
            output.follow(running)
        output.say(*ending(running))
        if to:
            output.say(*forwarded(running, is_kept=given.db is not None))
        conditions.conclude(running.outcome())


class _Output:
    """Output of the command; with JSON, stdout has nothing else."""

    def __init__(self, given: ServeOptions) -> None:
        self._given = given

    def ready(self, running: Collector) -> None:
        """Print the line with the collector's address for programs, if requested."""
        if self._given.ready_json:
            typer.echo(ready_line(running))

    def say(self, *said: Said) -> None:
        """Print a sentence."""
        for one in said:
            typer.echo(self._given.lang.of(one), err=self._given.json or self._given.ready_json)

    def follow(self, running: Collector) -> None:
        """Print events as they arrive, until the collector stops."""
        for event in running.follow():
            if not self._given.quiet:
                typer.echo(self._line(event), err=self._given.ready_json and not self._given.json)

    def _line(self, event: Event) -> str:
        from growingio_collector.terminal import json_line, line

        if self._given.json:
            return json_line(event)
        return line(event, is_chinese=self._given.lang.is_chinese)


collector.add(run, runs=True)

"""``growingio replay``: send the requests stored by a collector again."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from growingio_cli.console import LangOption, Language, WrongUsage, argument, in_chinese, option
from growingio_wire.clock import ago_ms
from growingio_wire.said import NOTHING, Said

if TYPE_CHECKING:
    from growingio_collector.forwarding.upstream import Sent

_SHOWN_CHARACTERS: Final = 200
_UNANSWERED_IN_A_ROW: Final = 3

_SUMMARY: Final = Said(
    "Sent {sent} of {all} requests to {to}: {arrived} arrived, {failed} failed.",
    "已向 {to} 发送 {sent}/{all} 个请求：送达 {arrived}，失败 {failed}。",
)
_SILENT: Final = Said(
    "No answer from {to} three times in a row; stopping.", "{to} 连续三次没有响应，不再继续发送。"
)
_FAILED: Final = Said("request {id}: {why}", "请求 {id}：{why}")


_NO_TIME: Final = Said(
    "--since must be a local time such as 2024-05-06T07:08:09 or a span such as 5m, got {value}.",
    "--since 应是本地时间（例如 2024-05-06T07:08:09）或时长（例如 5m），得到的是 {value}。",
)


def _since_ms(value: str) -> int:
    """Return a local time, or a span before now, in Unix milliseconds."""
    ago = ago_ms(value)
    if ago is not None:
        return ago
    try:
        return int(datetime.fromisoformat(value).timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        raise WrongUsage(_NO_TIME.with_values(value=repr(value))) from None


class ReplayOnly(str, Enum):
    """The value of ``--only``: which requests are sent again."""

    ALL = "all"
    FAILED = "failed"
    BAD = "bad"
    GOOD = "good"


_StoreFile = Annotated[
    Path,
    argument(
        "The SQLite file of a collector.",
        "采集器保存所收数据的文件。",
        metavar="DB",
        dir_okay=False,
    ),
]
_To = Annotated[str, option("The server to send to.", "发送到的服务器。", metavar="URL")]
_Only = Annotated[
    ReplayOnly,
    option(
        "failed: could not be forwarded; bad: with an invalid event; good: without one.",
        "failed：未能转发的；bad：含错误事件的；good：不含错误事件的。",
        metavar="all|failed|bad|good",
    ),
]
_Since = Annotated[
    int | None,
    option(
        "Only requests received since this local time, such as 2024-05-06T07:08:09, or 5m ago.",
        "只发送此时间（本地时间）之后收到的请求，例如 2024-05-06T07:08:09，或 5m 表示最近 5 分钟。",
        metavar="TIME|5m",
        parser=_since_ms,
    ),
]
_Pace = Annotated[
    float,
    option("Maximum requests per second.", "每秒最多的请求数。", min=0.01, max=1000, metavar="N"),
]
_Timeout = Annotated[
    float,
    option("Maximum time per request.", "每个请求的总秒数。", min=0.1, metavar="SECONDS"),
]
_CaFile = Annotated[
    Path | None,
    option(
        "PEM file of the authority that signed the server's certificate.",
        "签发服务器证书的 CA 的 PEM 文件。",
        metavar="FILE",
    ),
]


@in_chinese(
    """逐字节重发保存的请求。

    退出状态：0 全部送达，1 有请求没有送达。"""
)
def replay(
    db: _StoreFile,
    to: _To,
    only: _Only = ReplayOnly.ALL,
    since: _Since = None,
    pace: _Pace = 20,
    timeout: _Timeout = 10,
    ca_file: _CaFile = None,
    lang: LangOption = Language.AUTO,
) -> None:
    """Send stored requests again, byte for byte.

    Exit status: 0 all were accepted, 1 at least one was not.
    """
    from growingio_collector.forwarding.upstream import Upstream, choose, send_again
    from growingio_collector.store.schema import existing_store

    upstream = Upstream(to, timeout, "to", verify_cert=str(ca_file) if ca_file else True)
    chosen = choose(existing_store(db), only.value, (since or 0) * 1000)
    tally = _Tally(lang)
    with closing(upstream):
        for sent in send_again(db, chosen, upstream, pace):
            tally.take(sent)
            if tally.unanswered == _UNANSWERED_IN_A_ROW:
                typer.echo(lang.of(_SILENT.with_values(to=to)), err=True)
                break
    typer.echo(
        lang.of(
            _SUMMARY.with_values(
                sent=tally.sent,
                all=len(chosen),
                to=to,
                arrived=tally.arrived,
                failed=tally.sent - tally.arrived,
            )
        )
    )
    if tally.arrived < len(chosen):
        raise typer.Exit(1)


class _Tally:
    """Counts of outcomes. Failures are printed immediately."""

    def __init__(self, lang: Language) -> None:
        self._lang = lang
        self.sent = 0
        self.arrived = 0
        self.unanswered = 0

    def take(self, sent: Sent) -> None:
        self.sent += 1
        self.arrived += sent.arrived
        self.unanswered = 0 if sent.answer.status else self.unanswered + 1
        if not sent.arrived:
            why = self._lang.of(_why(sent))
            typer.echo(self._lang.of(_FAILED.with_values(id=sent.request_id, why=why)), err=True)


def _why(sent: Sent) -> Said:
    from growingio_wire.said import harmless

    answer = sent.answer
    if not answer.status:
        return Said(*map(harmless, answer.error or NOTHING))
    text = answer.body.decode("utf-8", "replace")[:_SHOWN_CHARACTERS]
    said = f"{answer.status} {harmless(text)}".rstrip()
    return Said(said, said)

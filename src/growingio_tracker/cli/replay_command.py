"""``growingio replay``: send what a collector has stored once more."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

import typer

from growingio_tracker.cli.language import AnswerLangOption, Language

if TYPE_CHECKING:
    from growingio_tracker.collector.forward.replay import Sent

_SHOWN_CHARACTERS: Final = 200
_UNANSWERED_IN_A_ROW: Final = 3


class _Texts(NamedTuple):
    """The sentences in one language."""

    sent: str
    silent: str
    failed: str
    no_answer: str


_ENGLISH: Final = _Texts(
    sent="Sent {sent} of {all} requests to {to}: {arrived} arrived, {failed} failed.",
    silent="{to} does not answer, so nothing more is sent.",
    failed="request {id}: {why}",
    no_answer="no answer ({error})",
)
_CHINESE: Final = _Texts(
    sent="已向 {to} 发送 {sent}/{all} 个请求：送达 {arrived}，失败 {failed}。",
    silent="{to} 没有应答，不再继续发送。",
    failed="请求 {id}：{why}",
    no_answer="没有应答（{error}）",
)


class Only(str, Enum):
    """Which requests are sent again."""

    ALL = "all"
    FAILED = "failed"
    BAD = "bad"
    GOOD = "good"


Store = Annotated[
    Path,
    typer.Argument(
        metavar="DB", dir_okay=False, help="The file in which a collector kept what it received."
    ),
]
To = Annotated[str, typer.Option(metavar="URL", help="The server to send to.")]
OnlyOption = Annotated[
    Only,
    typer.Option(
        help="failed: what could not be forwarded. bad: requests with a bad event. "
        "good: all others."
    ),
]
Since = Annotated[
    datetime | None, typer.Option(help="Only what was received since then, local time.")
]
Pace = Annotated[float, typer.Option(min=0.01, max=1000, help="At most so many requests a second.")]
Timeout = Annotated[
    float,
    typer.Option(min=0.1, metavar="SECONDS", help="For connecting, and again for each answer."),
]


def replay(
    db: Store,
    to: To,
    only: OnlyOption = Only.ALL,
    since: Since = None,
    pace: Pace = 20,
    timeout: Timeout = 10,
    lang: AnswerLangOption = Language.AUTO,
) -> None:
    """Send stored requests again, byte for byte. Ends with 1 when one of them did not arrive."""
    # What is not needed for --help.
    from growingio_tracker.collector.existing import existing_store  # noqa: PLC0415
    from growingio_tracker.collector.forward.replay import choose, send_again  # noqa: PLC0415
    from growingio_tracker.collector.forward.upstream import Upstream  # noqa: PLC0415

    upstream = Upstream(to, timeout, "to")
    chosen = choose(existing_store(db), only.value, int(since.timestamp() * 1e6) if since else 0)
    texts = _CHINESE if lang.is_chinese else _ENGLISH
    tally = _Tally(texts)
    for sent in send_again(db, chosen, upstream, pace):
        tally.take(sent)
        if tally.unanswered == _UNANSWERED_IN_A_ROW:
            typer.echo(texts.silent.format(to=to), err=True)
            break
    typer.echo(
        texts.sent.format(
            sent=tally.sent,
            all=len(chosen),
            to=to,
            arrived=tally.arrived,
            failed=tally.sent - tally.arrived,
        )
    )
    if tally.arrived < len(chosen):
        raise typer.Exit(1)


class _Tally:
    """Counts what came back, and prints what failed."""

    def __init__(self, texts: _Texts) -> None:
        self._texts = texts
        self.sent = 0
        self.arrived = 0
        self.unanswered = 0

    def take(self, sent: Sent) -> None:
        self.sent += 1
        self.arrived += sent.arrived
        self.unanswered = 0 if sent.answer.status else self.unanswered + 1
        if not sent.arrived:
            why = _why(sent, self._texts)
            typer.echo(self._texts.failed.format(id=sent.request_id, why=why), err=True)


def _why(sent: Sent, texts: _Texts) -> str:
    from growingio_tracker.collector.terminal import harmless  # noqa: PLC0415 - as above

    answer = sent.answer
    if not answer.status:
        return texts.no_answer.format(error=harmless(answer.error or ""))
    text = answer.body.decode("utf-8", "replace")[:_SHOWN_CHARACTERS]
    return f"{answer.status} {harmless(text)}".rstrip()

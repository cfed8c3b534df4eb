"""What ``growingio collector`` says before and after the events, in both languages."""

from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from growingio_tracker.collector import Collector, Handling, Totals


class _Texts(NamedTuple):
    """The sentences in one language."""

    listening: str
    also: str
    give: str
    kept: str
    forgotten: str
    token: str
    strict: str
    hidden: str
    end: str
    ended: str


_ENGLISH: Final = _Texts(
    listening="GrowingIO collector on {url}",
    also="Also on {urls}",
    give="Give clients this address as their server host, and open {page} to see what they send. "
    "It is {kept}.",
    kept="kept in {db}",
    forgotten="forgotten at the end (keep it with --db FILE)",
    token="Other machines need the token for the page and the API: {token}",  # noqa: S106
    strict="Strict: a request with a bad event is answered 400. Java and mini-program SDKs send "
    "such a request again, up to 3 times; other SDKs give the event up.",
    hidden="Hidden before anything is stored: {keys}. Bodies are not kept.",
    end="Press Ctrl-C to end.",
    ended="Ended with {totals.events} events in {totals.requests} requests: {totals.ok} ok, "
    "{totals.warn} with warnings, {totals.bad} bad.",
)
_CHINESE: Final = _Texts(
    listening="GrowingIO 采集器已启动：{url}",
    also="同时监听：{urls}",
    give="请将此地址设为客户端的 server host；在浏览器中打开 {page} 查看收到的数据。{kept}",
    kept="数据保存在 {db}。",
    forgotten="数据在结束时清除（用 --db FILE 可保留）。",
    token="其他机器访问页面和 API 需要令牌：{token}",  # noqa: S106
    strict="严格模式：含错误事件的请求返回 400。Java 和小程序 SDK 会重发这样的请求（最多 3 次），"
    "其他 SDK 则放弃该事件。",
    hidden="以下字段的值在存储前隐藏：{keys}。请求体不保留。",
    end="按 Ctrl-C 结束。",
    ended="已结束：{totals.requests} 个请求，{totals.events} 个事件，其中正常 {totals.ok}、"
    "警告 {totals.warn}、错误 {totals.bad}。",
)


def _texts(is_chinese: bool) -> _Texts:
    return _CHINESE if is_chinese else _ENGLISH


def opening(running: "Collector", db: Path | None, handling: "Handling", is_chinese: bool) -> str:
    """Return where it listens, where to look, and what is unusual about this run.

    :param db: the file that keeps everything; None when it is forgotten at the end.
    """
    texts = _texts(is_chinese)
    kept = texts.kept.format(db=db) if db else texts.forgotten
    lines = [
        texts.listening.format(url=running.url),
        texts.give.format(page=running.page_url, kept=kept),
    ]
    others = running.info().urls[1:]
    if others:
        lines.append(texts.also.format(urls=", ".join(others)))
    if running.token:
        lines.append(texts.token.format(token=running.token))
    if handling.strict:
        lines.append(texts.strict)
    if handling.redact:
        lines.append(texts.hidden.format(keys=", ".join(handling.redact)))
    return "\n".join([*lines, texts.end])


def closing(totals: "Totals", is_chinese: bool) -> str:
    """Return how much is stored at the end."""
    return "\n" + _texts(is_chinese).ended.format(totals=totals)

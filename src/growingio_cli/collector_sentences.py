"""Messages that ``growingio collector`` prints at startup, and about forwarding when it stops."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from growingio_wire.errors import MissingExtraError
from growingio_wire.said import Said

if TYPE_CHECKING:
    from growingio_collector import Collector, Forwarding, Handling

_LISTENING: Final = Said("GrowingIO collector on {url}", "GrowingIO 采集器已启动：{url}")
_ALSO: Final = Said("Also on {urls}", "同时监听：{urls}")
_GIVE: Final = Said(
    "Give clients this address as their server host, and open {page} to see what they send. {kept}",
    "请将此地址设为客户端的 server host；在浏览器中打开 {page} 查看收到的数据。{kept}",
)
_KEPT: Final = Said("Received data is kept in {db}.", "数据保存在 {db}。")
_FORGOTTEN: Final = Said(
    "Received data is discarded at the end; keep it with --db FILE.",
    "数据在结束时清除（用 --db FILE 可保留）。",
)
_TOKEN: Final = Said(
    "Other machines need the token for the page and the API: {token}",
    "其他机器访问页面和 API 需要令牌：{token}",
)
_PHONE: Final = Said(
    "On a phone in the same network, open {page} or scan this code. Clients on the phone use the "
    "same address, without the token, as their server host.",
    "在同一网络的手机上打开 {page}，或扫描下面的二维码。手机上的客户端以同一地址（不带令牌）"
    "作为 server host。",
)
_STRICT: Final = Said(
    "Strict: requests with an invalid event get status 400. Java and mini-program SDKs retry such "
    "requests up to 3 times; other SDKs drop the event.",
    "严格模式：含错误事件的请求返回 400。Java 和小程序 SDK 会重发这样的请求（最多 3 次），"
    "其他 SDK 则丢弃该事件。",
)
_HIDDEN: Final = Said(
    "Masked before anything is stored: {keys}. Bodies are not kept.",
    "以下字段的值在存储前遮盖：{keys}。请求体不保留。",
)
_IGNORED: Final = Said("Not reported: {codes}.", "不报告的问题：{codes}。")
_FORWARDING_ALL: Final = Said("Forwarding all requests to {url}.", "所有请求都会转发到 {url}。")
_FORWARDING_GOOD: Final = Said(
    "Forwarding requests without invalid events to {url}.",
    "请求会转发到 {url}，含错误事件的请求除外。",
)
_END: Final = Said("Press Ctrl-C to stop.", "按 Ctrl-C 结束。")
_ENDED: Final = Said(
    "\nStopped. Requests: {totals.requests}, events: {totals.events} ({totals.ok} ok, "
    "{totals.warn} with warnings, {totals.bad} bad).",
    "\n已结束：{totals.requests} 个请求，{totals.events} 个事件，其中正常 {totals.ok}、"
    "警告 {totals.warn}、错误 {totals.bad}。",
)
_FORWARDED: Final = Said(
    "Requests forwarded: {done}, failed: {failed}, held back: {held}, waiting: {waiting}.",
    "请求：已转发 {done}，失败 {failed}，暂不转发 {held}，等待 {waiting}。",
)
_RESUMED: Final = Said(
    "Waiting requests are sent the next time a collector forwards with the same --db.",
    "仍在等待的请求，会在下次用同一个 --db 启动转发时继续发送。",
)
_LOST: Final = Said(
    "Waiting requests are lost. With --db FILE, they would be sent the next time.",
    "仍在等待的请求已丢失；使用 --db FILE 可在下次继续发送。",
)


def ready_line(running: Collector) -> str:
    """Return where it listens, as one line of JSON for the program that started it."""
    facts = {
        "url": running.url,
        "page": running.page_url,
        "token": running.token,
        "urls": running.info().urls,
        "db": running.info().db,
        "pid": os.getpid(),
    }
    return json.dumps(facts)


def opening(
    running: Collector, db: Path | None, handling: Handling, to: Forwarding | None
) -> list[Said]:
    """Return where it listens, where to look, and what is unusual about this run.

    :param db: the file that keeps everything; ``None`` when it is discarded at the end.
    """
    kept = _KEPT.with_values(db=db) if db else _FORGOTTEN
    said = [
        _LISTENING.with_values(url=running.url),
        _GIVE.with_values(page=running.page_url, kept=kept),
    ]
    if others := running.info().urls[1:]:
        said.append(_ALSO.with_values(urls=", ".join(others)))
    said += _for_phones(running)
    if handling.strict:
        said.append(_STRICT)
    if handling.redact:
        said.append(_HIDDEN.with_values(keys=", ".join(handling.redact)))
    if handling.ignore:
        said.append(_IGNORED.with_values(codes=", ".join(handling.ignore)))
    if to:
        forwarding = _FORWARDING_GOOD if to.only == "good" else _FORWARDING_ALL
        said.append(forwarding.with_values(url=to.url))
    return [*said, _END]


def _for_phones(running: Collector) -> list[Said]:
    """Return what a phone in the same network needs: its addresses, the token, and a QR code."""
    if running.token is None:
        return []
    said = [_TOKEN.with_values(token=running.token)]
    page = running.network_page_url
    if page:
        from growingio_collector.pages import as_blocks

        said.append(_PHONE.with_values(page=page))
        with suppress(MissingExtraError):
            code = as_blocks(page)
            said.append(Said(code, code))
    return said


def ending(running: Collector) -> list[Said]:
    """Return what came, or when nothing did, why."""
    totals = running.totals()
    causes = [] if totals.events else running.why_nothing()
    return [_ENDED.with_values(totals=totals), *(one for cause in causes for one in cause)]


def forwarded(running: Collector, *, is_kept: bool) -> list[Said]:
    """Return what became of the requests that were to be forwarded."""
    counts = running.forward_counts()
    said = [_FORWARDED.with_values(**counts)]
    if counts["waiting"]:
        said.append(_RESUMED if is_kept else _LOST)
    return said

"""What a server's answer means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from growingio_tracker.doctor.finding import NO_FIX, Finding, Status, finding
from growingio_tracker.transport.base import Response

_SHOWN: Final = 200


class _Meaning(NamedTuple):
    """What a status says, and what to do; sentences in English and in Chinese."""

    status: Status
    en: str
    zh: str
    fix: tuple[str, str]


_ACCESS: Final = (
    "Check that product_id and data_source_id belong to this server, and that no firewall in "
    "front of it refuses this machine.",
    "请检查 product_id 与 data_source_id 是否属于该服务器，以及服务器前的防火墙是否拦截了本机。",
)
_ADDRESS: Final = (
    "server_host is scheme, host and port as the platform shows them, without the path of the "
    "collect interface; check product_id, too.",
    "server_host 只写平台给出的协议、主机和端口，不含采集接口的路径；同时请检查 product_id。",
)
_LATER: Final = (
    "Try again later; the background strategies do so by themselves.",
    "请稍后再试；后台发送的策略会自动重试。",
)
_REFUSED_CONTENT: Final = (
    "Look at what the server says; a gateway in front of it may know no other format than json.",
    "请查看服务器返回的内容；服务器前的网关可能只支持 json 格式。",
)
_PAGE: Final = _Meaning(
    "bad",
    "a web page instead of an answer: this is a login page, a proxy or another web server",
    "返回的是网页而不是采集应答：这是登录页、代理或其他网站",
    (
        "If this network wants a login, log in with a browser first. Otherwise correct "
        "server_host: scheme, host and port as the platform shows them.",
        "如果当前网络需要登录，请先用浏览器登录；否则请修正 server_host："
        "只写平台给出的协议、主机和端口。",
    ),
)
_MEANINGS: Final[Mapping[int, _Meaning]] = {
    400: _Meaning(
        "bad", "the server refuses the content", "服务器拒绝了请求内容", _REFUSED_CONTENT
    ),
    401: _Meaning("bad", "access needs credentials", "访问需要认证", _ACCESS),
    403: _Meaning("bad", "access is forbidden", "访问被禁止", _ACCESS),
    404: _Meaning("bad", "wrong path or project", "路径或项目错误", _ADDRESS),
    405: _Meaning("bad", "the address takes no events", "该地址不接收事件", _ADDRESS),
    407: _Meaning(
        "bad",
        "the proxy wants credentials",
        "代理要求认证",
        (
            "Write them into the proxy's address: http://USER:PASSWORD@HOST:PORT.",
            "请写进代理地址：http://USER:PASSWORD@HOST:PORT。",
        ),
    ),
    413: _Meaning(
        "bad",
        "even one event is too large for the server",
        "对服务器来说单个事件也太大",
        ("Raise the limit of the gateway in front of the server.", "请调大服务器前网关的限制。"),
    ),
    429: _Meaning("warn", "too many requests", "请求过多", _LATER),
}
_REDIRECT: Final = _Meaning(
    "bad",
    "the server sends elsewhere, and events do not follow",
    "服务器要求跳转，而事件不会跟随跳转",
    (
        "If that is a login page of this network, log in with a browser first. Otherwise set "
        "server_host to the host that it names, often with https:// instead of http://.",
        "如果那是当前网络的登录页，请先用浏览器登录；否则请把 server_host 改为它给出的主机，"
        "通常是把 http:// 换成 https://。",
    ),
)
_FAILING: Final = _Meaning(
    "bad",
    "the server, or a gateway or proxy before it, fails",
    "服务器或其前面的网关、代理出现故障",
    _LATER,
)
_STRANGE: Final = _Meaning(
    "bad", "no collect server answers so", "采集服务器不会这样应答", _ADDRESS
)
_ACCEPTED: Final = _Meaning("ok", "accepted", "已接受", NO_FIX)


_NO_EMPTY_LIST: Final = _Meaning(
    "warn",
    "the server answers, and refuses an empty list",
    "服务器有应答，但不接受空列表",
    ("Send a real event with --send.", "请用 --send 发送一个真实事件。"),
)


def explain(name: str, response: Response) -> Finding:
    """Return what an answer to an event means, with the beginning of its body."""
    return _said(name, response, _meaning(response))


def explain_to_empty_list(name: str, response: Response) -> Finding:
    """Return what an answer to an empty list of events means; it need not be accepted."""
    is_refusal = response.status in (400, 422) and not _is_page(response)
    return _said(name, response, _NO_EMPTY_LIST if is_refusal else _meaning(response))


def _said(name: str, response: Response, meaning: _Meaning) -> Finding:
    status = f"{response.status}{_detail(response) if meaning.status != 'ok' else ''}"
    said = (f"{meaning.en} ({status})", f"{meaning.zh}（{status}）")
    return finding(name, meaning.status, said, meaning.fix)


def _meaning(response: Response) -> _Meaning:
    status = response.status
    if 200 <= status < 300:
        return _PAGE if _is_page(response) else _ACCEPTED
    if 300 <= status < 400:
        return _REDIRECT
    if 500 <= status < 600:
        return _FAILING
    return _MEANINGS.get(status, _STRANGE)


def _is_page(response: Response) -> bool:
    kind = response.headers.get("content-type", "")
    return kind.startswith("text/html") or response.body.lstrip()[:1] == b"<"


def _detail(response: Response) -> str:
    """Return where it sends to, or the beginning of the body, in one harmless line."""
    where = response.headers.get("location")
    text = where if where is not None else response.body[:_SHOWN].decode("utf-8", "replace")
    words = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    return f": {words}" if words else ""

"""Findings of the doctor's checks, and those that explain a server's response or its absence."""

from __future__ import annotations

import errno
import socket
from collections.abc import Mapping
from ssl import SSLCertVerificationError, SSLError
from typing import Final, Literal, NamedTuple, TypeAlias

from msgspec import Struct

from growingio_wire.errors import TransportError, plain_reason
from growingio_wire.http import ExchangeError, Response
from growingio_wire.said import NOTHING, Said

_SHOWN: Final = 200

Status: TypeAlias = Literal["ok", "warn", "bad", "skipped"]


class Finding(Struct, frozen=True):
    """The result of one check.

    :param name: the subject, a short fixed word such as ``"dns"``.
    :param status: ``"ok"``; ``"warn"``: it works, but deserves a look; ``"bad"``: events are lost
        or cannot be sent because of it; ``"skipped"``: it was not checked.
    :param said: what was found.
    :param fix: what to do about it; empty if there is nothing to do.
    """

    name: str
    status: Status
    said: Said
    fix: Said = NOTHING


class _Meaning(NamedTuple):
    """The meaning of a status, and what to do."""

    status: Status
    said: Said
    fix: Said = NOTHING


_ACCESS: Final = Said(
    "Check that product_id and data_source_id belong to this server, and that no firewall in front "
    "of it blocks this machine.",
    "请检查 product_id 与 data_source_id 是否属于该服务器，以及服务器前的防火墙是否拦截了本机。",
)
_ADDRESS: Final = Said(
    "Set server_host to the collect address (ServerHost), not the address of the web platform: "
    "scheme, host and port, without a path. Check product_id as well.",
    "请把 server_host 设为采集地址（ServerHost），而非平台地址：只写协议、主机和端口，不含路径；"
    "同时请检查 product_id。",
)
_LATER: Final = Said(
    "Try again later. The background strategies retry automatically.",
    "请稍后再试；后台发送的策略会自动重试。",
)
_REFUSED_CONTENT: Final = Said(
    "See the server's message. A gateway in front of it may support no format other than json.",
    "请查看服务器返回的内容；服务器前的网关可能只支持 json 格式。",
)
_PAGE: Final = _Meaning(
    "bad",
    Said(
        "a web page instead of an answer: this is a login page, a proxy or another web server",
        "返回的是网页而不是采集服务的响应：这是登录页、代理或其他网站",
    ),
    Said(
        "If this network requires a login, log in with a browser first. Otherwise set server_host "
        "to the collect address (ServerHost), not the address of the web platform.",
        "如果当前网络需要登录，请先用浏览器登录；否则请把 server_host 设为"
        "采集地址（ServerHost），而非平台地址。",
    ),
)
_MEANINGS: Final[Mapping[int, _Meaning]] = {
    400: _Meaning(
        "bad", Said("the server rejects the content", "服务器拒绝了请求内容"), _REFUSED_CONTENT
    ),
    401: _Meaning("bad", Said("access requires credentials", "访问需要认证"), _ACCESS),
    403: _Meaning("bad", Said("access is forbidden", "访问被禁止"), _ACCESS),
    404: _Meaning("bad", Said("wrong path or project", "路径或项目错误"), _ADDRESS),
    405: _Meaning("bad", Said("the address does not accept events", "该地址不接收事件"), _ADDRESS),
    407: _Meaning(
        "bad",
        Said("the proxy requires credentials", "代理要求认证"),
        Said(
            "Add them to the proxy's address: http://USER:PASSWORD@HOST:PORT.",
            "请写进代理地址：http://USER:PASSWORD@HOST:PORT。",
        ),
    ),
    413: _Meaning(
        "bad",
        Said("even one event is too large for the server", "对服务器来说单个事件也太大"),
        Said(
            "Raise the limit of the gateway in front of the server.", "请调大服务器前网关的限制。"
        ),
    ),
    429: _Meaning("warn", Said("too many requests", "请求过多"), _LATER),
}
_REDIRECT: Final = _Meaning(
    "bad",
    Said(
        "the server redirects, but events do not follow redirects",
        "服务器要求跳转，而事件不会跟随跳转",
    ),
    Said(
        "If it leads to a login page of this network, log in with a browser first. Otherwise set "
        "server_host to the host that it names, often with https:// instead of http://.",
        "如果那是当前网络的登录页，请先用浏览器登录；否则请把 server_host 改为它给出的主机，"
        "通常是把 http:// 换成 https://。",
    ),
)
_FAILING: Final = _Meaning(
    "bad",
    Said(
        "the server, or a gateway or proxy in front of it, is failing",
        "服务器或其前面的网关、代理出现故障",
    ),
    _LATER,
)
_STRANGE: Final = _Meaning(
    "bad", Said("not an answer of a collect server", "采集服务不会这样响应"), _ADDRESS
)
_ACCEPTED: Final = _Meaning("ok", Said("accepted", "已接受"))
_NO_EMPTY_LIST: Final = _Meaning(
    "warn",
    Said("the server answers, but rejects an empty list of events", "服务器有响应，但不接受空列表"),
    Said("Send a real event with --send.", "请用 --send 发送一个真实事件。"),
)


def explain(name: str, response: Response) -> Finding:
    """Return what an answer to an event means, with the beginning of its body."""
    return _finding(name, response, _meaning(response))


def explain_to_empty_list(name: str, response: Response) -> Finding:
    """Return what an answer to an empty list of events means; it need not be accepted."""
    is_refusal = response.status in (400, 422) and not _is_page(response)
    return _finding(name, response, _NO_EMPTY_LIST if is_refusal else _meaning(response))


def _finding(name: str, response: Response, meaning: _Meaning) -> Finding:
    status, detail = response.status, _detail(response) if meaning.status != "ok" else ""
    en, zh = (f": {detail}", f"：{detail}") if detail else ("", "")
    said = Said(f"{meaning.said.en} ({status}{en})", f"{meaning.said.zh}（{status}{zh}）")
    return Finding(name, meaning.status, said, meaning.fix)


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
    """Return where it redirects to, or the beginning of the body, as one harmless line."""
    where = response.headers.get("location")
    text = where if where is not None else response.body[:_SHOWN].decode("utf-8", "replace")
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


def explain_silence(name: str, error: TransportError, timeout_s: float | None = None) -> Finding:
    """Return why there was no response, and what to do.

    :param timeout_s: the time-out, for the sentence; ``None`` leaves it out.
    """
    if error.code == "timed_out":
        within, within_zh = ("", "") if timeout_s is None else _within(timeout_s)
        said = Said(f"no answer{within}", f"{within_zh}没有响应")
        return Finding(name, "bad", said, _SLOW)
    return Finding(name, "bad", _broken(error), _BETWEEN)


def _within(seconds: float) -> Said:
    return Said(f" within {seconds:g} s", f"{seconds:g} 秒内")


_SLOW: Final = Said(
    "The server, or a device in front of it, is too slow. Try a longer --timeout, and raise "
    "request_timeout.",
    "服务器或其前面的设备太慢；可用 --timeout 再试，并调大 request_timeout。",
)
_BETWEEN: Final = Said(
    "Check the port in server_host, and any device between this machine and the server.",
    "请检查 server_host 中的端口，以及本机与服务器之间的设备。",
)


def _broken(error: TransportError) -> Said:
    cause = error.__cause__
    if isinstance(cause, SSLCertVerificationError):
        why = cause.verify_message
        return Said(f"the certificate is not trusted: {why}", f"证书不受信任：{why}")
    known = _BROKEN.get(error.code)
    return known or (reason_of(cause) if isinstance(cause, OSError) else error.said)


_BROKEN: Final[Mapping[str, Said]] = {
    "closed": Said(
        "the server closed the connection without an answer", "服务器没有响应就关闭了连接"
    ),
    "cut_off": Said(
        "the server closed the connection within its answer", "服务器在响应中途关闭了连接"
    ),
    "not_http": Said("the answer is not HTTP", "该端口返回的不是 HTTP"),
}


def reason_of(error: Exception) -> Said:
    """Return why connecting failed, in plain words for common reasons."""
    if isinstance(error, TimeoutError):
        return _TIMED_OUT
    if isinstance(error, ConnectionRefusedError):
        return _REFUSED
    if isinstance(error, ConnectionResetError):
        return _RESET
    if isinstance(error, socket.gaierror) and error.errno in _NO_SUCH_NAME:
        return _UNKNOWN_NAME
    if isinstance(error, ExchangeError):
        return error.said
    text = plain_reason(error)
    for kind, zh in _STEPS:
        if isinstance(error, kind):
            return Said(text, f"{zh}（{text}）")
    return _UNREACHABLE.get(getattr(error, "errno", None), Said(text, text))


_TIMED_OUT: Final = Said("timed out", "连接超时")
_REFUSED: Final = Said(
    "connection refused: nothing is listening on that port", "连接被拒绝：该端口没有服务在监听"
)
_RESET: Final = Said("the connection was reset", "连接被重置")
_UNKNOWN_NAME: Final = Said("no such host name", "主机名不存在")
_STEPS: Final = ((SSLError, "TLS 连接失败"), (socket.gaierror, "域名解析失败"))
_UNREACHABLE: Final[Mapping[int | None, Said]] = {
    errno.ENETUNREACH: Said("the network is unreachable", "网络不可达"),
    errno.EHOSTUNREACH: Said("the host is unreachable", "主机不可达"),
}
_NO_SUCH_NAME: Final = tuple(
    getattr(socket, name) for name in ("EAI_NONAME", "EAI_NODATA") if hasattr(socket, name)
)

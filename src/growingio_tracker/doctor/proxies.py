"""The proxy between this machine and the server."""

from __future__ import annotations

import http.client
import socket
from typing import Final

from growingio_tracker.doctor.finding import NO_FIX, Finding, finding
from growingio_tracker.doctor.target import Proxy, Target
from growingio_tracker.exceptions import TransportError

_USABLE: Final = ("http", "https")


class TunnelRefusedError(TransportError):
    """The proxy would not connect to the server."""


def look_at_proxy(target: Target) -> Finding:
    """Say which proxy is used, and where it is set; its credentials are not shown."""
    proxy = target.proxy
    if proxy is None:
        said = ("none; the server is asked directly", "未使用代理，直接连接服务器")
        return finding("proxy", "ok", said, NO_FIX)
    if proxy.scheme not in _USABLE or not proxy.host or not proxy.port:
        said = (
            f"the proxy in {proxy.origin} cannot be used",
            f"{proxy.origin} 中的代理无法使用",
        )
        return finding("proxy", "bad", said, _WRONG_PROXY)
    shown = f"{proxy.scheme}://{proxy.host}:{proxy.port}"
    said = (f"{shown}, from {proxy.origin}", f"{shown}，来自 {proxy.origin}")
    return finding("proxy", "ok", said, NO_FIX)


_WRONG_PROXY: Final = (
    "Write it as http://HOST:PORT; other kinds of proxy are not supported.",
    "请写成 http://HOST:PORT，不支持其他类型的代理。",
)


def look_at_tunnel(target: Target) -> Finding | None:
    """Ask the proxy for a tunnel to the server; None when none is needed or it opens."""
    if target.proxy is None or not target.is_https or target.proxy.scheme == "https":
        return None
    try:
        opened(target).close()
    except TunnelRefusedError as error:
        said = (f"the proxy refuses: {error}", f"代理拒绝了请求：{error}")
        return finding("proxy", "bad", said, _REFUSED)
    except OSError as error:
        said = (f"the proxy gives no answer: {error}", f"代理没有回应：{error}")
        return finding("proxy", "bad", said, _REFUSED)
    return None


_REFUSED: Final = (
    "Check the credentials in the proxy's address, and whether it may connect to this server; or "
    "name the server in NO_PROXY.",
    "请检查代理地址中的账号密码，以及代理是否允许访问该服务器；或把该服务器加入 NO_PROXY。",
)


def opened(target: Target) -> socket.socket:
    """Return a connection to the server, through the proxy if there is one.

    :raises TunnelRefusedError: when the proxy refuses.
    :raises OSError: when there is no connection.
    """
    connection = socket.create_connection(target.next_hop, timeout=target.timeout_s)
    if target.proxy is None:
        return connection
    try:
        _tunnel(connection, target, target.proxy)
    except BaseException:
        connection.close()
        raise
    return connection


def _tunnel(connection: socket.socket, target: Target, proxy: Proxy) -> None:
    where = f"{target.host}:{target.port}"
    lines = [f"CONNECT {where} HTTP/1.1", f"Host: {where}"]
    lines += [f"{name}: {value}" for name, value in proxy.headers.items()]
    connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
    answer = http.client.HTTPResponse(connection, method="CONNECT")
    try:
        answer.begin()
    except http.client.HTTPException as error:
        raise TunnelRefusedError(f"no HTTP answer to CONNECT ({type(error).__name__})") from error
    if not 200 <= answer.status < 300:
        raise TunnelRefusedError(f"{answer.status} {answer.reason} to CONNECT {where}")

"""Finding the server's address, and connecting to it."""

from __future__ import annotations

import queue
import socket
import threading
import time
from typing import Final

from growingio_tracker.doctor.finding import NO_FIX, Finding, finding
from growingio_tracker.doctor.target import Target, is_address

_SHOWN_ADDRESSES: Final = 4


def look_up(target: Target) -> Finding:
    """Look up the name of whom this machine connects to."""
    host, port = target.next_hop
    if is_address(host):
        said = (f"{host} is an address; no name to look up", f"{host} 是 IP 地址，无需解析")
        return finding("dns", "skipped", said, NO_FIX)
    begin = time.monotonic()
    found = _addresses(host, port, target.timeout_s)
    elapsed = _milliseconds(begin)
    if isinstance(found, list):
        shown = ", ".join(found[:_SHOWN_ADDRESSES])
        said = (f"{host} is {shown} ({elapsed})", f"{host} 解析为 {shown}（{elapsed}）")
        return finding("dns", "ok", said, NO_FIX)
    said = (f"{host} cannot be found: {found}", f"无法解析 {host}：{found}")
    return finding("dns", "bad", said, _check_proxy(target) or _WRONG_NAME)


_WRONG_NAME: Final = (
    "Check the spelling of the host, and the name servers of this machine.",
    "请检查主机名拼写，以及本机的 DNS 设置。",
)


def _addresses(host: str, port: int, timeout_s: float) -> list[str] | str:
    """Return the addresses, or why there are none. The system's look-up knows no time-out."""
    answers: queue.Queue[list[str] | str] = queue.Queue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answers.put(list(dict.fromkeys(str(entry[4][0]) for entry in found)))
        except (OSError, UnicodeError) as error:
            answers.put(str(error))

    threading.Thread(target=ask, daemon=True).start()
    try:
        return answers.get(timeout=timeout_s)
    except queue.Empty:
        return f"no answer within {timeout_s:g} s"


def connect(target: Target) -> Finding:
    """Connect to the proxy, or to the server itself."""
    host, port = target.next_hop
    begin = time.monotonic()
    try:
        socket.create_connection((host, port), timeout=target.timeout_s).close()
    except OSError as error:
        said = (
            f"no connection to {host}:{port}: {_reason(error)}",
            f"无法连接 {host}:{port}：{_reason(error)}",
        )
        return finding("tcp", "bad", said, _unreachable(target, error))
    elapsed = _milliseconds(begin)
    said = (f"connected to {host}:{port} ({elapsed})", f"已连接 {host}:{port}（{elapsed}）")
    return finding("tcp", "ok", said, NO_FIX)


def _reason(error: OSError) -> str:
    return "it timed out" if isinstance(error, TimeoutError) else error.strerror or str(error)


def _check_proxy(target: Target) -> tuple[str, str] | None:
    if target.proxy is None:
        return None
    return (
        f"Check the proxy in {target.proxy.origin}, or name the server in NO_PROXY.",
        f"请检查 {target.proxy.origin} 中的代理，或把该服务器加入 NO_PROXY。",
    )


def _unreachable(target: Target, error: OSError) -> tuple[str, str]:
    if check_proxy := _check_proxy(target):
        return check_proxy
    if isinstance(error, ConnectionRefusedError):
        return (
            "Nobody listens there: check the port in server_host, and whether the server runs.",
            "该端口无人监听：请检查 server_host 中的端口，以及服务是否已启动。",
        )
    return (
        "Check the firewall between this machine and the server, and the port in server_host.",
        "请检查本机与服务器之间的防火墙，以及 server_host 中的端口。",
    )


def _milliseconds(begin: float) -> str:
    return f"{(time.monotonic() - begin) * 1000:.0f} ms"

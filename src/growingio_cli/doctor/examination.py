"""Examination: all checks in order, among them those of proxy, name, TCP and tunnel."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from typing import Final

from growingio_cli.doctor.asking import Asker, look_at_format
from growingio_cli.doctor.configuration import CheckedConfiguration
from growingio_cli.doctor.findings import Finding, reason_of
from growingio_cli.doctor.setup import Setup, is_address, make_setup
from growingio_cli.doctor.tls import WITHOUT_FILE, look_at_tls
from growingio_tracker.config.keys import FORMATS
from growingio_wire.errors import GrowingParamException
from growingio_wire.http.answer import NotHttpError
from growingio_wire.http.connections import TunnelRefusedError
from growingio_wire.http.proxies import SYSTEM_SETTINGS
from growingio_wire.http.sockets import Deadline, dial, resolve
from growingio_wire.said import NOTHING, Said

TIMEOUT_S: Final = 5.0

_SHOWN_ADDRESSES: Final = 4


def examine(
    read: CheckedConfiguration, *, timeout_s: float = TIMEOUT_S, send: bool = False
) -> Iterator[Finding]:
    """Yield each finding as soon as its check is done.

    :param read: the configuration.
    :param timeout_s: seconds that each step may take; above 0.
    :param send: send one test event in each format, too; otherwise no event is sent.
    """
    yield from read.findings
    try:
        setup = make_setup(read.settings, timeout_s)
    except GrowingParamException:
        yield _NOT_ASKED  # the configuration's findings say why
        return
    reachable = yield from _way(setup)
    formats = [look_at_format(setup, form) for form in FORMATS]
    yield from formats
    if not reachable:
        return
    with closing(Asker(setup)) as asker:
        yield from asker.look_at_answer()
        if send:
            usable = [
                form for form, one in zip(FORMATS, formats, strict=True) if one.status == "ok"
            ]
            yield from map(asker.send, usable)


def _way(setup: Setup) -> Generator[Finding, None, bool]:
    """Yield what is found on the way to the server; return whether it leads there."""
    for look in _ON_THE_WAY:
        found = look(setup)
        if found is None:
            continue
        yield found
        if found.status == "bad" or found is WITHOUT_FILE:
            yield _NOT_ASKED
            return False
    return True


_NOT_ASKED: Final = Finding(
    "answer", "skipped", Said("the server was not asked", "没有向服务器发出请求")
)


def look_at_proxy(setup: Setup) -> Finding:
    """Tell which proxy is used and where it is set, without its credentials."""
    if setup.wrong_proxy:
        wrong = _origin(setup.wrong_proxy)
        said = Said(
            f"the proxy set in {wrong.en} cannot be used", f"{wrong.zh} 中设置的代理无法使用"
        )
        return Finding("proxy", "bad", said, _WRONG_PROXY)
    proxy = setup.proxy
    if proxy is None:
        return Finding("proxy", "ok", Said("none; connecting directly", "未使用代理，直接连接"))
    shown = f"{proxy.scheme}://{proxy.host}:{proxy.port}"
    origin = _origin(proxy.origin)
    said = Said(f"{shown}, set in {origin.en}", f"{shown}，来自 {origin.zh}")
    return Finding("proxy", "ok", said)


def _origin(name: str) -> Said:
    return Said(name, "系统设置" if name == SYSTEM_SETTINGS else name)


_WRONG_PROXY: Final = Said(
    "Write it as http://HOST:PORT; other kinds of proxies are not supported.",
    "请写成 http://HOST:PORT，不支持其他类型的代理。",
)


def look_up(setup: Setup) -> Finding:
    """Resolve the name that this machine connects to."""
    host, port = setup.route.next_hop
    if is_address(host):
        said = Said(f"{host} is an IP address; nothing to resolve", f"{host} 是 IP 地址，无需解析")
        return Finding("dns", "skipped", said)
    begin = time.monotonic()
    found = _addresses(host, port, setup.timeout_s)
    if isinstance(found, list):
        shown, elapsed = ", ".join(found[:_SHOWN_ADDRESSES]), _milliseconds(begin)
        said = Said(
            f"{host} resolves to {shown} ({elapsed})", f"{host} 解析为 {shown}（{elapsed}）"
        )
        return Finding("dns", "ok", said)
    why = reason_of(found)
    said = Said(f"cannot resolve {host}: {why.en}", f"无法解析 {host}：{why.zh}")
    return Finding("dns", "bad", said, _check_proxy(setup) or _WRONG_NAME)


_WRONG_NAME: Final = Said(
    "Check the spelling of the host name and the DNS settings of this machine.",
    "请检查主机名拼写，以及本机的 DNS 设置。",
)


def _addresses(host: str, port: int, timeout_s: float) -> list[str] | OSError:
    """Return the addresses, or why there are none."""
    try:
        found = resolve(host, port, Deadline(timeout_s))
    except OSError as error:
        return error
    return list(dict.fromkeys(str(address[0]) for _, address in found))


def connect(setup: Setup) -> Finding:
    """Connect to the proxy, or to the server itself."""
    host, port = setup.route.next_hop
    begin = time.monotonic()
    try:
        dial(host, port, Deadline(setup.timeout_s)).close()
    except OSError as error:
        why = reason_of(error)
        said = Said(
            f"cannot connect to {host}:{port}: {why.en}", f"无法连接 {host}:{port}：{why.zh}"
        )
        return Finding("tcp", "bad", said, _unreachable(setup, error))
    elapsed = _milliseconds(begin)
    said = Said(f"connected to {host}:{port} ({elapsed})", f"已连接 {host}:{port}（{elapsed}）")
    return Finding("tcp", "ok", said)


def _check_proxy(setup: Setup) -> Said:
    if setup.proxy is None:
        return NOTHING
    origin = _origin(setup.proxy.origin)
    return Said(
        f"Check the proxy set in {origin.en}, or add the server to NO_PROXY.",
        f"请检查 {origin.zh} 中的代理，或把该服务器加入 NO_PROXY。",
    )


def _unreachable(setup: Setup, error: OSError) -> Said:
    if check_proxy := _check_proxy(setup):
        return check_proxy
    return _NOT_RUNNING if isinstance(error, ConnectionRefusedError) else _BLOCKED


_NOT_RUNNING: Final = Said(
    "Check the port in server_host, and whether the server is running.",
    "请检查 server_host 中的端口，以及服务是否已启动。",
)
_BLOCKED: Final = Said(
    "Check the port in server_host, and the firewall between this machine and the server.",
    "请检查 server_host 中的端口，以及本机与服务器之间的防火墙。",
)


def look_at_tunnel(setup: Setup) -> Finding | None:
    """Ask the proxy for a tunnel to the server; None when none is needed or it opens."""
    if setup.proxy is None or setup.route.forwarding:
        return None
    try:
        setup.reach().close()
    except TunnelRefusedError as error:
        said = Said(
            f"the proxy refuses to connect to the server ({error.status})",
            f"代理拒绝连接该服务器（{error.status}）",
        )
        return Finding("proxy", "bad", said, _NO_TUNNEL)
    except NotHttpError:
        return Finding("proxy", "bad", _NOT_HTTP, _NO_TUNNEL)
    except OSError as error:
        why = reason_of(error)
        said = Said(f"the proxy does not answer: {why.en}", f"代理没有响应：{why.zh}")
        return Finding("proxy", "bad", said, _NO_TUNNEL)
    return None


_NOT_HTTP: Final = Said("the proxy does not answer with HTTP", "代理返回的不是 HTTP 响应")
_NO_TUNNEL: Final = Said(
    "Check the credentials in the proxy's address and whether the proxy allows connections to this "
    "server, or add the server to NO_PROXY.",
    "请检查代理地址中的账号密码，以及代理是否允许访问该服务器；或把该服务器加入 NO_PROXY。",
)


def _milliseconds(begin: float) -> str:
    return f"{(time.monotonic() - begin) * 1000:.0f} ms"


_ON_THE_WAY: Final[tuple[Callable[[Setup], Finding | None], ...]] = (
    look_at_proxy,
    look_up,
    connect,
    look_at_tunnel,
    look_at_tls,
)

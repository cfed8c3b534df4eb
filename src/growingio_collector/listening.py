"""Listening sockets, and the program that occupies a port."""

import errno
import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Final
from urllib.parse import urlencode

from growingio_collector.security import TOKEN, Access
from growingio_collector.server import Tls
from growingio_collector.settings import LOOPBACK, Serving
from growingio_wire.errors import GrowingParamException, TransportError, invalid
from growingio_wire.http import Request
from growingio_wire.http.connections import Route
from growingio_wire.http.transport import HttpTransport
from growingio_wire.said import Said

_BACKLOG: Final = 2048
_TRIED: Final = 100
"""Number of ports after the first to try."""

_PROBE_S: Final = 0.5


def listen(port: int, bind: str = LOOPBACK, *, next_port: bool = False) -> socket.socket:
    """Return a socket that listens on ``port``; 0 takes any free port.

    :param bind: the address of this machine to listen on.
    :param next_port: take the next free port when this one is in use.
    :raises GrowingParamException: if the port is taken or may not be used.
    """
    for candidate in _candidates(port, next_port):
        try:
            return _listening(candidate, bind)
        except (OSError, OverflowError) as error:
            if not (next_port and _in_use(error)) or candidate == port + _TRIED:
                raise _explained(candidate, bind, error) from error
    raise invalid(
        f"Port {port} and all after it are in use. Choose a lower one.",
        f"端口 {port} 及其后的端口都已被占用。请换一个更小的端口。",
    )


def _candidates(port: int, next_port: bool) -> Iterator[int]:
    last = min(port + _TRIED, 65535) if next_port and port else port
    yield from range(port, last + 1)


def _listening(port: int, bind: str) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        # On Windows the option would let two programs share the port.
        if not hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((bind, port))
        listener.listen(_BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener


def _in_use(error: OSError | OverflowError) -> bool:
    return isinstance(error, OSError) and error.errno == errno.EADDRINUSE


def _explained(port: int, bind: str, error: OSError | OverflowError) -> GrowingParamException:
    if isinstance(error, OverflowError):
        return invalid(
            f"{port} is not a port; it must be from 0 to 65535.",
            f"{port} 不是端口号；应为 0 到 65535。",
        )
    if _in_use(error):
        user = _user_of(port)
        return invalid(
            f"Port {port} on {bind} is already in use by {user.en}. "
            "Stop that program or choose another port (0 takes any free one).",
            f"{bind} 的端口 {port} 已被{user.zh}占用。请停止该程序，或换一个端口"
            "（0 表示任意空闲端口）。",
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return invalid(
            f"{bind} is not an address of this machine. Choose one that is, or 0.0.0.0 for all.",
            f"{bind} 不是本机的地址。请改用本机地址，或用 0.0.0.0 表示所有地址。",
        )
    if error.errno == errno.EACCES:
        return invalid(
            f"Port {port} on {bind} cannot be used ({error.strerror}). On most systems, ports "
            "below 1024 require administrator rights. Use those, or choose another port.",
            f"无法使用 {bind} 的端口 {port}（{error.strerror}）。多数系统上，使用 1024 以下的端口"
            "需要管理员权限。请以该权限运行，或换一个端口。",
        )
    return invalid(
        f"Port {port} on {bind} cannot be used ({error.strerror}). Choose another one.",
        f"无法使用 {bind} 的端口 {port}（{error.strerror}）。请换一个端口。",
    )


def _user_of(port: int) -> Said:
    """Return the name of what responds on the port, with the release of a collector."""
    here = f"http://{LOOPBACK}:{port}"
    transport = HttpTransport(Route(here), connections=0)
    try:
        answer = transport.exchange(Request(f"{here}/api/v1/info", b"", {}, _PROBE_S, "GET"))
        about: Any = json.loads(answer.body)
        version = f"{about['version']!s:.20}"
    except (TransportError, ValueError, LookupError, TypeError):
        return Said("another program", "其他程序")
    return Said(
        f"another collector (growingio_tracker {version})",
        f"另一个采集器（growingio_tracker {version}）",
    )


def addresses_of(bind: str) -> list[str]:
    """Return the addresses that reach ``bind``, the one for this machine first."""
    if bind != "0.0.0.0":  # noqa: S104 - compared, not bound
        return [bind]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Nothing is sent: connecting a UDP socket only selects the local address.
            probe.connect(("192.0.2.1", 9))
            own: str = probe.getsockname()[0]
        except OSError:
            return [LOOPBACK]
    return [LOOPBACK, own]


class Listening:
    """Open sockets; ``stack`` closes them. Their addresses can be asked for even after that.

    ``port`` is the first, and ``access`` decides who may read what was received.

    :raises GrowingParamException: if a port is taken or may not be used.
    :raises MissingExtraError: TLS is asked for, and the package for it is not installed.
    """

    def __init__(self, port: int, serving: Serving, stack: ExitStack) -> None:
        self.listeners = [
            stack.enter_context(listen(one, serving.bind, next_port=serving.next_port))
            for one in (port, *serving.more_ports)
        ]
        self.access = Access(serving)
        self._addresses = addresses_of(serving.bind)
        self.tls = self._tls(serving, stack)
        self._ports = [("http", _port(one)) for one in self.listeners]
        if self.tls:
            self._ports.append(("https", _port(self.tls.listener)))
        self.port = self._ports[0][1]

    def _tls(self, serving: Serving, stack: ExitStack) -> Tls | None:
        if serving.tls_port is None:
            return None
        # Requires its own extra, which most people do not need.
        from growingio_collector.certificate import certificate_for  # noqa: PLC0415

        names = dict.fromkeys(("localhost", "127.0.0.1", *self._addresses, *serving.allow_hosts))
        made = certificate_for(list(names), serving.data_folder)
        listener = listen(serving.tls_port, serving.bind, next_port=serving.next_port)
        return Tls(stack.enter_context(listener), made.certificate, made.key)

    @property
    def url(self) -> str:
        """Server host for clients on this machine."""
        return f"http://{self._addresses[0]}:{self.port}"

    @property
    def ports(self) -> tuple[int, ...]:
        """Every port it listens on."""
        return tuple(port for _, port in self._ports)

    @property
    def page_url(self) -> str:
        """Address to open in a browser, with the token if one is required."""
        return self._page_at(self.url)

    @property
    def network_page_url(self) -> str | None:
        """Address to open on a phone; None if other machines cannot connect."""
        address = self._addresses[-1]
        if self.access.token is None or address == LOOPBACK:
            return None
        return self._page_at(f"http://{address}:{self.port}")

    def _page_at(self, url: str) -> str:
        token = self.access.token
        return f"{url}/" + (f"?{urlencode({TOKEN: token})}" if token else "")

    @property
    def urls(self) -> tuple[str, ...]:
        """All addresses that clients may be given, ``url`` first."""
        return tuple(
            f"{scheme}://{address}:{port}"
            for address in self._addresses
            for scheme, port in self._ports
        )


def _port(listener: socket.socket) -> int:
    port: int = listener.getsockname()[1]
    return port

"""Connections to one server, directly or through a proxy, with or without TLS.

urllib3 parses proxy addresses and sets up TLS, also inside of TLS. Sockets and tunnels are our own,
because one deadline applies to all steps.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from functools import cached_property
from urllib.parse import unquote, urlsplit

from urllib3.util import wait_for_read

from growingio_wire.http import ExchangeError
from growingio_wire.http.proxies import DEFAULT_PORTS, Proxy, find_proxy
from growingio_wire.http.sockets import Deadline, converse, dial, wrap
from growingio_wire.http.tls import make_context, make_proxy_context
from growingio_wire.said import Said


class TunnelRefusedError(ExchangeError):
    """The proxy did not open a tunnel to the server.

    :param status: the HTTP status of its response.
    """

    def __init__(self, where: str, status: int) -> None:
        said = Said(
            f"the proxy answered {status} when asked to connect to {where}",
            f"代理拒绝连接 {where}（状态码 {status}）",
        )
        super().__init__(said)
        self.status = status


class SocketConnection:
    """Open socket, with or without TLS, for consecutive exchanges."""

    __slots__ = ("_gathers", "_socket", "generation")

    def __init__(self, opened: socket.socket, generation: int = 0) -> None:
        self._socket = opened
        # TLS sockets have no such call, and on Windows no socket does.
        self._gathers = hasattr(opened, "sendmsg") and not isinstance(opened, ssl.SSLSocket)
        self.generation = generation
        """Which closing of its transport it was opened after."""

    def send(self, head: bytes, body: bytes, deadline: Deadline) -> None:
        """Send everything, in one call if possible."""
        self._socket.settimeout(deadline.left_s())
        if self._gathers:
            sent = self._socket.sendmsg((head, body))
            if sent == len(head) + len(body):
                return
        else:
            sent = 0
        rest = memoryview(head + body)[sent:]
        while rest:
            self._socket.settimeout(deadline.left_s())
            rest = rest[self._socket.send(rest) :]

    def receive(self, most: int, deadline: Deadline) -> bytes:
        """Return the next bytes; none at the end."""
        self._socket.settimeout(deadline.left_s())
        return self._socket.recv(most)

    @property
    def is_quiet(self) -> bool:
        """Whether nothing arrived since the last response, neither data nor the end."""
        try:
            return not wait_for_read(self._socket, 0.0)
        except (OSError, ValueError):
            return False

    def close(self) -> None:
        """Close this process's end. A connection shared with a parent process stays open there."""
        self._socket.close()


class Route:
    """Route to one server, which opens connections. Creating it opens none.

    :param base_url: the server; only its scheme, host and port matter.
    :param verify_cert: as for consumers; see :func:`~growingio_wire.http.tls.make_context`.
    :param proxy: ``None`` connects directly to the server.
    """

    def __init__(
        self, base_url: str, *, verify_cert: bool | str = True, proxy: Proxy | None = None
    ) -> None:
        parts = urlsplit(base_url)
        self.proxy = proxy
        self._base_url = base_url
        self._verify_cert = verify_cert
        self.is_https = parts.scheme == "https"
        self.host = unquote(parts.hostname or "")
        self.port = parts.port or DEFAULT_PORTS[parts.scheme]
        self.authority = parts.netloc.removesuffix(f":{DEFAULT_PORTS[parts.scheme]}")

    @classmethod
    def by_environment(cls, base_url: str, *, verify_cert: bool | str = True) -> Route:
        """Return the route through the environment's proxies.

        :raises ProxyError: if the proxy is invalid.
        """
        return cls(base_url, verify_cert=verify_cert, proxy=find_proxy(base_url))

    def __reduce__(self) -> tuple[Callable[..., Route], tuple[str, bool | str]]:
        """Pickle the route. Unpickling uses the proxies of the new environment."""
        return _by_environment, (self._base_url, self._verify_cert)

    @cached_property
    def _context(self) -> ssl.SSLContext:
        return make_context(self._verify_cert)

    @cached_property
    def _proxy_context(self) -> ssl.SSLContext:
        return make_proxy_context(self._verify_cert)

    @property
    def next_hop(self) -> tuple[str, int]:
        """Host and port that this machine connects to: the proxy's, or the server's."""
        return (self.proxy.host, self.proxy.port) if self.proxy else (self.host, self.port)

    @property
    def forwarding(self) -> Proxy | None:
        """Proxy that requests are sent to, if it forwards them without a tunnel."""
        return None if self.is_https else self.proxy

    def open(self, deadline: Deadline) -> socket.socket:
        """Return a connection for requests.

        :raises TunnelRefusedError: if the proxy rejects the tunnel.
        :raises OSError: if none can be opened before the deadline.
        """
        plain = self.reach(deadline)
        return self._wrapped(plain, deadline) if self.is_https else plain

    def reach(self, deadline: Deadline) -> socket.socket:
        """Return a connection to the server without its TLS, through the proxy if there is one."""
        opened = dial(*self.next_hop, deadline)
        if self.proxy is None:
            return opened
        try:
            if self.proxy.scheme == "https":
                opened = wrap(opened, self._proxy_context, self.proxy.host, deadline)
            if self.is_https:
                self._tunnel(opened, self.proxy, deadline)
        except BaseException:
            opened.close()
            raise
        return opened

    def _wrapped(self, plain: socket.socket, deadline: Deadline) -> socket.socket:
        try:
            return wrap(plain, self._context, self.host, deadline)
        except BaseException:
            plain.close()
            raise

    def _tunnel(self, opened: socket.socket, proxy: Proxy, deadline: Deadline) -> None:
        host = f"[{self.host}]" if ":" in self.host else self.host
        where = f"{host}:{self.port}"
        lines = [f"CONNECT {where} HTTP/1.1", f"Host: {where}"]
        if proxy.authorization:
            lines.append(f"Proxy-Authorization: {proxy.authorization}")
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        connection = SocketConnection(opened)
        answer = converse(connection, head, b"", deadline, method="CONNECT").response
        if not 200 <= answer.status < 300:
            raise TunnelRefusedError(where, answer.status)


def _by_environment(base_url: str, verify_cert: bool | str) -> Route:
    return Route.by_environment(base_url, verify_cert=verify_cert)

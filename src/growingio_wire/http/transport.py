"""HTTP transport: exchanges with one server over keep-alive connections."""

from __future__ import annotations

import os
import socket
import ssl
import sys
import weakref
from collections import deque
from collections.abc import Generator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from types import ModuleType
from typing import Final

from growingio_wire import VERSION
from growingio_wire.errors import TransportError
from growingio_wire.http import ExchangeError, Request, Response, guards
from growingio_wire.http.answer import BODY_BYTES, BrokenOffError, ClosedError, NotHttpError
from growingio_wire.http.connections import Route, SocketConnection, TunnelRefusedError
from growingio_wire.http.sockets import Deadline, converse
from growingio_wire.logs import logger
from growingio_wire.said import Said

_log: Final = logger("growingio_tracker.transport")

OWN_HEADERS: Final[Mapping[str, str]] = {
    "user-agent": f"growingio-python/{VERSION}",
    "accept-encoding": "identity",
}
"""Default headers of a request."""

# Errors of a connection that the server, or a device on the way, has closed.
_DEAD: Final = (ConnectionError, ssl.SSLError)

_CAUSES: Final[tuple[tuple[type[OSError], str, str], ...]] = (
    (TunnelRefusedError, "tunnel_refused", ""),
    (TimeoutError, "timed_out", "超时"),
    (NotHttpError, "not_http", ""),
    (BrokenOffError, "cut_off", ""),
    (ClosedError, "closed", ""),
    (ConnectionRefusedError, "refused", "连接被拒绝"),
    (ConnectionError, "reset", "连接被重置"),
    (socket.gaierror, "unknown_host", "无法解析主机名"),
    (ssl.SSLCertVerificationError, "certificate", "证书不受信任"),
    (ssl.SSLError, "tls", "TLS 连接失败"),
)
"""Kinds of errors with their codes, and the Chinese for those whose message is the system's."""
_OTHER_CAUSE: Final = (OSError, "unreachable", "无法连接")

_OURS: Final = (TunnelRefusedError, NotHttpError, BrokenOffError, ClosedError)
"""Errors whose message needs no type name in front."""

_WITHOUT_BODY: Final = frozenset({"GET", "HEAD", "DELETE"})
_MADE_HERE: Final = frozenset({"content-length", "transfer-encoding"})


class HttpTransport:
    """Exchanges requests with one server. Usable from several threads.

    Redirects are not followed. A forked child opens its own connections.

    :param route: the route to the server.
    :param connections: maximum number of idle connections to keep open.
    :param own_headers: default headers of requests.
    :param most_bytes: maximum size of a response body to read; beyond that, the connection is
        closed.
    """

    def __init__(
        self,
        route: Route,
        *,
        connections: int = 100,
        own_headers: Mapping[str, str] = OWN_HEADERS,
        most_bytes: int = BODY_BYTES,
    ) -> None:
        self._route = route
        self._connections = connections
        self._own_headers = own_headers
        self._most_bytes = most_bytes
        self._idle: deque[SocketConnection] = deque()  # every access is one step of it
        self._generation = 0
        self._pid = os.getpid()
        self._lines: tuple[Mapping[str, str] | None, bytes] = (None, b"")
        weakref.finalize(self, _close_all, self._idle)

    def exchange(self, request: Request) -> Response:
        """Return the response to ``request``.

        A dead keep-alive connection is replaced, and the request is repeated once on a new one.

        :raises TransportError: if there was no response; its ``code`` says why.
        """
        for forbid in guards:
            forbid(request)
        deadline = Deadline(request.timeout_s)
        try:
            with untraced():
                return self._exchange(request, deadline)
        except OSError as error:
            raise _transport_error(request, error) from error

    def close(self) -> None:
        """Close every idle connection; the next exchange opens a new one."""
        self._generation += 1  # what is in use now is closed when it comes back
        _close_all(self._idle)

    def _exchange(self, request: Request, deadline: Deadline) -> Response:
        head = self._head(request)
        kept = self._take()
        if kept is not None:
            try:
                return self._converse(kept, head, request, deadline)
            except _DEAD as error:
                if isinstance(error, BrokenOffError):
                    raise
            self.close()
        generation = self._generation
        opened = SocketConnection(self._route.open(deadline), generation)
        _log.debug("connected to %s:%s", *self._route.next_hop)
        return self._converse(opened, head, request, deadline)

    def _converse(
        self, connection: SocketConnection, head: bytes, request: Request, deadline: Deadline
    ) -> Response:
        try:
            response, keeps = converse(
                connection,
                head,
                request.body,
                deadline,
                method=request.method,
                meanwhile=request.meanwhile,
                most_bytes=self._most_bytes,
            )
        except BaseException:
            connection.close()
            raise
        self._put_back(connection) if keeps else connection.close()
        return response

    def _take(self) -> SocketConnection | None:
        """Return an idle connection that seems to be alive."""
        if self._pid != os.getpid():
            self._pid = os.getpid()
            self.close()
        while self._idle:
            try:
                connection = self._idle.pop()
            except IndexError:  # another thread was faster
                break
            if connection.is_quiet:
                return connection
            connection.close()
        return None

    def _put_back(self, connection: SocketConnection) -> None:
        if connection.generation != self._generation or len(self._idle) >= self._connections:
            connection.close()
        else:
            self._idle.append(connection)

    def _head(self, request: Request) -> bytes:
        # A proxy that does not tunnel reads the whole address.
        target = request.url if self._route.forwarding else _target(request.url)
        lines = f"{request.method} {target} HTTP/1.1\r\n".encode("latin-1")
        lines += self._header_lines(request.headers)
        if request.body or request.method not in _WITHOUT_BODY:
            lines += b"content-length: %d\r\n" % len(request.body)
        return lines + b"\r\n"

    def _header_lines(self, headers: Mapping[str, str]) -> bytes:
        """Return the lines of ``headers``, cached because they rarely change."""
        last, lines = self._lines
        if headers != last or type(headers) is not dict:
            given = {name.lower() for name in headers}
            own = {"host": self._route.authority, **self._own_headers}
            if proxy := self._route.forwarding:
                own["proxy-authorization"] = proxy.authorization
            sent = [(name, value) for name, value in own.items() if value and name not in given]
            sent += [one for one in headers.items() if one[0].lower() not in _MADE_HERE]
            lines = "".join(f"{name}: {value}\r\n" for name, value in sent).encode("latin-1")
            self._lines = dict(headers), lines
        return lines


def open_transport(
    base_url: str, *, verify_cert: bool | str = True, connections: int = 100
) -> HttpTransport:
    """Return a transport to a server, through the environment's proxy.

    :raises GrowingParamException: if the proxy or the file of certificates is invalid.
    """
    route = Route.by_environment(base_url, verify_cert=verify_cert)
    return HttpTransport(route, connections=connections)


def _target(url: str) -> str:
    """Return everything after the host, unchanged."""
    _, _, behind = url.partition("//")
    host, slash, target = behind.partition("/")
    if "?" in host:
        return f"/{behind[host.index('?') :]}"
    return slash + target or "/"


def _close_all(idle: deque[SocketConnection]) -> None:
    while idle:
        with suppress(IndexError):  # another thread may be doing the same
            idle.pop().close()


def _transport_error(request: Request, error: OSError) -> TransportError:
    found = (one for one in _CAUSES if isinstance(error, one[0]))
    kind, code, zh = next(found, _OTHER_CAUSE)
    told = str(error) if isinstance(error, _OURS) else error.strerror
    why = Said(
        told or f"{kind.__name__}: {error}",
        error.said.zh if isinstance(error, ExchangeError) else f"{zh}（{error.strerror or error}）",
    )
    address = request.address
    said = Said(f"no answer from {address}: {why.en}", f"{address} 没有响应：{why.zh}")
    return TransportError(said, code)


# The key that the instrumentations asked for before it became a constant of the API, and still do.
_PLAIN_KEY: Final = "suppress_instrumentation"


_TRACED: Final = nullcontext()


def untraced() -> AbstractContextManager[None]:
    """Hide requests inside the block from OpenTelemetry's instrumentations.

    OpenTelemetry is never imported for this. Without it, the cost is one look-up.
    """
    api = sys.modules.get("opentelemetry.context")
    if api is None:
        return _TRACED
    key: str | None = getattr(api, "_SUPPRESS_INSTRUMENTATION_KEY", None)
    # Another thread may just be importing it.
    return _TRACED if key is None else _suppressing(api, key)


@contextmanager
def _suppressing(api: ModuleType, key: str) -> Generator[None, None, None]:
    token = api.attach(api.set_value(key, True, api.set_value(_PLAIN_KEY, True)))
    try:
        yield
    finally:
        api.detach(token)

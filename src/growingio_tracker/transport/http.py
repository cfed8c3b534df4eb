"""HTTP by urllib3: pooled connections, TLS, proxies. Foreign errors are mapped here only."""

from __future__ import annotations

import logging
import ssl
import threading
import time
from typing import Final
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ClosedPoolError, HTTPError, ProtocolError, SSLError
from urllib3.util import Timeout, make_headers, parse_url

from growingio_tracker.exceptions import GrowingParamException, TransportError
from growingio_tracker.transport.base import Request, Response
from growingio_tracker.transport.guard import guards
from growingio_tracker.transport.tracing import untraced
from growingio_tracker.version import VERSION

_log: Final = logging.getLogger("growingio_tracker.transport")

_USER_AGENT: Final = f"growingio-python/{VERSION}"
# Servers answer with nothing or a sentence. What is longer, or takes longer than the time-out, is
# not read, and costs the connection.
_MAX_ANSWER_BYTES: Final = 64 * 1024


class _UnverifiedConnection(HTTPSConnection):
    """HTTPS whose certificate nobody checks, because the caller said so and was warned once.

    urllib3 would warn again on every connection, and fail where warnings are errors.
    """

    def connect(self) -> None:
        super().connect()
        self.is_verified = True


class _UnverifiedPool(HTTPSConnectionPool):
    ConnectionCls = _UnverifiedConnection  # pyright: ignore[reportAssignmentType]


class HttpTransport:
    """Exchanges requests with one server over kept-alive connections.

    Proxies come from ``HTTP_PROXY``, ``HTTPS_PROXY`` and ``NO_PROXY`` (or the system's settings),
    read when the transport is made; credentials in a proxy's address are used.

    :param base_url: the server; only its scheme, host and port matter here.
    :param verify_cert: ``True`` checks certificates against the system's authorities, a path to
        a PEM file checks against that file, ``False`` checks nothing and warns once.
    :param connections: how many connections are kept open at most; urllib3 warns when more
        threads than that send at the same time.
    :raises GrowingParamException: when the certificate file or a proxy's address cannot be used.
    """

    def __init__(
        self, base_url: str, *, verify_cert: bool | str = True, connections: int = 100
    ) -> None:
        self._base_url = base_url
        manager = _manager(base_url, connections, verify_cert)
        self._pool: HTTPConnectionPool = manager.connection_from_url(base_url)
        # A proxy gets whole addresses, unless it tunnels: then the server itself reads them.
        self._names_whole_url = isinstance(manager, urllib3.ProxyManager) and base_url.startswith(
            "http:"
        )
        self._manager = manager
        self._kept_alive = False
        self._lock = threading.Lock()  # guards the replacement of the pool

    def exchange(self, request: Request) -> Response:
        """Return the answer to ``request``.

        A kept-alive connection that turns out to be dead is replaced, and the request repeated
        once on a new one.
        """
        for forbid in guards:
            forbid(request)
        try:
            return self._exchange(request)
        except (ProtocolError, SSLError) as error:
            if not self._kept_alive:
                raise _transport_error(request, error) from error
        except (HTTPError, OSError) as error:
            raise _transport_error(request, error) from error
        return self._exchange_on_new_connection(request)

    def close(self) -> None:
        """Close every idle connection; the next exchange opens a new one."""
        with self._lock:
            self._kept_alive = False
            self._manager.clear()
            replaced, self._pool = self._pool, self._manager.connection_from_url(self._base_url)
            replaced.close()

    def _exchange_on_new_connection(self, request: Request) -> Response:
        self.close()
        try:
            return self._exchange(request)
        except (HTTPError, OSError) as error:
            raise _transport_error(request, error) from error

    def _exchange(self, request: Request) -> Response:
        while True:
            try:
                answer = self._open(request)
                break
            except ClosedPoolError:
                self.close()  # another thread is just doing so; nothing was sent
        headers = {name.lower(): value for name, value in answer.headers.items()}
        self._kept_alive = headers.get("connection", "").lower() != "close"
        return Response(answer.status, headers, _body(answer, request.timeout_s))

    def _open(self, request: Request) -> urllib3.BaseHTTPResponse:
        with untraced():
            return self._pool.urlopen(
                "POST",
                request.url if self._names_whole_url else _target(request.url),
                body=request.body,
                headers={"user-agent": _USER_AGENT, **request.headers},
                timeout=Timeout(connect=request.timeout_s, read=request.timeout_s),
                retries=False,
                redirect=False,
                assert_same_host=False,
                preload_content=False,
                decode_content=False,
            )


def _body(answer: urllib3.BaseHTTPResponse, timeout_s: float) -> bytes:
    body, deadline = b"", time.monotonic() + timeout_s
    try:
        while len(body) < _MAX_ANSWER_BYTES and time.monotonic() < deadline:
            piece = answer.read1(_MAX_ANSWER_BYTES - len(body))
            if not piece:
                answer.release_conn()
                return body
            body += piece
    except (HTTPError, OSError):
        # The status has come, and it is what counts; sending again would only make a duplicate.
        pass
    answer.close()
    return body


def _target(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _manager(base_url: str, connections: int, verify_cert: bool | str) -> urllib3.PoolManager:
    context = _ssl_context(verify_cert) if base_url.startswith("https:") else None
    proxy = _proxy_for(base_url)
    if proxy is None:
        manager = urllib3.PoolManager(maxsize=connections, ssl_context=context)
    else:
        manager = _proxy_manager(proxy, connections, context)
    if verify_cert is False:
        manager.pool_classes_by_scheme = {
            **manager.pool_classes_by_scheme,
            "https": _UnverifiedPool,
        }
    return manager


def _proxy_manager(
    proxy: str, connections: int, context: ssl.SSLContext | None
) -> urllib3.ProxyManager:
    url = parse_url(proxy if "://" in proxy else f"http://{proxy}")
    headers = make_headers(proxy_basic_auth=unquote(url.auth)) if url.auth else None
    try:
        return urllib3.ProxyManager(
            url._replace(auth=None).url,
            maxsize=connections,
            proxy_headers=headers,
            ssl_context=context,
        )
    except (HTTPError, ValueError) as error:
        # Not the address itself: it may hold a password.
        raise GrowingParamException(
            f"the proxy in HTTP_PROXY or HTTPS_PROXY cannot be used: {type(error).__name__}"
        ) from None


def _proxy_for(base_url: str) -> str | None:
    parts = urlsplit(base_url)
    if proxy_bypass(parts.hostname or ""):
        return None
    proxies = getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")


def _ssl_context(verify_cert: bool | str) -> ssl.SSLContext:
    if isinstance(verify_cert, str):
        return _context_for(verify_cert)
    context = ssl.create_default_context()
    if not verify_cert:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _context_for(authorities: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=authorities)
    except (OSError, ssl.SSLError) as error:
        raise GrowingParamException(
            f"verify_cert={authorities!r} is not a readable PEM file of certificates: {error}"
        ) from error


def check_verify_cert(verify_cert: object, server_host: str) -> bool | str:
    """Return ``verify_cert`` if it can be used; warn when it switches the check off.

    :raises GrowingParamException: when it is neither a bool nor a usable path.
    """
    if verify_cert is False and server_host.startswith("https:"):
        _log.warning(
            "verify_cert=False: the certificate of %s is not checked, so anyone between here and "
            "there can read and change the events",
            server_host,
        )
    if isinstance(verify_cert, str):
        _context_for(verify_cert)
    elif not isinstance(verify_cert, bool):
        raise GrowingParamException(
            f"verify_cert must be True, False or the path of a PEM file, got {verify_cert!r}"
        )
    return verify_cert


def _transport_error(request: Request, error: Exception) -> TransportError:
    address = request.url.partition("?")[0]
    return TransportError(f"no answer from {address}: {type(error).__name__}: {error}")

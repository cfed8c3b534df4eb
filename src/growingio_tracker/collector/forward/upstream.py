"""One exchange with the next server: the bytes as they came, over connections kept open.

urllib3's pools would rewrite the target (``{`` becomes ``%7B``), so its connections are used
without them. They know nothing of proxies, and so none is used.
"""

import ssl
import threading
import time
from datetime import datetime, timezone
from http.client import HTTPException
from typing import Final, NamedTuple

from urllib3 import BaseHTTPResponse
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from growingio_tracker.collector import paths
from growingio_tracker.collector.forward.headers import going_on
from growingio_tracker.collector.forward.policy import retry_after_s
from growingio_tracker.collector.forward.settings import check_url
from growingio_tracker.collector.rows import Request

MAX_ANSWER_BYTES: Final = 64 * 1024
"""Servers answer with nothing or a sentence; the rest of a longer answer is not read."""


class Answer(NamedTuple):
    """What came back. ``status`` is 0 when nothing did, and ``error`` then says why."""

    status: int = 0
    body: bytes = b""
    content_type: str | None = None
    retry_after_s: float = 0.0
    error: str | None = None


class Upstream:
    """Sends requests to one server. Safe to use from several threads.

    :param url: scheme, host, port, and the path that every request's path is put behind.
    :param timeout_s: seconds for connecting, and again for the answer.
    :raises GrowingParamException: ``url`` is not one.
    """

    def __init__(self, url: str, timeout_s: float, argument: str = "forward") -> None:
        parts = check_url(argument, url)
        self._host = parts.hostname or ""
        self._port = parts.port
        self._prefix = parts.path.rstrip("/")
        self._timeout_s = timeout_s
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._lock = threading.Lock()  # guards the list
        self._idle: list[HTTPConnection] = []

    def send(self, request: Request) -> Answer:
        """Send one request as it came, and return the answer or why there was none."""
        connection = self._connection()
        try:
            response = self._exchange(connection, request)
            body, ended = _read(response, time.monotonic() + self._timeout_s)
        except (HTTPError, HTTPException, OSError, ValueError) as error:
            connection.close()
            return Answer(error=f"{type(error).__name__}: {error}"[:500])
        if ended and response.headers.get("connection", "").lower() != "close":
            self._put_back(connection)
        else:
            connection.close()
        return _answer(response, body)

    def close(self) -> None:
        """Close the connections that are not in use."""
        with self._lock:
            closed, self._idle = self._idle, []
        for connection in closed:
            connection.close()

    def _connection(self) -> HTTPConnection:
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        if connection is None:
            return self._new()
        if not connection.is_connected:
            connection.close()
        return connection

    def _new(self) -> HTTPConnection:
        if self._tls is None:
            return HTTPConnection(self._host, self._port, timeout=self._timeout_s)
        return HTTPSConnection(
            self._host, self._port, timeout=self._timeout_s, ssl_context=self._tls
        )

    def _exchange(self, connection: HTTPConnection, request: Request) -> BaseHTTPResponse:
        connection.request(
            request.method,
            self._prefix + paths.split_run(request.target)[1],
            body=request.body or None,
            headers=going_on(request.headers),
            preload_content=False,
        )
        return connection.getresponse()

    def _put_back(self, connection: HTTPConnection) -> None:
        with self._lock:
            self._idle.append(connection)


def _read(response: BaseHTTPResponse, deadline: float) -> tuple[bytes, bool]:
    """Return the body, as far as it is read, and whether that is all of it."""
    body = b""
    try:
        while len(body) < MAX_ANSWER_BYTES and time.monotonic() < deadline:
            piece = response.read1(MAX_ANSWER_BYTES - len(body))
            if not piece:
                return body, True
            body += piece
    except (HTTPError, OSError):
        # The status has come, and it is what counts; sending again would only make a duplicate.
        pass
    return body[:MAX_ANSWER_BYTES], False


def _answer(response: BaseHTTPResponse, body: bytes) -> Answer:
    headers = response.headers
    wait_s = retry_after_s(headers.get("retry-after"), datetime.now(timezone.utc))
    return Answer(response.status, body, headers.get("content-type"), wait_s)

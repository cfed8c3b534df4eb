"""Sockets: name resolution, connecting, TLS and one exchange, within one deadline.

The deadline holds however slowly the server reads the request or sends the response.
"""

from __future__ import annotations

import codecs
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol, TypeAlias

from urllib3.util import ssl_wrap_socket

from growingio_wire.http import ExchangeError
from growingio_wire.http.answer import BODY_BYTES, ReadAnswer, read_answer
from growingio_wire.said import Said

# Looking up a host requires this codec, which Python imports at its first use. A child that is
# forked while another thread is in the middle of that import could never load it.
codecs.lookup("idna")


class TooLateError(ExchangeError, TimeoutError):
    """A step did not end before the deadline."""


class Deadline:
    """Deadline of an exchange, in seconds from now."""

    __slots__ = ("_ends", "seconds")

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._ends = time.monotonic() + seconds

    def left_s(self) -> float:
        """Return the remaining seconds.

        :raises TimeoutError: if there are none.
        """
        left = self._ends - time.monotonic()
        if left <= 0:
            seconds = f"{self.seconds:g}"
            raise TooLateError(Said(f"timed out after {seconds} s", f"{seconds} 秒内没有完成"))
        return left


Address: TypeAlias = tuple[socket.AddressFamily, Any]
"""Address family and address of a socket."""


def wrap(
    plain: socket.socket, context: ssl.SSLContext, host: str, deadline: Deadline
) -> socket.socket:
    """Return a TLS connection over ``plain``, which may be a TLS connection itself.

    :raises OSError: if the handshake fails or does not end before the deadline.
    """
    plain.settimeout(deadline.left_s())
    wrapped: Any = ssl_wrap_socket(
        plain,
        ssl_context=context,
        server_hostname=host.rstrip("."),
        tls_in_tls=isinstance(plain, ssl.SSLSocket),
    )
    opened: socket.socket = wrapped
    return opened


def dial(host: str, port: int, deadline: Deadline) -> socket.socket:
    """Return a connection to the first of the host's addresses that responds.

    Each address gets its share of the time, so that a dead one leaves some for the next.

    :raises OSError: if none responds.
    """
    addresses = resolve(host, port, deadline)
    while True:
        family, address = addresses.pop(0)
        try:
            return _connected(family, address, deadline.left_s() / (len(addresses) + 1))
        except OSError:
            if not addresses:
                raise


def _connected(family: int, address: Any, timeout_s: float) -> socket.socket:
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        opened.settimeout(timeout_s)
        opened.connect(address)
    except BaseException:
        opened.close()
        raise
    return opened


def resolve(host: str, port: int, deadline: Deadline) -> list[Address]:
    """Return the addresses of a host, at least one.

    The system's resolver has no time-out, so names are resolved in a separate thread.

    :raises OSError: if the name cannot be resolved before the deadline.
    """
    try:
        return _look_up(host, port, socket.AI_NUMERICHOST)
    except OSError:
        pass  # a name
    found: queue.SimpleQueue[list[Address] | OSError] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            found.put(_look_up(host, port))
        except OSError as error:
            found.put(error)

    _in_thread(look_up)
    try:
        answer = found.get(timeout=deadline.left_s())
    except queue.Empty:
        said = Said(f"the name {host} was not resolved in time", f"没有及时解析出主机名 {host}")
        raise TooLateError(said) from None
    if isinstance(answer, OSError):
        raise answer
    return answer


def _in_thread(look_up: Callable[[], None]) -> None:
    try:
        threading.Thread(target=look_up, name="growingio-resolver", daemon=True).start()
    except RuntimeError:  # the interpreter is ending, or the limit of threads is reached
        look_up()


def _look_up(host: str, port: int, flags: int = 0) -> list[Address]:
    try:
        entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    except UnicodeError as error:  # a label that is too long
        said = Said(f"{host!r} is not the name of a host", f"{host!r} 不是主机名")
        raise ExchangeError(said) from error
    return [(family, address) for family, _, _, _, address in entries]


class Connection(Protocol):
    """Connection for requests and responses."""

    def send(self, head: bytes, body: bytes, deadline: Deadline) -> None:
        """Send everything.

        :raises OSError: if that fails or does not end before the deadline.
        """
        ...

    def receive(self, most: int, deadline: Deadline) -> bytes:
        """Return the next bytes, at most this many; none at the end.

        :raises OSError: if the connection fails, or nothing arrives before the deadline.
        """
        ...


def converse(
    connection: Connection,
    head: bytes,
    body: bytes,
    deadline: Deadline,
    *,
    method: str = "POST",
    most_bytes: int = BODY_BYTES,
    meanwhile: Callable[[], None] | None = None,
) -> ReadAnswer:
    """Send a request and return the response.

    :param most_bytes: maximum size of the response body to read.
    :param meanwhile: called between the request and the response.
    :raises OSError: if there was no response.
    """

    def receive(most: int) -> bytes:
        return connection.receive(most, deadline)

    try:
        connection.send(head, body, deadline)
    except ConnectionError:
        # A server that rejects a body may respond and close before it has read everything.
        with suppress(OSError):
            return read_answer(receive, method, most_bytes)._replace(keeps=False)
        raise
    if meanwhile is not None:
        meanwhile()
    return read_answer(receive, method, most_bytes)

"""Real servers on 127.0.0.1 that behave as badly as told."""

from __future__ import annotations

import contextlib
import json
import secrets
import socket
import ssl
import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Final, NamedTuple, TypeAlias

from delivering.waiting import DEADLINE_S


class Received(NamedTuple):
    """One request as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int

    @property
    def names(self) -> list[str]:
        """The event names in a JSON body."""
        return [message["eventName"] for message in json.loads(self.body)]


Answer: TypeAlias = "int | bytes | Callable[[socket.socket], bool] | None"
"""A status; raw bytes; None to close without an answer; or a function that answers and returns
whether the connection stays open."""


_BELOW_OTHERS: Final = range(20_000, 32_000)
"""Ports that no system gives to those who ask for any."""


def free_port() -> int:
    """Return a port that nobody has, and that nobody else gets later.

    A client that has not noticed the end of its server then reaches no server of another test.
    """
    while True:
        port = secrets.choice(_BELOW_OTHERS)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def then_close(raw: bytes) -> Answer:
    """Answer with ``raw`` and close the connection."""

    def answer(connection: socket.socket) -> bool:
        connection.sendall(raw)
        return False

    return answer


def reply(status: int, *headers: str, body: bytes = b"") -> bytes:
    """Return a whole answer."""
    head = [f"HTTP/1.1 {status} Reason", f"content-length: {len(body)}", *headers]
    return "\r\n".join([*head, "", ""]).encode() + body


class Server:
    """Answers requests as scripted, and 204 when the script is used up; port 0 is any free one."""

    def __init__(self, *answers: Answer, tls: ssl.SSLContext | None = None, port: int = 0) -> None:
        self.received: list[Received] = []
        self.connections = 0
        self._answers = list(answers)
        self._tls = tls
        self._changed = threading.Condition()
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self._threads = [self._spawn(self._accept)]

    def wait(self, requests: int) -> list[Received]:
        """Return the requests, as soon as there are so many."""
        with self._changed:
            arrived = self._changed.wait_for(lambda: len(self.received) >= requests, DEADLINE_S)
            assert arrived, f"{len(self.received)} of {requests} requests arrived"
            return list(self.received)

    @property
    def names(self) -> list[str]:
        """The names of all events that arrived, in order."""
        return [name for request in self.received for name in request.names]

    def answer_next(self, *answers: Answer) -> None:
        """Add to the script."""
        with self._changed:
            self._answers += answers

    def drop_connections(self) -> None:
        """Close every connection, as servers do with idle ones."""
        with self._changed:
            connections, self._open = self._open, []
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.drop_connections()
        for thread in self._threads:
            thread.join(DEADLINE_S)

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _spawn(self, target: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=target, daemon=True)
        thread.start()
        return thread

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._changed:
                self.connections += 1
                number = self.connections
                self._open.append(connection)

            def serve(connection: socket.socket = connection, number: int = number) -> None:
                # A client that speaks TLS to a plain server sends no text.
                with contextlib.suppress(OSError, ValueError):
                    self._serve(connection, number)
                connection.close()

            self._threads.append(self._spawn(serve))

    def _serve(self, connection: socket.socket, number: int) -> None:
        if self._tls is not None:
            connection = self._tls.wrap_socket(connection, server_side=True)
        with connection, connection.makefile("rb") as stream:
            keep = True
            while keep and (head := read_head(stream.readline)) is not None:
                line, headers = head
                method, target, _ = line.split(" ", 2)
                length = int(headers.get("content-length", "0"))
                body = stream.read(length)
                if len(body) < length:
                    return  # the client died in the midst of it
                keep = self._answer(connection, Received(method, target, headers, body, number))

    def _answer(self, connection: socket.socket, request: Received) -> bool:
        with self._changed:
            answer = self._answers.pop(0) if self._answers else 204
            self.received.append(request)
            self._changed.notify_all()
        if answer is None:
            return False
        if callable(answer):
            return answer(connection)
        connection.sendall(answer if isinstance(answer, bytes) else reply(answer))
        return True


def read_head(readline: Callable[[], bytes]) -> tuple[str, dict[str, str]] | None:
    """Return the first line of a request and its headers; None when there is none."""
    line = readline().decode().strip()
    if not line:
        return None
    headers: dict[str, str] = {}
    while header := readline().decode().strip():
        name, _, value = header.partition(":")
        headers[name.lower()] = value.strip()
    return line, headers


class LockedServer(Server):
    """Answers 401, or as told, to all that comes behind so many requests, until it is unlocked.

    :ivar accepted: the requests that it answered 204.
    """

    def __init__(self, *, after: int, status: int = 401) -> None:
        self.accepted: list[Received] = []
        self._after = after
        self._status = status
        super().__init__()

    def unlock(self) -> None:
        """Accept everything again."""
        self._after = sys.maxsize

    def __enter__(self) -> LockedServer:
        return self

    def _answer(self, connection: socket.socket, request: Received) -> bool:
        if len(self.accepted) >= self._after:
            self.answer_next(self._status)
        else:
            self.accepted.append(request)
            self.answer_next(204)
        return super()._answer(connection, request)


class BlackHole:
    """Accepts connections and never says a word, until it is let go."""

    def __init__(self) -> None:
        self.release = threading.Event()
        self._server = Server(*[self._hold] * 1000)
        self.url = self._server.url
        self.wait = self._server.wait

    def _hold(self, connection: socket.socket) -> bool:
        self.release.wait(DEADLINE_S)
        connection.sendall(reply(204))
        return True

    @property
    def received(self) -> list[Received]:
        return self._server.received

    def __enter__(self) -> BlackHole:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release.set()
        self._server.close()


def refused_url() -> str:
    """Return an address at which nobody listens."""
    return f"http://127.0.0.1:{free_port()}"

"""A small real proxy on 127.0.0.1."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from urllib.parse import urlsplit

from delivering.servers import Received, read_head, reply
from delivering.waiting import DEADLINE_S


class Proxy:
    """Forwards whole addresses, and tunnels on CONNECT. It notes every request it gets.

    :param credentials: the value of Proxy-Authorization without which it answers 407.
    :param tls: makes it speak TLS itself.
    """

    def __init__(
        self, credentials: str | None = None, *, tls: ssl.SSLContext | None = None
    ) -> None:
        self._tls = tls
        self.received: list[Received] = []
        self._credentials = credentials
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.url = f"http{'s' if tls else ''}://{self.address}"
        self._sockets: list[socket.socket] = [self._listener]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        for one in self._sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in self._threads:
            thread.join(DEADLINE_S)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._sockets.append(connection)
            self._start(connection)

    def _start(self, connection: socket.socket) -> None:
        def serve() -> None:
            with contextlib.suppress(OSError), connection:
                if self._tls is None:
                    self._serve(connection)
                    return
                with self._tls.wrap_socket(connection, server_side=True) as wrapped:
                    self._sockets.append(wrapped)
                    self._serve(wrapped)

        thread = threading.Thread(target=serve, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _serve(self, connection: socket.socket) -> None:
        stream = connection.makefile("rb", buffering=0)  # what follows CONNECT is not ours
        with stream:
            while (head := read_head(stream.readline)) is not None:
                line, headers = head
                method, target, _ = line.split(" ", 2)
                body = b""
                while len(body) < int(headers.get("content-length", "0")):
                    body += stream.read(int(headers["content-length"]) - len(body)) or b""
                self.received.append(Received(method, target, headers, body, 0))
                if self._credentials not in (None, headers.get("proxy-authorization")):
                    connection.sendall(reply(407))
                elif method == "CONNECT":
                    self._tunnel(connection, target)
                    return
                else:
                    connection.sendall(self._forward(line, headers, body))

    def _tunnel(self, connection: socket.socket, target: str) -> None:
        host, port = target.rsplit(":", 1)
        upstream = socket.create_connection((host, int(port)))
        self._sockets.append(upstream)
        connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
        back = threading.Thread(target=_pump, args=(upstream, connection), daemon=True)
        self._threads.append(back)
        back.start()
        _pump(connection, upstream)

    def _forward(self, line: str, headers: dict[str, str], body: bytes) -> bytes:
        method, target, version = line.split(" ", 2)
        parts = urlsplit(target)
        head = [f"{method} {parts.path}?{parts.query} {version}", "connection: close"]
        head += [f"{name}: {value}" for name, value in headers.items() if "proxy" not in name]
        with socket.create_connection((parts.hostname, parts.port or 80)) as upstream:
            upstream.sendall("\r\n".join([*head, "", ""]).encode() + body)
            return upstream.recv(65536)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_RDWR)

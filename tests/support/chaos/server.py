"""A real server that can be given faults, and remembers every event that it stored."""

from __future__ import annotations

import contextlib
import math
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qs, urlsplit

from chaos.answers import ANSWERS, POISONED, WELL, Answer, faults_of
from chaos.records import Stored, ids_in
from chaos.schedule import Fault
from delivering.servers import read_head
from delivering.waiting import DEADLINE_S, until

PROCESS_HEADER: Final = "x-process"


_REFUSED_S: Final = 3.0
"""For so long a refusal of access may bear on what its sender does."""


class FaultServer:
    """Serves until it is closed; its address stays the same while it is down."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.stored: list[Stored] = []
        self.hits: Counter[Fault] = Counter()
        self.requests = 0
        self.events = 0
        self._tls = tls
        self._lock = threading.Lock()  # guards what may be changed by more than one thread
        self._fault: Fault | None = None
        self._hits_left = 0
        self._over = threading.Event()
        self._open: set[socket.socket] = set()
        self._refused_at: dict[str, float] = {}
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._address = self._listener.getsockname()
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._address[1]}"
        self._spawn(self._accept, self._listener)

    def begin(self, fault: Fault, hits: int) -> None:
        """Have ``fault`` until it met ``hits`` requests or connections, or :meth:`end`.

        :param hits: 0 is no limit.
        """
        with self._lock:
            self._fault, self._hits_left = fault, hits
            self._over = threading.Event()
        if fault is Fault.DOWN:
            self.hits[fault] += 1
            self._stop_listening()
        if fault in (Fault.DOWN, Fault.BROKEN_TLS):
            self._end_connections()

    def end(self) -> None:
        """Be well again."""
        with self._lock:
            was_down, self._fault = self._fault is Fault.DOWN, None
            self._over.set()
        if was_down:
            self._listener.listen()
            self._spawn(self._accept, self._listener)

    @property
    def is_well(self) -> bool:
        return self._fault is None

    def close(self) -> None:
        self.end()
        self._stop_listening()
        self._end_connections()
        for thread in self._threads:
            thread.join(DEADLINE_S)
        self._listener.close()

    def _stop_listening(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        # Bound and not listening: connections are refused, and nobody else gets the port.
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        until(self._bind, "binding to the old address")

    def _bind(self) -> bool:
        try:
            self._listener.bind(self._address)
        except OSError:
            return False
        return True

    def _end_connections(self) -> None:
        """Let every connection end before its next request, but not amid an answer."""
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    # Past TLS, whose own shutdown would also end what is being written.
                    socket.socket.shutdown(connection, socket.SHUT_RD)

    def _meet(self, *faults: Fault) -> Fault | None:
        """Return the fault there is now, if it is one of ``faults``; that is a hit."""
        with self._lock:
            if self._fault is None or self._fault not in faults:
                return None
            self.hits[self._fault] += 1
            self._hits_left -= 1
            fault = self._fault
            if not self._hits_left:
                self._fault = None
                self._over.set()
            return fault

    def _spawn(self, target: object, *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads = [one for one in self._threads if one.is_alive()]
        thread.start()
        self._threads.append(thread)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._spawn(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            if self._meet(Fault.BROKEN_TLS):
                connection.sendall(b"\x15\x03\x01\x00\x02\x02\x28")  # alert: handshake failure
                return
            if self._tls is not None:
                connection.settimeout(DEADLINE_S)
                connection = self._tls.wrap_socket(connection, server_side=True)
                connection.settimeout(None)
            with self._lock:
                self._open.add(connection)
            try:
                self._serve_requests(connection)
            finally:
                with self._lock:
                    self._open.discard(connection)
                connection.close()

    def _serve_requests(self, connection: socket.socket) -> None:
        last: Stored | None = None
        with connection.makefile("rb") as stream:
            while stream.peek(1) and not self._meet(Fault.DROPPED):
                head = read_head(stream.readline)
                if head is None:
                    return
                if last is not None:
                    last.was_read = True
                line, headers = head
                length = int(headers["content-length"])
                body = stream.read(length)
                if len(body) < length:
                    return
                answer, last = self._receive(_sender_of(line, headers), body)
                self._wait(answer.waits_s)
                connection.sendall(answer.raw)
                if last is not None:
                    last.took_s = time.time() - _sent_at(line)
                    last.answered_at = time.monotonic()
                if not answer.stays:
                    return

    def _receive(self, sender: str, body: bytes) -> tuple[Answer, Stored | None]:
        fault = self._meet(*faults_of(body))
        if fault is Fault.UNAUTHORIZED:
            self._refused_at[sender] = time.monotonic()
        self.requests += 1
        answer = ANSWERS[fault] if fault else WELL
        if not answer.stores:
            return answer, None
        ids = ids_in(body)
        if ids is None:
            return POISONED, None
        refused_s = time.monotonic() - self._refused_at.get(sender, -math.inf)
        stored = Stored(
            ids,
            sender,
            fault if answer.hides else None,
            behind_refusal=refused_s < _REFUSED_S,
            received_at=time.monotonic(),
        )
        self.stored.append(stored)
        self.events += len(ids)
        return answer, stored

    def _wait(self, seconds: float | None) -> None:
        if seconds is None:
            self._over.wait(DEADLINE_S)
        elif seconds:
            time.sleep(seconds)


def _sender_of(line: str, headers: Mapping[str, str]) -> str:
    """Return what a client calls itself: in a header, or as the first part of the path."""
    return headers.get(PROCESS_HEADER) or line.split("/")[1]


def _sent_at(line: str) -> float:
    """Return when the client made the request, by its own word."""
    target = line.split(" ")[1]
    return int(parse_qs(urlsplit(target).query)["stm"][0]) / 1000

"""What is sent: requests that are made before the clock runs, over a bare socket."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator

import msgspec

from benchmarks.clients import ATTRIBUTES, NAME, USER

_HEAD = (
    "POST /v3/projects/p/collect?stm={stm} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    "Content-Type: application/json\r\nContent-Length: {size}\r\n\r\n"
)


class Load:
    """Makes requests of events of which no two are the same, like a shop's."""

    def __init__(self) -> None:
        self._made = 0

    def requests(self, events: int, batch: int) -> list[bytes]:
        return [self._request(batch) for _ in range(events // batch)]

    def _request(self, batch: int) -> bytes:
        now = time.time_ns() // 1_000_000
        body = b"[" + b",".join(self._event(now) for _ in range(batch)) + b"]"
        return _HEAD.format(stm=now, size=len(body)).encode() + body

    def _event(self, now: int) -> bytes:
        self._made += 1
        event = {
            "eventType": "CUSTOM",
            "eventName": NAME,
            "userId": USER,
            "timestamp": now,
            "platform": "python",
            "sdkVersion": "2.0.0",
            "dataSourceId": "d",
            "projectKey": "p",
            "attributes": {**ATTRIBUTES, "sku": f"A-{self._made}"},
        }
        return msgspec.json.encode(event)


class Client:
    """One connection that is kept."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, requests: list[bytes]) -> float:
        """Return the seconds that the requests take, one after the other."""
        begin = time.perf_counter()
        for request in requests:
            self._socket.sendall(request)
            answer = self._socket.recv(4096)
            assert answer.startswith(b"HTTP/1.1 204"), answer
        return time.perf_counter() - begin

    def verdicts(self) -> dict[str, int]:
        """Return how many of the newest events have which verdict."""
        counts: dict[str, int] = {}
        for verdict in self._newest():
            counts[verdict] = counts.get(verdict, 0) + 1
        return counts

    def _newest(self) -> Iterator[str]:
        self._socket.sendall(
            b"GET /api/v1/events?limit=1000 HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            b"Connection: close\r\n\r\n"
        )
        with self._socket.makefile("rb") as stream:
            _, body = stream.read().split(b"\r\n\r\n", 1)
        for event in json.loads(body)["events"]:
            yield event["verdict"]

    def close(self) -> None:
        self._socket.close()

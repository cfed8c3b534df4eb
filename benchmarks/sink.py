"""A fast HTTP server in a process of its own: it answers 200 and counts events.

It prints its port, and ends when its standard input does. ``GET /`` returns what it has counted;
``GET /?marker=…&answer=…&delay_ms=…`` starts anew, with the bytes that stand once in each event,
with what is answered, and with the time that each answer is held back.
"""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import sys
from urllib.parse import parse_qs, urlsplit

_ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s"
_GZIP = b"\x1f\x8b"
_GZIP_IN_A_FORM = (b"data=H4sI", b"data_list=H4sI")


class Counts:
    """What has arrived since the last start."""

    marker = b"order_paid"
    delay_s = 0.0
    events = 0
    size = 0
    answer = b""

    @classmethod
    def start(cls, query: str) -> None:
        asked = parse_qs(query)
        cls.events = cls.size = 0
        cls.marker = asked["marker"][0].encode()
        cls.answer = asked["answer"][0].encode()
        cls.delay_s = float(asked.get("delay_ms", ["0"])[0]) / 1000

    @classmethod
    def add(cls, body: bytes) -> None:
        cls.size += len(body)
        cls.events += decoded(body).count(cls.marker)


def decoded(body: bytes) -> bytes:
    """Return a body without its gzip, as it is or in Base64 in a form."""
    if body.startswith(_GZIP):
        return gzip.decompress(body)
    if body.startswith(_GZIP_IN_A_FORM) or b"&data=H4sI" in body or b"&data_list=H4sI" in body:
        form = parse_qs(body.decode())
        return gzip.decompress(base64.b64decode((form.get("data_list") or form["data"])[0]))
    return body


class Sink(asyncio.Protocol):
    """One connection. Reads as much of HTTP/1.1 as the clients that are measured write."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (found := self._request()) is not None:
            head_end, end = found
            self._answer(bytes(self._buffer[:head_end]), bytes(self._buffer[head_end:end]))
            del self._buffer[:end]

    def _request(self) -> tuple[int, int] | None:
        """Return where the head and the body of the first request end, when it is there."""
        head_end = self._buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return None
        head = bytes(self._buffer[:head_end]).lower()
        _, found, after = head.partition(b"content-length:")
        end = head_end + 4 + (int(after.split(b"\r\n", 1)[0]) if found else 0)
        return (head_end + 4, end) if len(self._buffer) >= end else None

    def _answer(self, head: bytes, body: bytes) -> None:
        if head.startswith(b"GET"):
            query = urlsplit(head.split(b" ", 2)[1].decode()).query
            if query:
                Counts.start(query)
            self._write(json.dumps([Counts.events, Counts.size]).encode())
            return
        Counts.add(body)
        if Counts.delay_s:
            asyncio.get_running_loop().call_later(Counts.delay_s, self._write, Counts.answer)
        else:
            self._write(Counts.answer)

    def _write(self, content: bytes) -> None:
        assert self._transport is not None
        self._transport.write(_ANSWER % (len(content), content))


async def main() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Sink, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(main())

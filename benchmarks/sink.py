"""A fast HTTP server in a process of its own: it answers 204 and counts events.

It prints its port, and ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import sys

_ANSWER = b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n"


class Sink(asyncio.Protocol):
    """One connection. Reads as much of HTTP/1.1 as the clients that are measured write."""

    events = 0

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._request_end()) is not None:
            self._answer(bytes(self._buffer[:end]))
            del self._buffer[:end]

    def _request_end(self) -> int | None:
        head_end = self._buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return None
        head = bytes(self._buffer[:head_end]).lower()
        _, found, after = head.partition(b"content-length:")
        end = head_end + 4 + (int(after.split(b"\r\n", 1)[0]) if found else 0)
        return end if len(self._buffer) >= end else None

    def _answer(self, request: bytes) -> None:
        assert self._transport is not None
        if request.startswith(b"GET"):
            body = str(Sink.events).encode()
            head = f"HTTP/1.1 200 OK\r\ncontent-length: {len(body)}\r\n\r\n".encode()
            self._transport.write(head + body)
            return
        Sink.events += request.count(b'"eventType"')
        self._transport.write(_ANSWER)


async def main() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Sink, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(main())

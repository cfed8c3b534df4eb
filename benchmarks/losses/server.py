"""A server that understands every SDK's requests, and fails as it is told."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import TracebackType

from benchmarks.losses.tokens import find_tokens

DRAIN_S = 5

Answer = Callable[[asyncio.StreamWriter], Awaitable[bool]]
"""Answers one request that was read whole; true when the server kept its events."""


def answer(status: int, *headers: str) -> Answer:
    """Answer every request with a status, in the words that each SDK's server uses."""
    kept = status < 300
    body = {
        "code": status,
        "status": int(kept),
        "success": kept,
        "message": "",
        "error": None if kept else "",
    }
    content = json.dumps(body)
    head = [
        f"HTTP/1.1 {status} Because",
        "content-type: application/json",
        f"content-length: {len(content)}",
        *headers,
    ]
    response = ("\r\n".join(head) + "\r\n\r\n" + content).encode()

    async def send(writer: asyncio.StreamWriter) -> bool:
        writer.write(response)
        return kept

    return send


async def drop(writer: asyncio.StreamWriter) -> bool:
    """Cut the connection instead of answering, the events not kept."""
    writer.transport.abort()
    return False


async def refuse(writer: asyncio.StreamWriter) -> bool:
    """Behave as if nothing listened: new connections are refused, open ones are cut."""
    writer.transport.abort()
    return False


accept = answer(200)


async def accept_late(writer: asyncio.StreamWriter) -> bool:
    """Keep the events, and take three seconds to say so."""
    await asyncio.sleep(3)
    await accept(writer)
    return True


class FaultServer:
    """Listens on 127.0.0.1 while it is entered.

    It counts how often it kept each token, and how often it read one and cut the connection.
    """

    def __init__(self) -> None:
        self.kept: Counter[str] = Counter()
        self.cut: Counter[str] = Counter()
        self._answer = accept
        self._port = 0
        self._listener: asyncio.Server | None = None
        self._open: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def __aenter__(self) -> FaultServer:
        await self._listen()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._refuse()
        await self.drain()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def behave(self, answer: Answer) -> None:
        """Answer in this way from now on."""
        self._answer = answer
        if answer is refuse:
            self._refuse()
        elif self._listener is None:
            await self._listen()

    async def drain(self) -> None:
        """Wait until what ended clients had sent is read."""
        if self._open:
            await asyncio.wait(self._open, timeout=DRAIN_S)

    async def _listen(self) -> None:
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self._port = self._listener.sockets[0].getsockname()[1]

    def _refuse(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        for writer in self._open.values():
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open[task] = writer
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                while not writer.is_closing():
                    await self._take(await _read_request(reader), writer)
                    await writer.drain()
        finally:
            del self._open[task]
            writer.close()

    async def _take(self, content: bytes, writer: asyncio.StreamWriter) -> None:
        tokens = find_tokens(content)
        if await self._answer(writer):
            self.kept.update(tokens)
        elif writer.is_closing():
            self.cut.update(tokens)


async def _read_request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    fields = dict(line.lower().partition(b":")[::2] for line in head.split(b"\r\n"))
    return await reader.readexactly(int(fields.get(b"content-length", b"0")))

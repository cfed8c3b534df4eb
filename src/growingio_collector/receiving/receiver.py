"""Handler of the collect paths: read the body, examine and store it, and then respond.

Malformed bodies are answered 204 as well: Web SDKs resend after any other status, and the Java and
mini-program SDKs after a 4xx.
"""

import asyncio
import logging
import sqlite3
import sys
import threading
import time
from concurrent.futures import Executor
from contextlib import suppress
from types import TracebackType
from typing import Final, NamedTuple

from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from growingio_collector.forwarding import Gateway
from growingio_collector.plan import Plans
from growingio_collector.receiving.examining import Examiner, Kept, broken
from growingio_collector.receiving.exchanges import (
    Body,
    cors_headers,
    is_a_visit,
    make_answer,
    read_body,
    target_of,
)
from growingio_collector.receiving.faults import Fault, Faults, FaultyAnswer
from growingio_collector.rules.checking import Judge
from growingio_collector.settings import Handling
from growingio_collector.store import EventStore
from growingio_collector.store.forwards import State
from growingio_collector.store.received import Received, prepare, seen_types
from growingio_wire.said import NOTHING
from growingio_wire.table import COMPRESS_HEADER

_QUICK_BYTES: Final = 64_000
_QUICK_PACKED_BYTES: Final = 4_000
TURN_S: Final = 0.0005
_HALF_MICROSECOND: Final = 5e-7
"""Python truncates lengths to whole microseconds, and returns slightly less than was set."""

_logger: Final = logging.getLogger("growingio_collector")


class Rules(NamedTuple):
    """How received requests are processed before and after storing them.

    ``plans`` holds the tracking plan that messages are compared with, ``gateway`` decides what is
    forwarded, and ``faults`` which responses fail. ``token`` is the token of the page, or None; it
    is never stored.
    """

    handling: Handling
    plans: Plans
    gateway: Gateway
    faults: Faults
    token: str | None = None


class _Taken(NamedTuple):
    """A request that is in the store."""

    request_id: int
    received: Received


class ShortTurns:
    """Shortens the turns of all threads of the process while a ``with`` block runs.

    Python lets a computing thread run for 5 ms before another one gets the interpreter, and storing
    a small request takes some twenty such handovers. With short turns, it waits only a few
    milliseconds while a large body is read or stored.

    Blocks of several threads may overlap; the last one to end restores the original length. An
    interval that is already shorter, or that the program sets meanwhile, is left alone.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards the others
        self._running = 0
        self._before_s = 0.0
        self._set_s = 0.0

    def __enter__(self) -> None:
        with self._lock:
            if self._running == 0:
                self._before_s = sys.getswitchinterval()
                if self._before_s > TURN_S:
                    sys.setswitchinterval(TURN_S)
                self._set_s = sys.getswitchinterval()
            self._running += 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._lock:
            self._running -= 1
            if self._running == 0 and sys.getswitchinterval() == self._set_s:
                sys.setswitchinterval(self._before_s + _HALF_MICROSECOND)


short_turns: Final = ShortTurns()
"""The only instance, because the interval belongs to the process."""


class Receiver:
    """The ASGI application behind every path that is not the collector's own.

    :param store: stores every request before it is answered.
    :param writer: stores requests one at a time, outside the event loop, and decodes small ones.
    :param readers: decode large requests in parallel, so that small ones do not wait for them.
    :param rules: how to process requests.
    """

    def __init__(
        self, store: EventStore, writer: Executor, readers: Executor, rules: Rules
    ) -> None:
        self._store = store
        self._writer = writer
        self._readers = readers
        self._rules = rules
        self._judge = Judge(lambda: store.clears, lambda: seen_types(store.path))
        self.examiner = Examiner(rules.handling, rules.plans, self._judge, rules.token)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Store one request, then answer it."""
        request = Request(scope, receive)
        received_us = time.time_ns() // 1000
        if is_a_visit(request):
            response: Response = PlainTextResponse("Nothing is here.\n", 404)
        else:
            response = await self._take(request, received_us, await read_body(request))
        await response(scope, receive, send)

    async def _take(self, request: Request, received_us: int, body: Body) -> Response:
        fault = self._rules.faults.pick(request.method, target_of(request))
        try:
            stored = await self._store_in_turn(request, received_us, body, fault)
        except sqlite3.Error as error:
            _logger.error("A request was not stored and is answered 503: %s", error)
            return PlainTextResponse(
                "The collector could not store this.\n", 503, cors_headers(request.headers)
            )
        answer = await self._usual_answer(request, stored)
        return FaultyAnswer(fault, answer, cors_headers(request.headers)) if fault else answer

    async def _store_in_turn(
        self, request: Request, received_us: int, body: Body, fault: Fault | None
    ) -> _Taken:
        loop = asyncio.get_running_loop()
        arrived = (request, received_us, body, fault)
        if _is_quickly_read(request, body):
            return await loop.run_in_executor(self._writer, self._store_one, *arrived)
        with short_turns:
            ready = await loop.run_in_executor(self._readers, self._read_ahead, *arrived)
            return await loop.run_in_executor(self._writer, self._store_ready, ready)

    def _store_one(
        self, request: Request, received_us: int, body: Body, fault: Fault | None
    ) -> _Taken:
        return self._store_ready(self._ready(request, received_us, body, fault))

    def _read_ahead(
        self, request: Request, received_us: int, body: Body, fault: Fault | None
    ) -> Received:
        received = self._ready(request, received_us, body, fault)
        return replace(received, prepared=prepare(received))

    def _ready(
        self, request: Request, received_us: int, body: Body, fault: Fault | None
    ) -> Received:
        """Return everything to store of a request."""
        received = self.examiner.examined(request, received_us, body)
        if fault:
            received = replace(received, answered=fault.answered(received.answered))
        return replace(received, forward=self._rules.gateway.state_for(received, fault))

    def _store_ready(self, received: Received) -> _Taken:
        return _Taken(self._keep(received), received)

    def _keep(self, received: Received) -> int:
        try:
            request_id = self._store.add(received)
        except sqlite3.Error:
            self._judge.forget()
            raise
        self._judge.answered(received.received_us, received.answered)
        self._tidy_later()
        return request_id

    def _tidy_later(self) -> None:
        """Let the writer prune the store between requests, a portion at a time."""
        if self._store.is_untidy:
            # The writer takes no more calls while the collector is shutting down.
            with suppress(RuntimeError):
                self._writer.submit(self._tidy)

    def _tidy(self) -> None:
        try:
            self._store.tidy()
        except sqlite3.Error as error:
            _logger.error("Old events were not removed: %s", error)
            return
        self._tidy_later()

    async def _usual_answer(self, request: Request, stored: _Taken) -> Response:
        if stored.received.forward != State.SENDING:
            return make_answer(request, stored.received)
        gateway, loop = self._rules.gateway, asyncio.get_running_loop()
        answer = await loop.run_in_executor(gateway.executor, gateway.pass_on, stored.request_id)
        content = answer.body or (answer.error or NOTHING).en.encode()
        headers = cors_headers(request.headers)
        return Response(content, answer.status, headers, answer.content_type)

    def take_broken(self, beginning: bytes) -> None:
        """Let the writer store that something other than HTTP arrived; call in the event loop."""
        self._writer.submit(self._store.add, broken(beginning))

    def take_again(self, scope: Scope, received_us: int, body: bytes, kept: Kept) -> Received:
        """Store a request that was received earlier or elsewhere, without forwarding it.

        Blocks until the writer has stored it, so never call it from the writer.
        """
        with short_turns:
            received = self.examiner.examined(Request(scope), received_us, Body(body), kept)
            received = replace(received, prepared=prepare(received))
            self._writer.submit(self._keep, received).result()
        return received


def _is_quickly_read(request: Request, body: Body) -> bool:
    """Tell whether decoding takes only milliseconds even in the worst case."""
    packed = COMPRESS_HEADER.lower() in request.headers or "compress" in request.query_params
    return len(body.content) <= (_QUICK_PACKED_BYTES if packed else _QUICK_BYTES)

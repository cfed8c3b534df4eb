"""Fakes: a clock that moves only on request, and a transport without a network."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import TypeAlias

from growingio_wire.http import Request, Response


class FakeClock:
    """A clock that advances only on request.

    :param now_ms: the wall clock at the start, in Unix milliseconds.
    """

    def __init__(self, now_ms: int = 1_700_000_000_000) -> None:
        self._elapsed_s = 0.0
        self._start_ms = now_ms

    def advance(self, seconds: float) -> None:
        """Advance the clock by ``seconds``."""
        self._elapsed_s += seconds

    def monotonic(self) -> float:
        """Return the seconds that have passed."""
        return self._elapsed_s

    def now_ms(self) -> int:
        """Return the wall clock in Unix milliseconds."""
        return self._start_ms + round(self._elapsed_s * 1000)


Answer: TypeAlias = "int | Response | Exception | Callable[[Request], Response]"
"""A status, a whole response, an error to raise, or a function that returns a response."""


class MemoryTransport:
    """Records requests, and responds as scripted.

    :param answers: the responses, in order. Later requests get a 204.
    """

    def __init__(self, answers: Iterable[Answer] = ()) -> None:
        self.requests: list[Request] = []
        self.closed = 0
        self._answers = list(answers)
        self._lock = threading.Lock()

    def exchange(self, request: Request) -> Response:
        """Record ``request``, and return or raise the next response."""
        with self._lock:
            self.requests.append(request)
            answer = self._answers.pop(0) if self._answers else 204
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, int):
            return Response(answer)
        return answer if isinstance(answer, Response) else answer(request)

    def close(self) -> None:
        """Count the calls of ``close``."""
        self.closed += 1

"""A transport without a network."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import TypeAlias

from growingio_tracker.transport.base import Request, Response

Answer: TypeAlias = "int | Response | Exception | Callable[[Request], Response]"
"""A status, a whole response, an error to raise, or a function that returns a response."""


class MemoryTransport:
    """Records requests and answers them as scripted.

    :param answers: the answers, in order; when they are used up, every further one is 204.
    """

    def __init__(self, answers: Iterable[Answer] = ()) -> None:
        self.requests: list[Request] = []
        self.closed = 0
        self._answers = list(answers)
        self._lock = threading.Lock()

    def exchange(self, request: Request) -> Response:
        """Record ``request`` and return, or raise, the next answer."""
        with self._lock:
            self.requests.append(request)
            answer = self._answers.pop(0) if self._answers else 204
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, int):
            return Response(answer)
        return answer if isinstance(answer, Response) else answer(request)

    def close(self) -> None:
        """Count the call."""
        self.closed += 1

"""Pace of sending: a rate that several threads share."""

from __future__ import annotations

import threading

from growingio_wire.clock import SYSTEM_CLOCK, Clock


class Pace:
    """Rate limit, shared by several threads.

    :param rate: rows per second; ``None`` never waits.
    """

    def __init__(self, rate: float | None, clock: Clock = SYSTEM_CLOCK) -> None:
        self._rate = rate
        self._clock = clock
        self._lock = threading.Lock()  # guards the next
        self._free_from = clock.monotonic()

    def wait_s(self, rows: int) -> float:
        """Return the seconds to wait before sending ``rows``, and count them."""
        if self._rate is None:
            return 0.0
        with self._lock:
            now = self._clock.monotonic()
            begin = max(now, self._free_from)
            self._free_from = begin + rows / self._rate
        return begin - now

    def batch(self, wanted: int) -> int:
        """Return the maximum rows of a batch, so that at least one is sent every second."""
        return wanted if self._rate is None else max(1, min(wanted, int(self._rate)))

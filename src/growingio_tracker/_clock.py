"""Time as the engine sees it, so that tests can hand in a clock of their own."""

import time
from typing import Protocol


class Clock(Protocol):
    """Two readings of time. Both must be callable from any thread."""

    def monotonic(self) -> float:
        """Return seconds that never go backwards; only differences mean something."""
        ...

    def now_ms(self) -> int:
        """Return the wall clock in Unix milliseconds."""
        ...


def now_ms() -> int:
    """Return the wall clock in Unix milliseconds."""
    return time.time_ns() // 1_000_000


class SystemClock:
    """The machine's own clocks."""

    monotonic = staticmethod(time.monotonic)
    now_ms = staticmethod(now_ms)


SYSTEM_CLOCK: Clock = SystemClock()

"""Clock of the machine, which tests can replace, bounds of event times, and durations."""

from __future__ import annotations

import re
import time
from typing import Final, Protocol


class Clock(Protocol):
    """Source of time. Both methods must be callable from any thread."""

    def monotonic(self) -> float:
        """Return seconds that never go backwards; only differences are meaningful."""
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

# A number of seconds is below this until the year 5138, a number of milliseconds above it since
# March 1973; a number of microseconds is above the second bound since March 1973.
MILLISECONDS_FROM: Final = 100_000_000_000
MICROSECONDS_FROM: Final = 100_000_000_000_000
SECONDS_FROM: Final = MILLISECONDS_FROM // 1000
"""Lower bound of event times in seconds."""


SPAN: Final = r"([0-9]{1,12})(ms|s|m|h|d)"
"""Regular expression of a span such as ``5m``."""

_UNIT_MS: Final = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def span_ms(text: str) -> int | None:
    """Return a span such as ``"5m"`` in milliseconds; None if ``text`` is not a span."""
    span = re.fullmatch(SPAN, text)
    return None if span is None else int(span[1]) * _UNIT_MS[span[2]]


def ago_ms(text: str) -> int | None:
    """Return the time that is a span such as ``"5m"`` ago, in Unix milliseconds, at least 0.

    None if ``text`` is not a span.
    """
    span = span_ms(text)
    return None if span is None else max(0, now_ms() - span)

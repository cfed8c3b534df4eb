"""A clock that stands still."""

from __future__ import annotations


class FakeClock:
    """Time that passes only when told to.

    :param now_ms: the wall clock at the beginning, in Unix milliseconds.
    """

    def __init__(self, now_ms: int = 1_700_000_000_000) -> None:
        self._elapsed_s = 0.0
        self._start_ms = now_ms

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        self._elapsed_s += seconds

    def monotonic(self) -> float:
        """Return the seconds that have passed."""
        return self._elapsed_s

    def now_ms(self) -> int:
        """Return the wall clock in Unix milliseconds."""
        return self._start_ms + round(self._elapsed_s * 1000)

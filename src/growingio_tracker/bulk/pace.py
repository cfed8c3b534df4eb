"""The rate that an import keeps."""

from __future__ import annotations

import threading
from typing import Final

from growingio_tracker._clock import SYSTEM_CLOCK, Clock
from growingio_tracker.exceptions import GrowingParamException

MAX_BATCH_ROWS: Final = 100_000


class Pace:
    """Says how long to wait before so many rows may leave. Usable from several threads.

    :param rate: rows a second; ``None`` never waits.
    """

    def __init__(self, rate: float | None, clock: Clock = SYSTEM_CLOCK) -> None:
        if rate is not None and not rate > 0:
            raise GrowingParamException(f"rate must be more than 0 rows a second, got {rate!r}")
        self._rate = rate
        self._clock = clock
        self._lock = threading.Lock()  # guards the next
        self._free_from = clock.monotonic()

    def wait_s(self, rows: int) -> float:
        """Return the seconds to wait before ``rows`` may leave, which count from then on."""
        if self._rate is None:
            return 0.0
        with self._lock:
            now = self._clock.monotonic()
            begin = max(now, self._free_from)
            self._free_from = begin + rows / self._rate
        return begin - now

    def batch(self, wanted: int) -> int:
        """Return how many rows a batch may have, so that one leaves every second at least.

        :raises GrowingParamException: when ``wanted`` is not from 1 to 100,000.
        """
        if not 1 <= wanted <= MAX_BATCH_ROWS:
            raise GrowingParamException(
                f"batch_rows must be from 1 to {MAX_BATCH_ROWS}, got {wanted!r}"
            )
        return wanted if self._rate is None else max(1, min(wanted, int(self._rate)))

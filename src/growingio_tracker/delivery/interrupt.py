"""The signal that a strategy is closing, and until when."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from typing import Final

from growingio_tracker._clock import SYSTEM_CLOCK, Clock

_LOOK_AGAIN_S: Final = 1.0


class Interrupt:
    """Cuts waiting short once closing has begun, and everything once its deadline has passed."""

    def __init__(self, clock: Clock = SYSTEM_CLOCK) -> None:
        self._clock = clock
        self._closing = threading.Event()
        self._deadline: float | None = None

    @property
    def closing(self) -> bool:
        """Whether closing has begun."""
        return self._closing.is_set()

    def close_within(self, seconds: float) -> None:
        """Begin closing; a second call changes nothing."""
        if self._deadline is None:
            self._deadline = self._clock.monotonic() + seconds
        self._closing.set()

    def remaining_s(self) -> float | None:
        """Return the seconds until the deadline, never negative; ``None`` while not closing."""
        if self._deadline is None:
            return None
        return max(0.0, self._deadline - self._clock.monotonic())

    def bounded_s(self, seconds: float) -> float:
        """Return ``seconds``, or what remains until the deadline if that is less."""
        remaining = self.remaining_s()
        return seconds if remaining is None else min(seconds, remaining)

    def pause(self, seconds: float) -> bool:
        """Wait, and return whether it makes sense to go on.

        The beginning of closing ends a wait. While closing is on, a wait that would last until
        the deadline is not even begun, because there is no going on behind it.
        """
        remaining = self.remaining_s()
        if remaining is None:
            self._closing.wait(seconds)
        elif seconds < remaining:
            time.sleep(seconds)
        else:
            return False
        return self.remaining_s() != 0.0


def waits(timeout_s: float | None) -> Iterator[float]:
    """Yield waits that add up to ``timeout_s``, at least one and none of them long.

    Whoever waits for somebody else to send looks between them whether there still is somebody.
    """
    deadline = math.inf if timeout_s is None else time.monotonic() + timeout_s
    while (remaining := deadline - time.monotonic()) > _LOOK_AGAIN_S:
        yield _LOOK_AGAIN_S
    yield max(0.0, remaining)

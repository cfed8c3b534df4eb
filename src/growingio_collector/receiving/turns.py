"""Short turns of threads while a large body is read or stored.

Python lets a thread that computes run for 5 ms before another one gets the interpreter, and storing
a small request takes some twenty such handovers. With short turns, it waits for a few milliseconds
behind any body, whatever the body keeps the interpreter busy with.
"""

import sys
import threading
from types import TracebackType
from typing import Final

TURN_S: Final = 0.0005

_HALF_MICROSECOND: Final = 5e-7
"""Python cuts lengths down to whole microseconds, and what it returns to a little less."""


class ShortTurns:
    """Shortens the turns of all threads of the process while a ``with`` block runs.

    Blocks of several threads may overlap; the last one to end restores the length from before the
    first. A length that is shorter already stays, and one that somebody has set meanwhile, too.
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
"""The one of the process, whose setting it is."""

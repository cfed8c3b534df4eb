"""Waiting for conditions, never for time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

DEADLINE_S = 60.0
"""Costs nothing when all is well, and a machine that is busy takes its time."""


def until(condition: Callable[[], object], what: str = "the condition") -> None:
    """Return when ``condition`` holds; fail when it does not within the deadline."""
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come true in {DEADLINE_S} s"
        time.sleep(0.002)


def in_threads(calls: Iterable[Callable[[], object]]) -> None:
    """Run ``calls`` at once, each in a thread of its own; fail if one raises or does not end."""
    errors: list[BaseException] = []

    def guarded(call: Callable[[], object]) -> None:
        try:
            call()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(call,), daemon=True) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE_S)
        assert not thread.is_alive(), "a call did not end"
    if errors:
        raise errors[0]


class Running:
    """A call in a thread of its own, to look at while it runs."""

    def __init__(self, call: Callable[[], object]) -> None:
        self.error: BaseException | None = None
        self.result: object = None
        self._call = call
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.result = self._call()
        except BaseException as error:
            self.error = error

    @property
    def done(self) -> bool:
        return not self._thread.is_alive()

    def wait(self) -> object:
        """Return what the call returned, or raise what it raised."""
        self._thread.join(DEADLINE_S)
        assert self.done, "the call did not end"
        if self.error is not None:
            raise self.error
        return self.result

"""How a thread waits for what other threads do, without any lock meanwhile."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable


class Bell:
    """Rings when something has changed that is guarded by ``lock``.

    :class:`threading.Condition` would let go of a lock that its caller's ``with`` holds, and take
    it again. Where a signal handler raises in between, ``with`` releases a lock that it has not,
    or that another thread has. Here nobody who waits holds one, but for a signal handler that runs
    amid a call that does: it lets go of that for as long.
    """

    __slots__ = ("_listeners", "_lock")

    def __init__(self, lock: threading.RLock) -> None:
        self._lock = lock
        self._listeners: list[threading.Lock] = []

    def ring(self) -> None:
        """Wake everybody who listens."""
        if self._listeners:
            # Popped one by one: a signal handler may ring in the midst of this.
            with contextlib.suppress(IndexError):
                while True:
                    self._listeners.pop().release()

    def ring_for_one(self) -> None:
        """Wake one of those who listen. It must ring for another one if it then goes away."""
        if self._listeners:
            with contextlib.suppress(IndexError):
                self._listeners.pop().release()

    def listen(self) -> threading.Lock:
        """Return what :meth:`hear` waits for. With the lock held, no change can be missed."""
        listener = threading.Lock()
        listener.acquire()
        self._listeners.append(listener)
        return listener

    def hear(self, listener: threading.Lock, timeout_s: float | None) -> None:
        """Wait for the next ring, without the lock; ``None`` waits for ever."""
        depth = self._let_go()
        try:
            if timeout_s is None:
                listener.acquire()
            elif timeout_s > 0:
                listener.acquire(timeout=min(timeout_s, threading.TIMEOUT_MAX))
        finally:
            with contextlib.suppress(ValueError):
                self._listeners.remove(listener)
            for _ in range(depth):
                self._lock.acquire()

    def _let_go(self) -> int:
        """Release what this thread has of the lock; return how many times it had it."""
        depth = 0
        with contextlib.suppress(RuntimeError):  # raised where it does not have it
            while True:
                self._lock.release()
                depth += 1
        return depth

    def wait_for(self, condition: Callable[[], bool], timeout_s: float | None) -> bool:
        """Wait, without the lock, until ``condition`` holds; return whether it does."""
        until = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            with self._lock:
                if condition():
                    return True
                listener = self.listen()
            remaining = None if until is None else until - time.monotonic()
            self.hear(listener, remaining)
            if remaining is not None and remaining <= 0:
                return False

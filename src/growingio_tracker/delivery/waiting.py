"""Waiting of threads: for a change guarded by a lock, the closing of a strategy, or a rate.

:class:`Waiters` wakes threads and event loops whose condition has become true. :class:`Interrupt`
tells that a strategy is closing, and until when, which ends pauses. :class:`Pace` limits how fast
several threads send.
"""

from __future__ import annotations

import contextlib
import math
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Final

from growingio_wire.clock import SYSTEM_CLOCK, Clock
from growingio_wire.ending import held

LOOK_AGAIN_S: Final = 1.0
"""How long a thread that waits for another one trusts that it still exists."""


class Waiter:
    """Thread or event loop that waits.

    :param ready: the condition, called with the lock held; it must not raise.
    :param wake: called once, with the lock held, when the condition holds.
    """

    __slots__ = ("ready", "wake")

    def __init__(self, ready: Callable[[], bool], wake: Callable[[], object]) -> None:
        self.ready = ready
        self.wake = wake


class Waiters:
    """Threads and event loops that wait for a change of the state guarded by ``lock``.

    This is no :class:`threading.Condition`, whose ``wait`` releases a lock that the caller's
    ``with`` holds, and acquires it again. If a signal handler raises in between, ``with`` releases
    a lock that this thread does not hold. Here, threads wait without the lock. Only a signal
    handler that interrupts a call holding it has to release it while it waits.

    A signal handler may run at any point, and may wake waiters, too. Whoever removes a waiter from
    the list is the one to wake it.
    """

    __slots__ = ("_lock", "_waiting")

    def __init__(self, lock: threading.RLock) -> None:
        self._lock = lock
        self._waiting: list[Waiter] = []

    def wake_ready(self) -> None:
        """Wake all waiters whose condition holds, with the lock held."""
        if self._waiting:
            for waiter in self._waiting.copy():
                if waiter.ready() and self.remove(waiter):
                    waiter.wake()

    def wake_one(self) -> None:
        """Wake one waiter, regardless of its condition. It must wake another one if it leaves."""
        if self._waiting:
            with contextlib.suppress(IndexError):
                self._waiting.pop().wake()

    def wake_all(self) -> None:
        """Wake all waiters, regardless of their conditions."""
        while self._waiting:
            self.wake_one()

    def add(self, waiter: Waiter) -> None:
        """Add ``waiter``. If the lock is held, no change is missed."""
        self._waiting.append(waiter)

    def remove(self, waiter: Waiter) -> bool:
        """Remove ``waiter``; return ``False`` if it was not waiting."""
        try:
            self._waiting.remove(waiter)
        except ValueError:
            return False
        return True

    def wait_for(self, condition: Callable[[], bool], timeout_s: float | None) -> bool:
        """Wait, without the lock, until ``condition`` holds; return whether it does.

        At the end of the interpreter, nobody is left to wait for.

        :param timeout_s: seconds; ``None`` waits without limit, 0 does not wait.
        """
        until = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            with held(self._lock):
                if condition():
                    return True
                remaining = None if until is None else until - time.monotonic()
                if (remaining is not None and remaining <= 0) or sys.is_finalizing():
                    return False
                thread = self.enlist(condition)
            self.sleep(thread, remaining)

    def enlist(self, ready: Callable[[], bool]) -> WaitingThread:
        """Add this thread, for :meth:`sleep`. If the lock is held, no change is missed."""
        thread = WaitingThread(ready)
        self.add(thread)
        return thread

    def sleep(self, thread: WaitingThread, timeout_s: float | None) -> None:
        """Wait until ``thread`` is woken, without the lock; ``None`` waits forever."""
        if timeout_s is not None and timeout_s <= 0:
            self.remove(thread)
            return
        depth = self._let_go()
        try:
            thread.sleep(timeout_s)
        finally:
            self.remove(thread)
            for _ in range(depth):
                self._lock.acquire()

    def _let_go(self) -> int:
        """Release the lock if this thread holds it; return how many times it held it."""
        depth = 0
        with contextlib.suppress(RuntimeError):  # raised if this thread does not hold it
            while True:
                self._lock.release()
                depth += 1
        return depth


class WaitingThread(Waiter):
    """A thread that waits."""

    __slots__ = ("_signal",)

    def __init__(self, ready: Callable[[], bool]) -> None:
        self._signal = threading.Lock()
        self._signal.acquire()
        super().__init__(ready, self._signal.release)

    def sleep(self, timeout_s: float | None) -> None:
        """Return when woken, or after ``timeout_s``; ``None`` waits forever."""
        if timeout_s is None:
            self._signal.acquire()
        elif timeout_s > 0:
            self._signal.acquire(timeout=min(timeout_s, threading.TIMEOUT_MAX))


class Interrupt:
    """Signal that a strategy is closing.

    It ends waits once closing has begun, and everything else once the deadline has passed.
    """

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
        """Wait, and return whether it makes sense to continue.

        Closing ends a wait. While closing, a wait that would last until the deadline is not even
        started, because nothing could follow it.
        """
        remaining = self.remaining_s()
        if remaining is None:
            self._closing.wait(seconds)
        elif seconds < remaining:
            time.sleep(seconds)
        else:
            return False
        return self.remaining_s() != 0.0


class Pace:
    """Rate limit, shared by several threads.

    :param rate: rows per second; ``None`` never waits.
    """

    def __init__(self, rate: float | None, clock: Clock = SYSTEM_CLOCK) -> None:
        self._rate = rate
        self._clock = clock
        self._lock = threading.Lock()  # guards the next one
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


def waits(timeout_s: float | None) -> Iterator[float]:
    """Yield waits that add up to ``timeout_s``, at least one and none of them long.

    A thread that waits for another one to send checks in between whether that one still exists.
    """
    deadline = math.inf if timeout_s is None else time.monotonic() + timeout_s
    while not sys.is_finalizing() and deadline - time.monotonic() > LOOK_AGAIN_S:
        yield LOOK_AGAIN_S
    yield max(0.0, min(deadline - time.monotonic(), LOOK_AGAIN_S))

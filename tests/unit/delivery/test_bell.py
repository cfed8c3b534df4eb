"""Waiting without a lock, and what a signal handler may do meanwhile."""

from __future__ import annotations

import signal
import threading

import pytest

from delivering.waiting import DEADLINE_S
from growingio_tracker.delivery.bell import Bell


class EndError(Exception):
    """What a handler raises."""


def is_free(lock: threading.RLock, within_s: float = DEADLINE_S) -> bool:
    """Return whether another thread can have ``lock``."""
    found: list[bool] = []

    def look() -> None:
        found.append(lock.acquire(timeout=within_s))
        if found[0]:
            lock.release()

    other = threading.Thread(target=look)
    other.start()
    other.join()
    return found == [True]


def test_ring_wakes() -> None:
    """Who listens hears the next ring, and then looks whether what it waits for has come true."""
    lock, done = threading.RLock(), threading.Event()
    bell = Bell(lock)

    def ring() -> None:
        with lock:
            done.set()
            bell.ring()

    threading.Timer(0.01, ring).start()
    assert bell.wait_for(done.is_set, DEADLINE_S)


def test_time_out() -> None:
    """A wait ends without a ring, and says that nothing has come true."""
    assert not Bell(threading.RLock()).wait_for(lambda: False, 0.01)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="not here: no setitimer")
def test_handler_that_raises() -> None:
    """A handler that raises amid a wait ends it with its own exception, and no lock is held."""

    def end(number: int, frame: object) -> None:
        raise EndError

    lock, before = threading.RLock(), signal.signal(signal.SIGALRM, end)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        with pytest.raises(EndError):
            Bell(lock).wait_for(lambda: False, DEADLINE_S)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert is_free(lock)


def test_nested_wait_lets_go() -> None:
    """E3: who waits amid a call that holds the lock, as a handler may, lets others have it."""
    lock = threading.RLock()
    bell = Bell(lock)

    def ring() -> None:
        with lock:
            bell.ring()

    with lock, lock:
        listener = bell.listen()
        other = threading.Thread(target=ring)
        other.start()
        bell.hear(listener, DEADLINE_S)
        other.join(DEADLINE_S)
        assert not other.is_alive()
        assert not is_free(lock, 0.0)
    assert is_free(lock)

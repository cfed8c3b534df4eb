"""Waiting without a lock, what a signal handler may do meanwhile, and how closing ends it (E2)."""

from __future__ import annotations

import signal
import threading

import pytest

from delivering.waiting import DEADLINE_S, Running, until
from growingio_tracker.delivery.waiting import Interrupt, Waiters
from growingio_tracker.testing import FakeClock


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


def test_e4_woken_when_true() -> None:
    """Who waits is woken when its condition holds, and not by changes before."""
    lock, done = threading.RLock(), threading.Event()
    waiters, asked = Waiters(lock), list[bool]()

    def condition() -> bool:
        asked.append(done.is_set())
        return asked[-1]

    waiting = Running(lambda: waiters.wait_for(condition, DEADLINE_S))
    for changes in range(2, 5):
        until(lambda: asked)
        with lock:
            waiters.wake_ready()
        assert len(asked) == changes, "asked by who changes something, without waking"
    with lock:
        done.set()
        waiters.wake_ready()
    assert waiting.wait() is True


def test_time_out() -> None:
    """A wait ends at its time-out, and says that nothing has come true."""
    assert not Waiters(threading.RLock()).wait_for(lambda: False, 0.01)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="not here: no setitimer")
def test_handler_that_raises() -> None:
    """A handler that raises amid a wait ends it with its own exception, and no lock is held."""

    def end(number: int, frame: object) -> None:
        raise EndError

    lock, before = threading.RLock(), signal.signal(signal.SIGALRM, end)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        with pytest.raises(EndError):
            Waiters(lock).wait_for(lambda: False, DEADLINE_S)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert is_free(lock)


def test_nested_wait_lets_go() -> None:
    """E3: who waits amid a call that holds the lock, as a handler may, lets others have it."""
    lock = threading.RLock()
    waiters = Waiters(lock)

    def wake() -> None:
        with lock:
            waiters.wake_ready()

    with lock, lock:
        thread = waiters.enlist(lambda: True)
        other = threading.Thread(target=wake)
        other.start()
        waiters.sleep(thread, DEADLINE_S)
        other.join(DEADLINE_S)
        assert not other.is_alive()
        assert not is_free(lock, 0.0)
    assert is_free(lock)


def test_e2_closing_ends_a_wait() -> None:
    """A wait that is on when closing begins ends at once, and there is time for another try."""
    interrupt = Interrupt()
    pausing = Running(lambda: interrupt.pause(3600.0))
    interrupt.close_within(60.0)
    assert pausing.wait() is True


def test_e2_no_wait_that_leads_nowhere() -> None:
    """While closing, a wait that would use up the time left is not begun."""
    interrupt = Interrupt()
    interrupt.close_within(60.0)
    assert Running(lambda: interrupt.pause(3600.0)).wait() is False


def test_e2_short_waits_while_closing() -> None:
    """While closing, a wait that leaves time for another try is waited."""
    interrupt = Interrupt()
    interrupt.close_within(60.0)
    assert interrupt.pause(0.001) is True


def test_e1_deadline() -> None:
    """What remains counts down to 0 from the first call of close_within; later calls are void."""
    clock = FakeClock()
    interrupt = Interrupt(clock)
    assert (interrupt.closing, interrupt.remaining_s(), interrupt.bounded_s(9.0)) == (
        False,
        None,
        9.0,
    )
    interrupt.close_within(5.0)
    clock.advance(2.0)
    interrupt.close_within(100.0)
    assert (interrupt.closing, interrupt.remaining_s()) == (True, 3.0)
    assert (interrupt.bounded_s(1.0), interrupt.bounded_s(9.0)) == (1.0, 3.0)
    clock.advance(10.0)
    assert interrupt.remaining_s() == 0.0
    assert interrupt.pause(0.0) is False

"""E2: how closing ends waiting."""

from __future__ import annotations

from delivering.waiting import Running
from growingio_tracker.delivery.interrupt import Interrupt
from growingio_tracker.testing import FakeClock


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

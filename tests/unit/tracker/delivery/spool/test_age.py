"""G5: what has waited for too long."""

from __future__ import annotations

from collections.abc import Callable

from delivering.queues import postponed
from delivering.rig import assert_balanced
from delivering.spools import Process
from growingio_tracker.testing import FakeClock

Start = Callable[..., Process]


class JumpingClock(FakeClock):
    """Its wall clock can be set; its monotonic one goes on as it should."""

    offset_ms = 0

    def now_ms(self) -> int:
        return super().now_ms() + self.offset_ms


def test_g5_old_records_are_dropped(start: Start) -> None:
    """What has waited longer than max_age_s is dropped, counted and told; what is newer goes."""
    process = start(max_age_s=100.0)
    process.offer("a", "b")
    process.clock.advance(90.0)
    process.offer("c")
    process.clock.advance(20.0)
    assert process.deliver_all() == ["c"]
    assert process.ledger.stats().dropped == {"expired": 2}
    assert [(one.reason, one.events) for one in process.problems] == [("expired", 2)]
    assert_balanced(process.ledger)


def test_g5_age_counts_across_processes(start: Start) -> None:
    """A record's age begins when it was tracked, in whatever process that was."""
    first = start()
    first.offer("a")
    first.clock.advance(90.0)
    first.offer("b")
    first.end()
    second = start(clock=first.clock, max_age_s=100.0)
    second.clock.advance(20.0)
    second.queue.request_flush()
    assert second.deliver_all() == ["b"]
    assert second.ledger.stats().dropped == {"expired": 1}


def test_g5_no_age(start: Start) -> None:
    """With max_age_s=None nothing is ever too old."""
    process = start()
    process.offer("a")
    process.clock.advance(1e9)
    assert process.deliver_all() == ["a"]


def test_g5_what_is_in_flight_is_spared(start: Start) -> None:
    """A batch in flight is not dropped; when it comes back and is too old, it is."""
    process = start(max_age_s=100.0)
    process.offer("a")
    batch = process.queue.take(wait=False)
    assert batch is not None
    process.clock.advance(200.0)
    assert process.deliver_all() == []
    assert process.ledger.stats().pending == 1
    process.queue.settle(batch, postponed())
    process.look_again()
    assert process.deliver_all() == []
    assert process.ledger.stats().dropped == {"expired": 1}


def test_g5_clock_jumps(start: Start) -> None:
    """A wall clock that is set while the process runs makes nothing too old, or too young."""
    clock = JumpingClock()
    process = start(clock=clock, max_age_s=100.0)
    process.offer("a")
    for offset_ms in (10**9, -(10**9)):
        clock.offset_ms = offset_ms
        process.offer(f"b{offset_ms}")
        clock.advance(40.0)
        process.queue.request_flush()
    assert process.deliver_all() == ["a", "b1000000000", "b-1000000000"]
    assert not process.ledger.stats().dropped

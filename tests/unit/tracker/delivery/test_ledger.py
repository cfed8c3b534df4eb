"""C2, C4: counting, and telling people."""

from __future__ import annotations

import logging

import pytest

from delivering.waiting import in_threads
from growingio_tracker.delivery.ledger import Ledger
from growingio_tracker.model.losses import Problem, Reporter
from growingio_tracker.testing import FakeClock
from growingio_wire.said import Said

LOST = Problem("queue_full", "no place", 1)


def test_c2_on_error_is_told_everything() -> None:
    """Every problem reaches on_error, however many there are in a minute."""
    told: list[Problem] = []
    reporter = Reporter(told.append, FakeClock())
    for _ in range(5):
        reporter.report(LOST)
    assert told == [LOST] * 5


def test_c2_one_line_a_minute_for_each_reason(caplog: pytest.LogCaptureFixture) -> None:
    """Reasons are limited each by itself, and no loss is missing from the numbers logged."""
    clock = FakeClock()
    reporter = Reporter(clock=clock)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            reporter.report(LOST)
            reporter.report(Problem("other", "detail", 2))
            clock.advance(40.0)
    assert [message.partition(":")[0] for message in caplog.messages] == [
        *["queue_full", "other"],
        *["queue_full", "other"],
    ]
    assert [message.rpartition(" ")[2] for message in caplog.messages] == ["1)", "2)", "2)", "4)"]


def test_c2_one_line_for_many_threads(caplog: pytest.LogCaptureFixture) -> None:
    """Threads that lose events in the same minute write one line together."""
    clock = FakeClock()
    reporter = Reporter(clock=clock)

    def lose() -> None:
        for _ in range(100):
            reporter.report(LOST)

    with caplog.at_level(logging.WARNING):
        in_threads([lose] * 4)
        assert len(caplog.messages) == 1
        clock.advance(60.0)
        reporter.report(LOST)
    assert "lost: 400)" in caplog.messages[1]


def test_f3_on_error_that_raises(caplog: pytest.LogCaptureFixture) -> None:
    """An on_error that raises harms nobody, and is logged at most once a minute."""

    def on_error(problem: Problem) -> None:
        raise RuntimeError("mine")

    reporter = Reporter(on_error, FakeClock())
    for _ in range(100):
        reporter.report(LOST)
    assert [r.message for r in caplog.records if r.levelno == logging.ERROR] == [
        "on_error raised; the event path goes on without it"
    ]


def test_h4_problems_inside_on_error_are_not_reported() -> None:
    """What goes wrong while on_error runs does not call on_error again."""
    told: list[Problem] = []

    def on_error(problem: Problem) -> None:
        told.append(problem)
        reporter.report(problem)

    reporter = Reporter(on_error, FakeClock())
    reporter.report(LOST)
    reporter.report(LOST)
    assert told == [LOST] * 2


def test_c4_healthy() -> None:
    """Unhealthy is: something pends, and for the given time nothing was delivered."""
    clock = FakeClock()
    clock.advance(50.0)
    ledger = Ledger(clock)
    assert ledger.healthy(0.0), "nothing pends"
    ledger.count_accepted(1)
    ledger.count_accepted(1)
    clock.advance(60.0)
    assert ledger.healthy(60.0)
    clock.advance(1.0)
    assert not ledger.healthy(60.0)
    ledger.count_delivered(1, 1)
    clock.advance(30.0)
    assert ledger.healthy(60.0), "the last success is recent"
    ledger.count_dropped("test", 1, 1)
    clock.advance(1000.0)
    assert ledger.healthy(0.0), "nothing pends"
    ledger.count_accepted(1)
    assert ledger.healthy(60.0), "what pends has only just come"


def test_c4_stats() -> None:
    """stats() has every count, by reason, the depth, the age of the last success and last error."""
    clock = FakeClock()
    clock.advance(1.0)
    ledger = Ledger(clock)
    assert ledger.stats().last_success_age_s is None
    for size in (1, 2, 4, 8, 16):
        ledger.count_accepted(size)
    ledger.count_delivered(1, 1)
    ledger.count_rejected("status_400", 1, 2)
    ledger.count_dropped("queue_full", 1, 4)
    ledger.refuse("closed")
    ledger.note_request(repeated=False)
    ledger.note_request(repeated=True)
    ledger.note_error(Said("what happened", "发生了什么"))
    ledger.note_left_out(3)
    ledger.note_worker_restart()
    clock.advance(7.0)
    stats = ledger.stats()
    assert (stats.accepted, stats.delivered, stats.pending, stats.pending_bytes) == (6, 1, 2, 24)
    assert (stats.rejected, stats.dropped) == ({"status_400": 1}, {"queue_full": 1, "closed": 1})
    assert (stats.requests, stats.retries, stats.worker_restarts) == (2, 1, 1)
    assert (stats.attributes_left_out, stats.last_error) == (3, "what happened")
    assert stats.last_success_age_s == 7.0


def test_c4_stats_are_of_one_instant() -> None:
    """A snapshot does not change with what happens later."""
    ledger = Ledger(FakeClock())
    before = ledger.stats()
    ledger.refuse("closed")
    assert before.dropped == {}

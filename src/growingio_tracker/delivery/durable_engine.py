"""The engine of the durable strategy."""

from __future__ import annotations

from growingio_tracker.delivery.contract import Problem
from growingio_tracker.delivery.queue_engine import BackgroundEngine


class DurableEngine(BackgroundEngine):
    """Sends batches in a thread of its own; what it cannot deliver stays in the spool."""

    def _undelivered(self) -> int:
        return self.ledger.pending

    def _undelivered_problem(self, events: int, last_error: str) -> Problem:
        return Problem(
            "left_in_spool",
            f"closing ended while {events} events were not delivered yet; they are in the spool, "
            f"for the next process or `growingio spool drain` to deliver: {last_error}",
        )

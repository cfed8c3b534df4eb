"""What became of every event: the counters, and telling people about losses."""

from __future__ import annotations

import logging
import threading
from collections import Counter, defaultdict
from typing import Final

from growingio_tracker._clock import SYSTEM_CLOCK, Clock
from growingio_tracker.delivery.contract import OnError, Problem, Stats

_log: Final = logging.getLogger("growingio_tracker.delivery")
_LOG_INTERVAL_S: Final = 60.0
_ON_ERROR_RAISED: Final = "on_error_raised"


class Reporter:
    """Tells ``on_error`` every problem, and the log at most one line a minute for each reason.

    It must be called without holding a lock: both may call back into the tracker. What happens
    inside such a call is counted by the ledger as always, but not reported again.
    """

    def __init__(self, on_error: OnError | None = None, clock: Clock = SYSTEM_CLOCK) -> None:
        self._on_error = on_error
        self._clock = clock
        self._lock = threading.Lock()  # guards the next two
        self._unlogged: Counter[str] = Counter()
        self._logged_at: dict[str, float] = {}
        self._inside = threading.local()

    def report(self, problem: Problem) -> None:
        """Pass ``problem`` on. Exceptions of ``on_error`` are logged and go no further."""
        if getattr(self._inside, "reporting", False):
            return
        self._inside.reporting = True
        try:
            if (events := self._to_log(problem.reason, problem.events)) is not None:
                _log.warning("%s: %s (events lost: %d)", problem.reason, problem.detail, events)
            if self._on_error is not None:
                self._on_error(problem)
        except Exception:
            if self._to_log(_ON_ERROR_RAISED) is not None:
                _log.exception("on_error raised; the event path goes on without it")
        finally:
            self._inside.reporting = False

    def _to_log(self, reason: str, events: int = 0) -> int | None:
        """Return how many events a line about ``reason`` stands for; ``None`` if it is too soon."""
        with self._lock:
            self._unlogged[reason] += events
            now = self._clock.monotonic()
            last = self._logged_at.get(reason)
            if last is not None and now - last < _LOG_INTERVAL_S:
                return None
            self._logged_at[reason] = now
            return self._unlogged.pop(reason)


class Ledger:
    """Counts. ``lock`` guards every field, and the queue that shares it with its ledger.

    Methods that begin with ``count`` must be called with the lock held. A signal handler or a
    destructor may track in a thread that holds it; that is why it is reentrant.
    """

    def __init__(self, clock: Clock = SYSTEM_CLOCK) -> None:
        self.lock = threading.RLock()
        self.accepted = 0
        self.delivered = 0
        self.pending = 0
        self.pending_bytes = 0
        self.adopted = 0
        self.handed_over = 0
        self.requests = 0
        self.retries = 0
        self.worker_restarts = 0
        self.attributes_left_out = 0
        self.experiments_failed = 0
        # No Counter: it runs Python code in the midst of a +=, where a signal handler may come in.
        self.rejected: defaultdict[str, int] = defaultdict(int)
        self.dropped: defaultdict[str, int] = defaultdict(int)
        self.last_success: float | None = None
        self.pending_since: float | None = None
        self.last_error: str | None = None
        self._clock = clock

    def count_accepted(self, size: int) -> None:
        """One event of ``size`` bytes came in and is pending."""
        if not self.pending:
            self.pending_since = self._clock.monotonic()
        self.accepted += 1
        self.pending += 1
        self.pending_bytes += size

    def count_adopted(self, events: int, size: int) -> None:
        """Events that an earlier process had accepted are pending here from now on."""
        if not self.pending:
            self.pending_since = self._clock.monotonic()
        self.accepted += events
        self.adopted += events
        self.pending += events
        self.pending_bytes += size

    def count_handed_over(self, events: int, size: int) -> None:
        """Pending events were left to another process."""
        self._count_gone(events, size)
        self.handed_over += events

    def count_again(self, events: int, size: int) -> None:
        """So much is pending, whatever was counted; what has come in follows from that."""
        if events and not self.pending:
            self.pending_since = self._clock.monotonic()
        self.pending, self.pending_bytes = events, size
        ended = self.delivered + sum(self.rejected.values()) + sum(self.dropped.values())
        self.accepted = events + ended + self.handed_over

    def count_refused(self, reason: str) -> None:
        """One event came in and was dropped at once."""
        self.accepted += 1
        self.dropped[reason] += 1

    def count_delivered(self, events: int, size: int) -> None:
        """Pending events were delivered."""
        self._count_gone(events, size)
        self.delivered += events
        self.last_success = self._clock.monotonic()

    def count_rejected(self, reason: str, events: int, size: int) -> None:
        """Pending events can never be delivered."""
        self._count_gone(events, size)
        self.rejected[reason] += events

    def count_dropped(self, reason: str, events: int, size: int) -> None:
        """Pending events were given up."""
        self._count_gone(events, size)
        self.dropped[reason] += events

    def _count_gone(self, events: int, size: int) -> None:
        self.pending -= events
        self.pending_bytes -= size

    def refuse(self, reason: str) -> None:
        """Count one event that is dropped at once."""
        with self.lock:
            self.count_refused(reason)

    def note_left_out(self, attributes: int) -> None:
        """Attributes of an event could not be sent."""
        with self.lock:
            self.attributes_left_out += attributes

    def note_experiment_failed(self) -> None:
        """An experiment could not be asked for, or its hit could not be reported."""
        with self.lock:
            self.experiments_failed += 1

    def note_request(self, *, repeated: bool) -> None:
        """A request is about to be made."""
        with self.lock:
            self.requests += 1
            self.retries += repeated

    def note_error(self, error: str) -> None:
        """A request failed."""
        with self.lock:
            self.last_error = error

    def note_worker_restart(self) -> None:
        """A worker that had ended was replaced."""
        with self.lock:
            self.worker_restarts += 1

    def stats(self) -> Stats:
        """Return all counts of one instant."""
        with self.lock:
            return Stats(
                accepted=self.accepted,
                delivered=self.delivered,
                rejected=dict(self.rejected),
                dropped=dict(self.dropped),
                pending=self.pending,
                pending_bytes=self.pending_bytes,
                adopted=self.adopted,
                handed_over=self.handed_over,
                attributes_left_out=self.attributes_left_out,
                experiments_failed=self.experiments_failed,
                requests=self.requests,
                retries=self.retries,
                worker_restarts=self.worker_restarts,
                last_success_age_s=self._age(self.last_success),
                last_error=self.last_error,
            )

    def healthy(self, within_s: float) -> bool:
        """Return False when events are pending and none was delivered for ``within_s`` seconds."""
        with self.lock:
            if not self.pending or self.pending_since is None:
                return True
            since = max(self.pending_since, self.last_success or self.pending_since)
            return self._clock.monotonic() - since <= within_s

    def _age(self, since: float | None) -> float | None:
        return None if since is None else self._clock.monotonic() - since

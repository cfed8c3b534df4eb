"""Ledger of every event: counters, and their snapshot."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping

from msgspec import Struct, field

from growingio_tracker.core import Admission
from growingio_wire.clock import SYSTEM_CLOCK, Clock
from growingio_wire.ending import held
from growingio_wire.said import Said


class Stats(Struct, frozen=True):
    """The counts of one consumer's events in this process, at one instant.

    ``accepted == delivered + sum(rejected) + sum(dropped) + pending + handed_over`` at any time.

    :param accepted: events of successful calls, and those adopted.
    :param delivered: events that the server accepted.
    :param rejected: events that can never be delivered, by reason.
    :param dropped: events that were discarded, by reason.
    :param pending: events that are queued or being sent.
    :param pending_bytes: the size of their records.
    :param adopted: accepted events that an earlier process had left in the spool.
    :param handed_over: events that others are responsible for: a Kafka broker that acknowledged
        them, or a relay that sends what is in the spool.
    :param attributes_left_out: attributes that could not be encoded; their events were sent.
    :param experiments_failed: calls of ``experiment()`` that got no response, or whose hit could
        not be reported.
    :param requests: requests sent, including retries.
    :param retries: how many of them were retries.
    :param worker_restarts: how often a crashed worker was replaced.
    :param last_success_age_s: seconds since the last delivery, or acknowledgement by a Kafka
        broker; ``None`` before the first.
    :param last_error: the last failure, as a string; ``None`` if there was none.
    """

    accepted: int = 0
    delivered: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict[str, int])
    dropped: Mapping[str, int] = field(default_factory=dict[str, int])
    pending: int = 0
    pending_bytes: int = 0
    adopted: int = 0
    handed_over: int = 0
    attributes_left_out: int = 0
    experiments_failed: int = 0
    requests: int = 0
    retries: int = 0
    worker_restarts: int = 0
    last_success_age_s: float | None = None
    last_error: str | None = None


class Ledger:
    """Counts. ``lock`` guards every field, and the waiting room, which shares it.

    Methods that begin with ``count`` must be called with the lock held. It is reentrant, because a
    signal handler or a destructor may track in a thread that holds it.

    ``accepted`` is not counted but derived from the other counts, so that they always agree.
    """

    def __init__(self, clock: Clock = SYSTEM_CLOCK) -> None:
        self.lock = threading.RLock()
        self.admission = Admission()
        self.delivered = 0
        self.adopted = 0
        self.handed_over = 0
        self.requests = 0
        self.retries = 0
        self.worker_restarts = 0
        self.attributes_left_out = 0
        self.experiments_failed = 0
        # Not a Counter: its += runs Python code, which a signal handler may interrupt.
        self.rejected: defaultdict[str, int] = defaultdict(int)
        self.dropped: defaultdict[str, int] = defaultdict(int)
        self.last_success: float | None = None
        self.pending_since: float | None = None
        self.last_error: Said | None = None
        self._clock = clock

    @property
    def pending(self) -> int:
        """Events that are queued or being sent."""
        return self.admission.pending

    def count_accepted(self, size: int) -> None:
        """One event of ``size`` bytes came in and is pending."""
        self._note_pending()
        self.admission.came(1, size)

    def count_adopted(self, events: int, size: int) -> None:
        """Events that an earlier process had accepted are pending here from now on."""
        self._note_pending()
        self.adopted += events
        self.admission.came(events, size)

    def count_handed_over(self, events: int, size: int) -> None:
        """Pending events were left to another process."""
        self.admission.gone(events, size)
        self.handed_over += events

    def count_acknowledged(self, events: int, size: int) -> None:
        """Pending events were acknowledged by a broker, which is responsible for them now."""
        self.count_handed_over(events, size)
        self.last_success = self._clock.monotonic()

    def count_refused(self, reason: str) -> None:
        """One event came in and was dropped immediately."""
        self.dropped[reason] += 1

    def count_delivered(self, events: int, size: int) -> None:
        """Pending events were delivered."""
        self.admission.gone(events, size)
        self.delivered += events
        self.last_success = self._clock.monotonic()

    def count_rejected(self, reason: str, events: int, size: int) -> None:
        """Pending events can never be delivered."""
        self.admission.gone(events, size)
        self.rejected[reason] += events

    def count_dropped(self, reason: str, events: int, size: int) -> None:
        """Pending events were dropped."""
        self.admission.gone(events, size)
        self.dropped[reason] += events

    def refuse(self, reason: str) -> None:
        """Count one event that is dropped immediately."""
        with held(self.lock):
            self.count_refused(reason)

    def note_left_out(self, attributes: int) -> None:
        """Attributes of an event could not be sent."""
        with held(self.lock):
            self.attributes_left_out += attributes

    def note_experiment_failed(self) -> None:
        """An experiment could not be asked for, or its hit could not be reported."""
        with held(self.lock):
            self.experiments_failed += 1

    def note_request(self, *, repeated: bool) -> None:
        """A request is about to be made."""
        with held(self.lock):
            self.requests += 1
            self.retries += repeated

    def note_error(self, error: Said) -> None:
        """A request failed."""
        with held(self.lock):
            self.last_error = error

    def note_worker_restart(self) -> None:
        """A worker that had ended was replaced."""
        with held(self.lock):
            self.worker_restarts += 1

    def stats(self) -> Stats:
        """Return a consistent snapshot of all counts."""
        with held(self.lock):
            # Both in one step, because the entrance lets events in without the lock.
            pending, pending_bytes = self.admission.snapshot()
            rejected, dropped = dict(self.rejected), dict(self.dropped)
            ended = self.delivered + sum(rejected.values()) + sum(dropped.values())
            return Stats(
                accepted=ended + pending + self.handed_over,
                delivered=self.delivered,
                rejected=rejected,
                dropped=dropped,
                pending=pending,
                pending_bytes=pending_bytes,
                adopted=self.adopted,
                handed_over=self.handed_over,
                attributes_left_out=self.attributes_left_out,
                experiments_failed=self.experiments_failed,
                requests=self.requests,
                retries=self.retries,
                worker_restarts=self.worker_restarts,
                last_success_age_s=self._age(self.last_success),
                last_error=None if self.last_error is None else self.last_error.en,
            )

    def healthy(self, within_s: float) -> bool:
        """Return ``False`` if events are pending and none was delivered for ``within_s``
        seconds."""
        with held(self.lock):
            if not self.pending or self.pending_since is None:
                return True
            since = max(self.pending_since, self.last_success or self.pending_since)
            return self._clock.monotonic() - since <= within_s

    def _age(self, since: float | None) -> float | None:
        return None if since is None else self._clock.monotonic() - since

    def _note_pending(self) -> None:
        if not self.admission.pending:
            self.pending_since = self._clock.monotonic()

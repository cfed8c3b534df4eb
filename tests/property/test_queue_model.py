"""Every queue against a model that is nothing but lists (C1-C4, D2, D5, E4)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from delivering.queues import DELIVERED, MAKERS, REJECTED, MakeLanes, Room, names, postponed
from delivering.rig import record
from drawing import examples
from growingio_tracker.delivery import Batch, BatchLimits, Mark, Overflow, QueueLimits
from growingio_tracker.exceptions import QueueFullError
from growingio_wire.table import Kind

LINGER_S = 10.0
MAX_EVENTS, MAX_BYTES = 6, 200
BATCH_EVENTS, BATCH_BYTES = 3, 100

kinds = st.sampled_from(Kind)


def size(name: str) -> int:
    return len(record(name))


class Model(RuleBasedStateMachine):
    """Offers, takes, settles, flushes and closes in any order; a list says what must come of it."""

    make: MakeLanes

    @initialize(overflow=st.sampled_from(["drop_new", "drop_oldest", "block", "raise"]))
    def start(self, overflow: Overflow) -> None:
        limits = QueueLimits(MAX_EVENTS, MAX_BYTES, overflow, block_s=0.0)
        batches = BatchLimits(BATCH_EVENTS, BATCH_BYTES, LINGER_S)
        self.room = Room(type(self).make, limits, batches)
        self.overflow = overflow
        self.waiting: dict[Kind, list[str]] = {kind: [] for kind in Kind}
        self.flight: dict[Kind, tuple[Batch, list[str]]] = {}
        self.entered_at: dict[str, float] = {}
        self.returned: set[str] = set()
        self.flushed: set[str] = set()
        self.paused_until = dict.fromkeys(Kind, 0.0)
        self.marks: list[tuple[Mark, set[str]]] = []
        self.closed = False
        self.left: list[str] = []
        self.counts = dict.fromkeys(("accepted", "delivered", "rejected", "dropped"), 0)

    @property
    def now(self) -> float:
        return self.room.clock.monotonic()

    def pending(self) -> list[str]:
        flying = [name for _, names in self.flight.values() for name in names]
        return flying + [name for names in self.waiting.values() for name in names]

    def fits(self, name: str, *others: str) -> bool:
        total = sum(map(size, others)) + size(name)
        return not self.closed and len(others) < MAX_EVENTS and total <= MAX_BYTES

    @rule(kind=kinds, padding=st.sampled_from([0, 0, 0, 60, 300]))
    def offer(self, kind: Kind, padding: int) -> None:
        # Which kind has the oldest record is a matter of taste, so that policy gets one kind only.
        kind = Kind.EVENT if self.overflow == "drop_oldest" else kind
        name = f"{self.counts['accepted']}" + "x" * padding
        self.counts["accepted"] += 1
        if not self.closed and not self.fits(name, *self.pending()):
            self.hurry()
        flying = [flown for _, names in self.flight.values() for flown in names]
        if self.overflow == "drop_oldest" and self.fits(name, *flying):
            while not self.fits(name, *self.pending()):
                self.waiting[kind].pop(0)
                self.counts["dropped"] += 1
        if self.fits(name, *self.pending()):
            self.waiting[kind].append(name)
            self.entered_at[name] = self.now
            self.room.offer(name, kind=kind)
            return
        self.counts["dropped"] += 1
        try:
            self.room.offer(name, kind=kind)
        except QueueFullError:
            assert self.overflow == "raise"
            assert not self.closed

    def hurry(self) -> None:
        """What finds no room makes what waits due: its batches will not become larger."""
        for waiting in self.waiting.values():
            if waiting and not self.is_ripe(waiting):
                self.flushed.update(waiting)

    def is_ripe(self, waiting: list[str]) -> bool:
        """Return whether a batch is full, or is being flushed."""
        is_full = len(waiting) >= BATCH_EVENTS or sum(map(size, waiting)) >= BATCH_BYTES
        return is_full or waiting[0] in self.flushed

    def must_be_due(self, kind: Kind) -> bool:
        """Return whether a batch has to leave now: lingering aside, where a queue may be late."""
        waiting = self.waiting[kind]
        if not waiting or kind in self.flight or self.now < self.paused_until[kind]:
            return False
        return self.is_ripe(waiting) or waiting[0] in self.returned

    @rule()
    def take(self) -> None:
        may_be_due = self.room.queue.may_be_due()
        batch = self.room.queue.take(wait=False)
        assert may_be_due or batch is None
        if batch is None:
            assert not any(map(self.must_be_due, Kind))
            return
        kind, taken, waiting = batch.kind, names(batch), self.waiting[batch.kind]
        assert kind not in self.flight
        assert taken == waiting[: len(taken)], "records leave in order"
        assert 1 <= len(taken) <= BATCH_EVENTS
        assert len(taken) == 1 or sum(map(size, taken)) <= BATCH_BYTES
        lingered = self.now - self.entered_at[taken[0]] >= LINGER_S
        assert self.must_be_due(kind) or (lingered and self.now >= self.paused_until[kind])
        del waiting[: len(taken)]
        self.flight[kind] = batch, taken

    @precondition(lambda self: self.flight)
    @rule(data=st.data(), outcome=st.sampled_from([DELIVERED, REJECTED]))
    def settle(self, data: st.DataObject, outcome: Any) -> None:
        """Give an outcome to the next part of a batch in flight."""
        kind = data.draw(st.sampled_from(list(self.flight)))
        batch, flying = self.flight.pop(kind)
        events = data.draw(st.integers(1, len(flying)))
        self.room.settle(batch.before(events), outcome)
        self.counts["delivered" if outcome is DELIVERED else "rejected"] += events
        if flying[events:]:
            self.flight[kind] = batch.after(events), flying[events:]

    @precondition(lambda self: self.flight)
    @rule(data=st.data(), pause_s=st.sampled_from([0.0, 5.0]), everywhere=st.booleans())
    def keep(self, data: st.DataObject, pause_s: float, everywhere: bool) -> None:
        """Keep the rest of a batch in flight."""
        kind = data.draw(st.sampled_from(list(self.flight)))
        batch, flying = self.flight.pop(kind)
        self.room.settle(batch, postponed(pause_s, everywhere=everywhere))
        self.waiting[kind][:0] = flying
        self.returned.update(flying)
        for resting in Kind if everywhere else (kind,):
            self.paused_until[resting] = 0.0 if self.closed else self.now + pause_s

    @rule()
    def flush(self) -> None:
        mark = self.room.queue.request_flush()
        self.flushed.update(self.pending())
        self.paused_until = dict.fromkeys(Kind, 0.0)
        self.marks.append((mark, set(self.pending())))

    @rule(seconds=st.sampled_from([1.0, 5.0, LINGER_S]))
    def let_time_pass(self, seconds: float) -> None:
        self.room.clock.advance(seconds)

    @precondition(lambda self: self.closed)
    @rule(kind=st.none() | kinds)
    def give_up(self, kind: Kind | None) -> None:
        self.room.queue.give_up("test", kind)
        for given_up in Kind if kind is None else (kind,):
            if self.room.keeps:
                self.left += self.waiting[given_up]
            else:
                self.counts["dropped"] += len(self.waiting[given_up])
            self.waiting[given_up].clear()

    @precondition(lambda self: self.counts["accepted"] > 10)
    @rule()
    def close(self) -> None:
        self.room.queue.close()
        self.closed = True
        self.flushed.update(self.pending())
        self.paused_until = dict.fromkeys(Kind, 0.0)

    @invariant()
    def counts_agree(self) -> None:
        stats = self.room.stats
        assert stats.accepted == self.counts["accepted"]
        assert stats.delivered == self.counts["delivered"]
        assert sum(stats.rejected.values()) == self.counts["rejected"]
        assert sum(stats.dropped.values()) == self.counts["dropped"]
        undelivered = self.pending() + self.left
        assert stats.pending == len(undelivered) <= MAX_EVENTS
        assert stats.pending_bytes == sum(map(size, undelivered)) <= MAX_BYTES

    @invariant()
    def marks_are_settled_exactly_when_all_before_them_is(self) -> None:
        pending = set(self.pending())
        for mark, before in self.marks:
            assert self.room.queue.outcomes.wait(mark, 0.0) == before.isdisjoint(pending)

    def teardown(self) -> None:
        if hasattr(self, "room"):
            self.room.end()


@pytest.mark.parametrize("queue", MAKERS)
def test_queue_model(queue: str) -> None:
    """Whatever is done to a queue, it holds, gives back and reports what the lists say."""

    class QueueModel(Model):
        make = staticmethod(MAKERS[queue])

    run_state_machine_as_test(
        QueueModel,
        settings=settings(
            max_examples=examples(100),
            stateful_step_count=40,
            deadline=None,
            derandomize=True,
            database=None,
        ),
    )

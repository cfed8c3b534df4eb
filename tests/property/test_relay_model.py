"""Commits of a relay against a model of a topic, whatever is sent, lost or taken away."""

from __future__ import annotations

from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from consumed import numbered
from growingio_tracker.delivery import BatchLimits, Postponed
from growingio_tracker.delivery.ledger import Ledger
from growingio_tracker.kafka.partitions import Assignment
from growingio_tracker.kafka.windows import Window
from growingio_tracker.testing import FakeClock
from growingio_wire.errors import GrowingIOException

PARTITIONS = st.integers(0, 2)
WINDOW = 4
ALL = 40


class RelayModel(RuleBasedStateMachine):
    """A topic of three partitions, and one relay that has some of them.

    :ivar position: for each partition that the relay has, the next message that Kafka gives.
    :ivar committed: what the group has committed, which outlives every assignment.
    :ivar delivered: how often each message was delivered.
    """

    @initialize()
    def begin(self) -> None:
        self.clock = FakeClock()
        self.ledger = Ledger(self.clock)
        limits = BatchLimits(WINDOW, linger_s=1.0)
        self.assignment = Assignment(
            limits, self.ledger, max_events=20, max_bytes=10_000, clock=self.clock
        )
        self.position: dict[int, int] = {}
        self.committed = dict.fromkeys(range(3), 0)
        self.delivered: Counter[tuple[int, int]] = Counter()
        self.at_work: list[Window] = []
        self.may_repeat: set[tuple[int, int]] = set()
        for partition in range(3):
            self.assign(partition)

    @rule(partition=PARTITIONS)
    def assign(self, partition: int) -> None:
        if partition not in self.position:
            self.position[partition] = self.committed[partition]
            self.assignment.assign([partition])

    @rule(partition=st.sampled_from([9, 9, 9, 9, 0, 1, 2]), orderly=st.booleans())
    def take_away(self, partition: int, orderly: bool) -> None:
        if self.position.pop(partition, None) is None:
            return
        if orderly:
            self.assignment.retire([partition], 0)
            self.commit()
        windows = [*self.at_work, *self.assignment.finished()]
        for window in windows:
            if window.partition.number == partition:
                self.may_repeat |= {(partition, one) for one in self._offsets(window)}
        self.may_repeat |= {
            (partition, offset)
            for (number, offset) in self.delivered
            if number == partition and offset >= self.committed[partition]
        }
        self.assignment.forget([partition])

    @rule(partition=PARTITIONS, count=st.integers(1, 9))
    def consume(self, partition: int, count: int) -> None:
        if partition in self.position and partition not in self.assignment.stuck():
            begin = self.position[partition]
            self.position[partition] = end = min(ALL, begin + count)
            if end > begin:
                self.assignment.add({partition: numbered(begin, end, partition)})

    @rule(seconds=st.sampled_from([0.5, 2.0, 20.0]))
    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @rule()
    def take(self) -> None:
        self.clock.advance(1.5)
        window = self.assignment.next(wait=False)
        if window is not None:
            assert all(one.partition is not window.partition for one in self.at_work)
            self.at_work.append(window)

    @precondition(lambda self: self.at_work)
    @rule(data=st.data())
    def send(self, data: st.DataObject) -> None:
        window = self.at_work.pop(data.draw(st.integers(0, len(self.at_work) - 1)))
        for group in window.groups:
            everything = len(group.batch)
            sent = data.draw(st.one_of(st.just(everything), st.integers(0, everything)))
            self._accept(window, sent)
            group.batch = group.batch.after(sent)
        window.groups = [one for one in window.groups if len(one.batch)]
        if window.groups:
            everywhere = data.draw(st.booleans())
            error = GrowingIOException("not now")
            self.assignment.rest(window, Postponed(error, 5.0, everywhere=everywhere))
        else:
            self.assignment.finish(window)

    @rule()
    def commit(self) -> None:
        for window in self.assignment.finished():
            number = window.partition.number
            assert self.committed[number] <= window.end_offset
            self.committed[number] = window.end_offset
            self.assignment.done(window)

    @rule(count=st.integers(1, 9))
    def work(self, count: int) -> None:
        """Have the next messages of every partition, and deliver what is due."""
        for partition in range(3):
            self.consume(partition, count)
        self.take()
        for window in self.at_work:
            self._accept_all(window)
        self.at_work.clear()

    @rule()
    def pause_and_resume(self) -> None:
        stuck = self.assignment.stuck()
        self.assignment.give_back(stuck)
        for number in set(self.position) - stuck:
            offset = self.assignment.to_reread(number)
            if offset is not None:
                self.position[number] = offset
                self.assignment.reread(number, offset)

    def _accept_all(self, window: Window) -> None:
        for group in window.groups:
            self._accept(window, len(group.batch))
        window.groups = []
        self.assignment.finish(window)

    def _accept(self, window: Window, count: int) -> None:
        group = window.groups[0]
        first = group.batch.first_seq
        for entry in group.entries[first : first + count]:
            self.delivered[window.partition.number, entry.offset] += 1
        with self.ledger.lock:
            size = group.batch.before(count).size
            self.ledger.count_delivered(count, size)
            window.note(count, size)

    def _offsets(self, window: Window) -> list[int]:
        return [entry.offset for group in window.groups for entry in group.entries]

    @invariant()
    def commits_only_what_has_an_outcome(self) -> None:
        for partition, end in getattr(self, "committed", {}).items():
            assert all(self.delivered[partition, offset] for offset in range(end))

    @invariant()
    def repeats_only_what_was_on_its_way(self) -> None:
        for place, times in getattr(self, "delivered", {}).items():
            assert times == 1 or place in self.may_repeat

    @invariant()
    def repeats_no_more_than_a_window(self) -> None:
        for partition, end in getattr(self, "committed", {}).items():
            beyond = [one for one in self.delivered if one[0] == partition and one[1] >= end]
            assert len(beyond) <= WINDOW or any(one in self.may_repeat for one in beyond)

    @invariant()
    def is_balanced(self) -> None:
        if hasattr(self, "ledger"):
            stats = self.ledger.stats()
            assert stats.adopted == stats.delivered + stats.handed_over + stats.pending

    def teardown(self) -> None:
        """Let everything be delivered in the end."""
        if not hasattr(self, "ledger"):
            return
        for partition in range(3):
            self.assign(partition)
        for _ in range(200):
            for window in self.at_work:
                self._accept_all(window)
            self.at_work.clear()
            self.commit()
            self.pause_and_resume()
            for partition in range(3):
                self.consume(partition, 9)
            self.clock.advance(20)
            self.take()
        assert self.committed == dict.fromkeys(range(3), ALL)
        assert (self.ledger.stats().pending, self.ledger.stats().pending_bytes) == (0, 0)
        self.commits_only_what_has_an_outcome()


RelayModel.TestCase.settings = settings(max_examples=100, stateful_step_count=60, deadline=None)
TestRelayModel = RelayModel.TestCase

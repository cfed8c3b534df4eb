"""What every queue promises, in memory or on disk (C1-C4, E4)."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from delivering.queues import DELIVERED, REJECTED, Room, names, postponed
from delivering.rig import assert_balanced, record
from delivering.waiting import Running, in_threads
from growingio_tracker.delivery import BatchLimits, QueueLimits
from growingio_tracker.exceptions import QueueFullError
from growingio_wire.table import Kind

MakeRoom = Callable[..., Room]


class TestOrder:
    def test_records_leave_in_order(self, room: Room) -> None:
        """Records of a kind leave in the order in which they entered."""
        room.offer("a", "b", "c")
        assert names(room.take()) == ["a", "b", "c"]

    def test_batch_is_of_one_kind(self, room: Room) -> None:
        """A batch never mixes kinds, and every kind gets its turn."""
        for kind in (Kind.EVENT, Kind.ITEM, Kind.MAPPING, Kind.EVENT):
            room.offer(kind.value, kind=kind)
        batches = [room.take() for _ in Kind]
        assert {batch.kind: names(batch) for batch in batches} == {
            Kind.EVENT: ["event", "event"],
            Kind.ITEM: ["item"],
            Kind.MAPPING: ["mapping"],
        }

    def test_kept_batch_returns_to_the_head(self, room: Room) -> None:
        """D2: a batch that was not delivered leaves again before what came behind it."""
        room.offer("a", "b")
        batch = room.take()
        room.offer("c")
        room.settle(batch, postponed())
        assert names(room.take()) == ["a", "b", "c"]

    def test_rest_of_a_batch_returns_to_the_head(self, room: Room) -> None:
        """D5: only the part of a batch that was not delivered leaves again."""
        room.offer("a", "b", "c", "d")
        first, second = room.take().halves()
        room.settle(first)
        room.settle(second, postponed())
        assert names(room.take()) == ["c", "d"]

    def test_one_batch_of_a_kind_at_a_time(self, room: Room) -> None:
        """While a batch has no outcome, no other one of its kind can overtake it."""
        room.offer("a")
        batch = room.take()
        room.offer("b")
        room.offer("i", kind=Kind.ITEM)
        assert names(room.take()) == ["i"]
        assert room.nothing_due
        first, second = batch, None
        room.settle(first, postponed())
        second = room.take()
        assert names(second) == ["a", "b"]

    def test_settling_lets_a_waiting_taker_go_on(self, room: Room) -> None:
        """A thread that waits for a batch gets it when the one in flight is settled."""
        room.offer("a")
        batch = room.take()
        room.offer("b")
        taking = Running(room.queue.take)
        room.settle(batch)
        assert taking.wait() is not None


class TestBatches:
    """C3: when a batch leaves, and what is in it."""

    def test_size_makes_a_batch(self, make_room: MakeRoom) -> None:
        """A batch leaves as soon as max_events records of a kind wait, and holds no more."""
        room = make_room(batches=BatchLimits(max_events=2, linger_s=None))
        room.offer("a")
        assert room.nothing_due
        room.offer("b", "c")
        batch = room.take()
        assert names(batch) == ["a", "b"]
        room.settle(batch)
        assert room.nothing_due

    def test_bytes_make_a_batch(self, make_room: MakeRoom) -> None:
        """A batch leaves as soon as max_bytes wait, and holds no more."""
        size = len(record("a"))
        room = make_room(batches=BatchLimits(max_bytes=2 * size, linger_s=None))
        room.offer("a")
        assert room.nothing_due
        room.offer("b", "c")
        assert names(room.take()) == ["a", "b"]

    def test_large_record_leaves_alone(self, make_room: MakeRoom) -> None:
        """A record larger than max_bytes makes a batch of its own."""
        room = make_room(batches=BatchLimits(max_bytes=5, linger_s=None))
        room.offer("a", "b")
        assert names(room.take()) == ["a"]

    def test_lingering_makes_a_batch(self, make_room: MakeRoom) -> None:
        """A batch leaves when its oldest record has waited linger_s on the monotonic clock."""
        room = make_room(batches=BatchLimits(linger_s=10.0))
        room.offer("a")
        room.clock.advance(9.0)
        room.offer("b")
        assert room.nothing_due
        room.clock.advance(1.0)
        assert names(room.take()) == ["a", "b"]

    def test_item_pushes_no_events_out(self, make_room: MakeRoom) -> None:
        """An item that is due takes no event along and does not make events due."""
        room = make_room(batches=BatchLimits(max_events=2, linger_s=None))
        room.offer("e")
        room.offer("i", "j", kind=Kind.ITEM)
        batch = room.take()
        assert (batch.kind, names(batch)) == (Kind.ITEM, ["i", "j"])
        assert room.nothing_due

    def test_kept_batch_lingers_no_second_time(self, make_room: MakeRoom) -> None:
        """What comes back is due when its rest is over, however long linger_s is."""
        room = make_room(batches=BatchLimits(linger_s=600.0))
        room.offer("a")
        room.clock.advance(600.0)
        room.settle(room.take(), postponed(pause_s=5.0))
        assert room.nothing_due
        room.clock.advance(5.0)
        assert names(room.take()) == ["a"]


class TestPauses:
    """D2, D3: a failing server is left alone."""

    def test_everything_pauses(self, room: Room) -> None:
        """After Postponed(pause_s) nothing leaves before the rest is over, of no kind."""
        room.offer("a")
        room.settle(room.take(), postponed(pause_s=10.0))
        room.offer("i", kind=Kind.ITEM)
        room.clock.advance(9.9)
        assert room.nothing_due
        room.clock.advance(0.2)
        assert {room.take().kind, room.take().kind} == {Kind.EVENT, Kind.ITEM}

    def test_one_address_pauses(self, room: Room) -> None:
        """A kind whose own address is wrong does not hold up the other kinds."""
        room.offer("i", kind=Kind.ITEM)
        room.settle(room.take(), postponed(pause_s=60.0, everywhere=False))
        room.offer("a")
        assert names(room.take()) == ["a"]
        assert room.nothing_due

    def test_flush_ends_the_pause(self, room: Room) -> None:
        """A flush asks the server again at once."""
        room.offer("a")
        room.settle(room.take(), postponed(pause_s=60.0))
        room.queue.request_flush()
        assert names(room.take()) == ["a"]

    def test_closing_knows_no_pause(self, room: Room) -> None:
        """After close everything is due, also what comes back later."""
        room.offer("a")
        batch = room.take()
        room.queue.close()
        room.settle(batch, postponed(pause_s=60.0))
        assert names(room.take()) == ["a"]


class TestOverflow:
    """C1, C2: the bounds, and what becomes of what does not fit."""

    @pytest.mark.parametrize("overflow", ["drop_new", "drop_oldest", "block", "raise"])
    def test_bounds(self, make_room: MakeRoom, overflow: str) -> None:
        """No policy lets more than max_events or max_bytes wait, what is in flight included."""
        size = len(record("a0"))
        for limits in (
            QueueLimits(max_events=3, overflow=overflow, block_s=0),  # type: ignore[arg-type]
            QueueLimits(max_bytes=3 * size, overflow=overflow, block_s=0),  # type: ignore[arg-type]
        ):
            room = make_room(limits, BatchLimits(max_events=2, linger_s=0.0))
            for number in range(9):
                if number == 4:
                    room.take()
                try:
                    room.offer(f"a{number}")
                except QueueFullError:
                    assert overflow == "raise"
                assert room.stats.pending <= 3
                assert room.stats.pending_bytes <= 3 * size
                assert_balanced(room.ledger)

    @pytest.mark.parametrize("overflow", ["drop_new", "drop_oldest", "block", "raise"])
    def test_every_loss_is_counted_and_told(self, make_room: MakeRoom, overflow: str) -> None:
        """Each event that finds no place is counted as queue_full and given to on_error."""
        room = make_room(QueueLimits(max_events=1, overflow=overflow, block_s=0))  # type: ignore[arg-type]
        room.offer("a")
        for name in "bcd":
            if overflow == "raise":
                with pytest.raises(QueueFullError, match="not queued"):
                    room.offer(name)
            else:
                room.offer(name)
        assert room.stats.dropped == {"queue_full": 3}
        assert [(p.reason, p.events) for p in room.problems] == [("queue_full", 1)] * 3
        assert names(room.take()) == (["d"] if overflow == "drop_oldest" else ["a"])

    def test_full_before_a_batch_is(self, make_room: MakeRoom) -> None:
        """A room that several kinds share is sent once it is full, although no batch is."""
        room = make_room(QueueLimits(max_events=2), BatchLimits(max_events=2, linger_s=60.0))
        room.offer("a")
        room.offer("i", kind=Kind.ITEM)
        assert room.nothing_due
        room.offer("b")
        assert room.stats.dropped == {"queue_full": 1}
        batches = room.take(), room.take()
        assert {batch.kind for batch in batches} == {Kind.EVENT, Kind.ITEM}

    def test_full_while_it_pauses(self, make_room: MakeRoom) -> None:
        """A record that finds no room does not end a pause of the server."""
        room = make_room(QueueLimits(max_events=1), BatchLimits(linger_s=60.0))
        room.offer("a", "b")
        room.settle(room.take(), postponed(pause_s=30.0))
        room.offer("c")
        assert room.nothing_due
        room.clock.advance(30.0)
        assert names(room.take()) == ["a"]

    def test_losses_are_logged_once_a_minute(
        self, make_room: MakeRoom, caplog: pytest.LogCaptureFixture
    ) -> None:
        """The log has at most one line a minute for a reason, with the number of all losses."""
        room = make_room(QueueLimits(max_events=1))
        with caplog.at_level(logging.WARNING):
            room.offer(*"abcdef")
            room.clock.advance(59.0)
            room.offer("g")
            assert len(caplog.messages) == 1
            assert "lost: 1)" in caplog.messages[0]
            room.clock.advance(2.0)
            room.offer("h")
        assert len(caplog.messages) == 2
        assert "lost: 6)" in caplog.messages[1]

    def test_drop_oldest_makes_room(self, make_room: MakeRoom) -> None:
        """drop_oldest drops as many of the oldest as the new record needs."""
        room = make_room(QueueLimits(max_bytes=4 * len(record("a")), overflow="drop_oldest"))
        room.offer("a", "b", "c", "d")
        room.offer("efghijkl")
        assert names(room.take()) == ["c", "d", "efghijkl"]

    def test_drop_oldest_drops_nothing_in_vain(self, make_room: MakeRoom) -> None:
        """A record that would not fit into an empty queue costs no other one its place."""
        room = make_room(QueueLimits(max_bytes=2 * len(record("a")), overflow="drop_oldest"))
        room.offer("a", "b", "x" * 100)
        assert names(room.take()) == ["a", "b"]
        assert room.stats.dropped == {"queue_full": 1}

    def test_drop_oldest_spares_what_is_in_flight(self, make_room: MakeRoom) -> None:
        """A batch in flight is never dropped; when nothing else waits, the new record is."""
        room = make_room(QueueLimits(max_events=2, overflow="drop_oldest"))
        room.offer("a", "b")
        batch = room.take()
        room.offer("c")
        room.settle(batch, postponed())
        assert names(room.take()) == ["a", "b"]
        assert room.stats.dropped == {"queue_full": 1}

    def test_block_waits_for_a_place(self, make_room: MakeRoom) -> None:
        """With block a call waits until an outcome makes room, and nothing is lost."""
        room = make_room(QueueLimits(max_events=1, overflow="block", block_s=60.0))
        room.offer("a")
        batch = room.take()
        offering = Running(lambda: room.offer("b"))
        room.settle(batch)
        offering.wait()
        assert names(room.take()) == ["b"]
        assert not room.stats.dropped

    def test_close_ends_blocking(self, make_room: MakeRoom) -> None:
        """Closing lets blocked calls go; their events are counted as closed."""
        room = make_room(QueueLimits(max_events=1, overflow="block", block_s=60.0))
        room.offer("a")
        offering = Running(lambda: room.offer("b"))
        room.queue.close()
        offering.wait()
        assert room.stats.dropped == {"closed": 1}


class TestFlush:
    """E4: a flush is settled when everything before it has an outcome."""

    def test_flush_makes_due(self, make_room: MakeRoom) -> None:
        """A flush makes everything that waits due, in batches of at most max_events."""
        room = make_room(batches=BatchLimits(max_events=2, linger_s=None))
        room.offer("a", "b", "c")
        room.queue.request_flush()
        room.offer("d")
        sent = []
        for _ in range(2):
            batch = room.take()
            sent.append(names(batch))
            room.settle(batch)
        assert sent == [["a", "b"], ["c", "d"]]

    def test_nothing_to_wait_for(self, room: Room) -> None:
        """A flush of an empty queue is settled at once."""
        assert room.queue.outcomes.wait(room.queue.request_flush(), 0.0)

    @pytest.mark.parametrize("outcome", [DELIVERED, REJECTED])
    def test_outcome_settles(self, room: Room, outcome: object) -> None:
        """Delivered and rejected are outcomes; a batch in flight has none."""
        room.offer("a", "b")
        mark = room.queue.request_flush()
        first, second = room.take().halves()
        room.settle(first)
        assert not room.queue.outcomes.wait(mark, 0.0)
        room.settle(second, outcome)  # type: ignore[arg-type]
        assert room.queue.outcomes.wait(mark, 0.0)

    def test_kept_settles_nothing(self, room: Room) -> None:
        """A batch that came back has no outcome."""
        room.offer("a")
        mark = room.queue.request_flush()
        room.settle(room.take(), postponed())
        assert not room.queue.outcomes.wait(mark, 0.0)

    def test_later_records_do_not_matter(self, room: Room) -> None:
        """What entered after the flush is not waited for."""
        room.offer("a")
        mark = room.queue.request_flush()
        batch = room.take()
        room.offer("b")
        room.settle(batch)
        assert room.queue.outcomes.wait(mark, 0.0)

    def test_gap_is_no_place(self, make_room: MakeRoom) -> None:
        """A flush is settled by its own events alone, also when some of them were dropped."""
        room = make_room(QueueLimits(max_events=2, overflow="drop_oldest"))
        room.offer("a")
        batch = room.take()
        room.offer("b")
        mark = room.queue.request_flush()
        room.offer("c")  # which costs b its place
        room.settle(batch, postponed())
        room.settle(room.take())
        assert room.queue.outcomes.wait(mark, 0.0)
        assert names(room.take()) == ["c"]

    def test_eviction_settles(self, make_room: MakeRoom) -> None:
        """A thread that waits for a flush goes on when the last event of it is dropped."""
        room = make_room(QueueLimits(max_events=1, overflow="drop_oldest"))
        room.offer("a")
        mark = room.queue.request_flush()
        waiting = Running(lambda: room.queue.outcomes.wait(mark, None))
        room.offer("b")
        assert waiting.wait() is True


class TestClose:
    """E3: the end of a queue."""

    def test_offers_are_refused(self, room: Room) -> None:
        """After close every record is refused, counted as closed and told of once."""
        room.queue.close()
        room.offer("a", "b", "c")
        assert room.stats.dropped == {"closed": 3}
        assert [problem.reason for problem in room.problems] == ["closed"]

    def test_closed_is_told_once_to_many_threads(self, room: Room) -> None:
        """Threads that track into a closed queue at once cause one warning together."""
        room.queue.close()
        in_threads([lambda: room.offer("a")] * 8)
        assert len(room.problems) == 1

    def test_take_goes_on_until_empty(self, make_room: MakeRoom) -> None:
        """After close take returns what waits, then None instead of waiting."""
        room = make_room(batches=BatchLimits(linger_s=None))
        room.offer("a")
        room.queue.close()
        batch = room.queue.take()
        assert batch is not None
        room.settle(batch)
        assert room.queue.take() is None

    def test_close_wakes_a_taker(self, room: Room) -> None:
        """A thread that waits in take returns None when the queue is closed."""
        taking = Running(room.queue.take)
        room.queue.close()
        assert taking.wait() is None

    def test_give_up(self, room: Room) -> None:
        """Giving up takes no more of what waits, and leaves what is in flight alone."""
        room.offer("a")
        batch = room.take()
        room.offer("b", "c")
        room.queue.close()
        room.queue.give_up("undelivered")
        assert room.nothing_due
        room.settle(batch)
        assert room.nothing_due
        assert room.stats.delivered == 1
        assert room.stats.pending == (2 if room.keeps else 0)
        assert room.stats.dropped == ({} if room.keeps else {"undelivered": 2})
        assert_balanced(room.ledger)

    def test_give_up_one_kind(self, room: Room) -> None:
        """Giving up one kind keeps the others."""
        room.offer("a")
        room.offer("i", kind=Kind.ITEM)
        room.queue.close()
        room.queue.give_up("undelivered", Kind.ITEM)
        assert names(room.take()) == ["a"]
        assert room.nothing_due

    def test_giving_up_settles(self, room: Room) -> None:
        """A thread that waits for a flush goes on when nothing of it is taken any more."""
        room.offer("a")
        mark = room.queue.request_flush()
        waiting = Running(lambda: room.queue.outcomes.wait(mark, None))
        room.queue.close()
        room.queue.give_up("undelivered")
        assert waiting.wait() is True


def test_threads(make_room: MakeRoom) -> None:
    """C4: with many threads offering and taking, each record leaves exactly once and in order."""
    room = make_room(batches=BatchLimits(max_events=7, linger_s=0.0))
    taken: list[str] = []
    total = 4 * 250

    def offer(thread: int) -> None:
        room.offer(*(f"{thread}-{number}" for number in range(250)))

    def take() -> None:
        while room.stats.delivered < total:
            batch = room.queue.take(wait=False)
            if batch is not None:
                taken.extend(names(batch))
                room.settle(batch)

    in_threads([*[lambda n=n: offer(n) for n in range(4)], take, take])
    assert len(taken) == len(set(taken)) == total
    for thread in range(4):
        own = [int(name.split("-")[1]) for name in taken if name.startswith(f"{thread}-")]
        assert own == list(range(250))

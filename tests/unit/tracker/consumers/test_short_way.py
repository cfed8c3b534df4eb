"""The way of plain events past consumer and pipeline, and who keeps them from it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from growingio_tracker import (
    AsyncBufferedConsumer,
    BufferedConsumer,
    Consumer,
    DurableConsumer,
    GrowingIOException,
    GrowingTracker,
    QueueLimits,
    Receipt,
)
from growingio_tracker.core import IS_COMPILED
from growingio_tracker.delivery.drivers import FillingCaller
from growingio_tracker.delivery.workers import WorkerThreads
from growingio_tracker.testing import FakeClock, MemoryTransport, record_everything
from growingio_wire.http import Response
from growingio_wire.table import Kind

NAMES = ("p", "d", "http://x.example")


def background(**options: Any) -> AsyncBufferedConsumer:
    return AsyncBufferedConsumer(*NAMES, transport=MemoryTransport(), flush_after=3600, **options)


@pytest.fixture
def accepted(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The records that went the long way."""
    records: list[bytes] = []
    offer = WorkerThreads.offer

    def noting(self: WorkerThreads, kind: Kind, record: bytes) -> Receipt:
        records.append(record)
        return offer(self, kind, record)

    monkeypatch.setattr(WorkerThreads, "offer", noting)
    return records


def track(tracker: GrowingTracker, **options: Any) -> Receipt:
    return tracker.track_custom_event("e", login_user_id="u", **options)


def test_plain_events_take_it(accepted: list[bytes]) -> None:
    """The first event starts the thread, and those behind it go past all that."""
    with GrowingTracker.consumer(background()) as tracker:
        receipts = [track(tracker, attributes={"n": n}) for n in range(5)]
        assert len(accepted) == 1
        assert tracker.stats().pending == 5
        assert tracker.flush()
        assert [receipt.fate.status for receipt in receipts] == ["delivered"] * 5
    assert tracker.stats().accepted == tracker.stats().delivered == 5


def test_others_do_not(accepted: list[bytes]) -> None:
    """What is not plain, and what filters must see, goes the long way."""
    with GrowingTracker.consumer(background(), redact=["phone"]) as tracker:
        for _ in range(3):
            track(tracker)
    with GrowingTracker.consumer(background()) as tracker:
        for _ in range(3):
            track(tracker, event_time=1_700_000_000_000)
            tracker.submit_item("key", "1")
    assert len(accepted) == 9


def test_bound_events(accepted: list[bytes]) -> None:
    """What is bound is completed, and then goes the same way."""
    with GrowingTracker.consumer(background()) as tracker:
        bound = tracker.bind(login_user_id="bound", attributes={"a": 1})
        with tracker.context(anonymous_id="here"):
            for _ in range(3):
                bound.track_custom_event("e")
                tracker.track_custom_event("e")
        assert len(accepted) == 1
        assert tracker.stats().pending == 6


def test_after_closing(accepted: list[bytes]) -> None:
    """C4, E3: A closed consumer refuses and counts what comes."""
    with GrowingTracker.consumer(background()) as tracker:
        track(tracker)
        track(tracker)
    assert track(tracker).fate.reason == "closed"
    assert tracker.stats().dropped == {"closed": 1}


def test_full_queue() -> None:
    """C2: What finds no room by the short way meets the policy."""
    limits = QueueLimits(max_events=3, overflow="drop_oldest")
    with GrowingTracker.consumer(background(queue=limits, max_size=3)) as tracker:
        for _ in range(2):
            track(tracker)
        tracker.flush()
        for _ in range(10):
            track(tracker)
        stats = tracker.stats()
    assert stats.accepted == 12
    assert stats.pending + stats.delivered + sum(stats.dropped.values()) == 12


def test_overridden_accept() -> None:
    """A subclass that accepts by itself gets every record."""
    records: list[bytes] = []

    class Own(AsyncBufferedConsumer):
        def accept(self, kind: Kind, record: bytes) -> Receipt:
            records.append(record)
            return super().accept(kind, record)

    consumer = Own(*NAMES, transport=MemoryTransport(), flush_after=3600)
    with GrowingTracker.consumer(consumer) as tracker:
        for _ in range(3):
            track(tracker)
    assert len(records) == 3


def test_overridden_send() -> None:
    """A1: A subclass that sends by itself gets every message."""
    messages: list[Any] = []

    class Own(AsyncBufferedConsumer):
        def send(self, message: Any) -> None:
            messages.append(message)

    tracker = GrowingTracker.consumer(Own(*NAMES, transport=MemoryTransport()))
    for _ in range(3):
        track(tracker)
    assert len(messages) == 3


def test_recording() -> None:
    """Events are recorded that a tracker in use would have sent, and afterwards they are sent."""
    with GrowingTracker.consumer(background()) as tracker:
        track(tracker)
        with record_everything() as recorded:
            track(tracker)
        track(tracker)
        assert len(recorded.events) == 1
        assert tracker.stats().pending == 2


@pytest.fixture
def filled(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The records that took the long way of a strategy that sends in its caller."""
    records: list[bytes] = []
    offer = FillingCaller.offer

    def noting(self: FillingCaller, kind: Kind, record: bytes) -> Receipt:
        records.append(record)
        return offer(self, kind, record)

    monkeypatch.setattr(FillingCaller, "offer", noting)
    return records


def buffered(transport: MemoryTransport, **options: Any) -> BufferedConsumer:
    return BufferedConsumer(*NAMES, retry_limit=0, transport=transport, **options)


def test_callers_that_send(filled: list[bytes]) -> None:
    """Where callers send, only events that begin a wait or fill a batch take the long way."""
    with GrowingTracker.consumer(buffered(MemoryTransport(), max_size=5)) as tracker:
        for number in range(12):
            track(tracker)
            assert tracker.stats().delivered == (number + 1) // 5 * 5
        assert len(filled) == 5
    assert tracker.stats().delivered == tracker.stats().accepted == 12


def test_d6_callers_that_fail(filled: list[bytes]) -> None:
    """D6: A call that fills a batch raises what went wrong; so does each that tries again."""
    transport = MemoryTransport([204, 503, 503])
    consumer = buffered(transport, max_size=3, retry_backoff_factor=0)
    with GrowingTracker.consumer(consumer) as tracker:
        for _ in range(5):
            track(tracker)
        for _ in range(2):
            with pytest.raises(GrowingIOException):
                track(tracker)
        assert tracker.stats().pending == 4
        track(tracker)
        assert (tracker.stats().delivered, tracker.stats().pending) == (6, 2)
        track(tracker)
        assert tracker.stats().delivered == 9


def test_d6_a_pause_is_over(filled: list[bytes]) -> None:
    """D6: The first call after a pause sends, though a full batch had waited all the time."""
    clock = FakeClock()
    transport = MemoryTransport([Response(503, headers={"retry-after": "5"})])
    with GrowingTracker.consumer(buffered(transport, max_size=3, clock=clock)) as tracker:
        for _ in range(2):
            track(tracker)
        with pytest.raises(GrowingIOException):
            track(tracker)
        for _ in range(4):
            track(tracker)
        assert len(transport.requests) == 1
        clock.advance(6.0)
        track(tracker)
        assert (tracker.stats().delivered, tracker.stats().pending) == (6, 2)


def test_d6_a_flush_that_fails(filled: list[bytes]) -> None:
    """D6: After a flush that failed, the next call tries again."""
    with GrowingTracker.consumer(buffered(MemoryTransport([503]), max_size=100)) as tracker:
        track(tracker)
        track(tracker)
        with pytest.raises(GrowingIOException):
            tracker.flush()
        track(tracker)
        assert tracker.stats().delivered == 3


def on_disk(spool: Path, **options: Any) -> DurableConsumer:
    options |= {"spool": spool, "transport": MemoryTransport(), "flush_after": 3600}
    return DurableConsumer(*NAMES, **options)


@pytest.mark.skipif(not IS_COMPILED, reason="not here: the pure core writes no record")
def test_on_disk(accepted: list[bytes], tmp_path: Path) -> None:
    """The first event opens the store, and those behind it are written in the core."""
    with GrowingTracker.consumer(on_disk(tmp_path)) as tracker:
        receipts = [track(tracker, attributes={"n": n}) for n in range(5)]
        assert len(accepted) == 1
        assert tracker.stats().pending == 5
        assert tracker.flush()
        assert [receipt.fate.status for receipt in receipts] == ["delivered"] * 5
        track(tracker)
        assert len(accepted) == 2, "what was delivered has taken its file with it"
    assert tracker.stats().accepted == tracker.stats().delivered == 6


def test_on_disk_with_fsync(accepted: list[bytes], tmp_path: Path) -> None:
    """An event that has to wait for the disk does so on the long way."""
    with GrowingTracker.consumer(on_disk(tmp_path, fsync=True)) as tracker:
        for _ in range(3):
            track(tracker)
    assert len(accepted) == 3


def test_g6_a_deleted_directory(accepted: list[bytes], tmp_path: Path) -> None:
    """A call within 50 µs notices that the directory was deleted; all until then is counted."""
    consumer = on_disk(tmp_path / "spool")
    with GrowingTracker.consumer(consumer) as tracker:
        lost = [track(tracker) for _ in range(3)]
        shutil.rmtree(tmp_path / "spool")
        before = len(accepted)
        while (last := track(tracker)) and len(accepted) == before:
            lost.append(last)
        kept = [last, *(track(tracker) for _ in range(3))]
    stats = tracker.stats()
    assert (stats.dropped, stats.delivered) == ({"spool_damaged": len(lost)}, len(kept))
    assert {one.fate.status for one in lost} == {"dropped"}
    assert {one.fate.status for one in kept} == {"delivered"}


def test_on_disk_after_closing(accepted: list[bytes], tmp_path: Path) -> None:
    """E3: What comes after closing is refused, and nothing of it is written."""
    consumer = on_disk(tmp_path)
    tracker = GrowingTracker.consumer(consumer)
    for _ in range(2):
        track(tracker)
    consumer.close()
    assert track(tracker).fate.status == "dropped"
    assert not list(tmp_path.iterdir())


def test_a_full_room_on_disk(tmp_path: Path) -> None:
    """C2: What finds no room is dropped as the policy says, and counted."""
    consumer = on_disk(tmp_path, queue=QueueLimits(max_events=3), max_size=3)
    with GrowingTracker.consumer(consumer) as tracker:
        tracker.flush()
        with consumer._pipelines.get().ledger.lock:  # so that nobody sends
            fates = [track(tracker).fate.status for _ in range(5)]
    assert fates == ["pending"] * 3 + ["dropped"] * 2
    assert tracker.stats().dropped == {"queue_full": 2}


def test_base_class() -> None:
    """A consumer of one's own has none."""

    class Own(Consumer):
        def send(self, message: Any) -> None:
            sent.append(message)

    sent: list[Any] = []
    tracker = GrowingTracker.consumer(Own(*NAMES))
    track(tracker)
    assert len(sent) == 1

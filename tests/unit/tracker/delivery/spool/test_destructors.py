"""C4, G1: destructors, which the garbage collector runs amid any step, may track."""

from __future__ import annotations

import gc
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from delivering.queues import DELIVERED, names, postponed
from delivering.rig import assert_balanced
from delivering.spools import HERE, Process
from growingio_tracker.delivery import QueueLimits
from growingio_tracker.delivery.spool.store import Store
from growingio_wire.table import Kind

STEPS = 3000


class Garbage:
    """Calls ``act`` when it is collected."""

    def __init__(self, act: Callable[[], None]) -> None:
        self._me, self._act = self, act

    def __del__(self) -> None:
        self._act()


@contextmanager
def storm(act: Callable[[], None]) -> Iterator[Callable[[int], None]]:
    """Give what has ``act`` called by one of the next objects that are made, the so many-th."""
    before = gc.get_threshold()
    gc.freeze()  # what there is need not be looked at each time

    def leave(objects: int) -> None:
        gc.disable()
        gc.collect()
        Garbage(act)
        gc.set_threshold(gc.get_count()[0] + objects)
        gc.enable()

    try:
        yield leave
    finally:
        gc.set_threshold(*before)


def test_appending(tmp_path: Path) -> None:
    """No number is given twice, and every record is there."""
    store = Store.create(tmp_path, HERE, segment_bytes=4000)
    journal = store.journals[Kind.EVENT]
    given: dict[int, bytes] = {}

    def append(record: bytes) -> None:
        seq = journal.append(1, record)
        assert seq not in given
        given[seq] = record

    with storm(lambda: append(b"%d" % -len(given))) as leave:
        for step in range(STEPS):
            leave(1 + step % 20)
            append(b"%d" % len(given))
    there = {entry.seq: entry.record for entry in journal.waiting_from(0)}
    assert there == given
    assert len(given) > STEPS
    store.release()


@pytest.mark.parametrize("seed", range(3))
def test_a_full_room(tmp_path: Path, seed: int) -> None:
    """Whatever it comes amid, each event is delivered or dropped once, and nothing is damaged."""
    limits = QueueLimits(max_events=7, overflow="drop_oldest")
    process, draw = Process(tmp_path, limits=limits), random.Random(seed)
    offered, delivered = [0], list[str]()

    def offer() -> None:
        offered[0] += 1
        process.offer(f"{offered[0]:06}")

    def send() -> None:
        batch = process.queue.take(wait=False)
        if batch is not None and draw.random() < 0.5:
            process.queue.settle(batch, DELIVERED)
            delivered.extend(names(batch))
        elif batch is not None:
            process.queue.settle(batch, postponed(0.0))

    with storm(offer) as leave:
        for _ in range(STEPS):
            leave(draw.randint(1, 40))
            draw.choice([offer, offer, send])()
    delivered += process.deliver_all()
    stats = process.ledger.stats()
    assert_balanced(process.ledger)
    assert (stats.accepted, stats.pending, stats.pending_bytes) == (offered[0], 0, 0)
    assert set(stats.dropped) == {"queue_full"}
    assert len(delivered) == len(set(delivered)) == stats.delivered
    process.end()
    assert not list(tmp_path.iterdir())

"""What a receipt costs that nobody asks: ``python -m benchmarks.receipt``.

It compares a call, and its part that takes in the record, with the same where the queue returns
nothing. Instructions are the same on every run of one Python version. Times are those of the
thread, and the shortest of many rounds in turns, so that a busy machine hardly disturbs them.
"""

from __future__ import annotations

import inspect
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from benchmarks.clients import ATTRIBUTES, HOUR_S, NAME, USER
from benchmarks.guard import VERSION, fewest_instructions
from growingio_tracker import AsyncBufferedConsumer, GrowingTracker
from growingio_tracker.delivery import memory_queue
from growingio_tracker.delivery.engine import Engine
from growingio_tracker.delivery.memory_queue import MemoryQueue
from growingio_tracker.delivery.queue_engine import QueueEngine
from growingio_tracker.testing import MemoryTransport
from growingio_tracker.wire import Kind

ROUNDS: Final = 60
CALLS: Final = 1_000
RECEIPT: Final = "Receipt(self, lane, place)"
RECORD: Final = b"x" * 250


class Cost(NamedTuple):
    """Of taking in a record and of a whole call."""

    accept: float
    call: float


def without_receipts() -> type[MemoryQueue]:
    """Return the queue with the one difference that a call gets ``None``."""
    source = textwrap.dedent(inspect.getsource(MemoryQueue.offer))
    assert source.count(RECEIPT) == 1
    names = dict(vars(memory_queue))
    exec(compile(source.replace(RECEIPT, "None"), memory_queue.__file__, "exec"), names)
    return type("WithoutReceipts", (MemoryQueue,), {"offer": names["offer"]})


@contextmanager
def calls(queue: type[MemoryQueue]) -> Iterator[tuple[Callable[[], object], Callable[[], object]]]:
    """Give what takes in a record and what tracks, whose events wait until the end of the block."""
    consumer = _Consumer(
        *("p", "d", "http://x.example"),
        flush_after=HOUR_S,
        max_size=100_000,
        transport=MemoryTransport(),
    )
    consumer.queue = queue
    with GrowingTracker.consumer(consumer) as tracker:
        yield (
            lambda: consumer.accept(Kind.EVENT, RECORD),
            lambda: tracker.track_custom_event(NAME, login_user_id=USER, attributes=ATTRIBUTES),
        )


class _Consumer(AsyncBufferedConsumer):
    queue: type[MemoryQueue]

    def _strategy(self, parts: Any) -> Engine:
        engine = super()._strategy(parts)
        assert isinstance(engine, QueueEngine)
        engine._queue.__class__ = self.queue
        return engine


def instructions(queue: type[MemoryQueue]) -> Cost:
    """Return the bytecode instructions of both."""
    with calls(queue) as both:
        return Cost(*map(fewest_instructions, both))


def nanoseconds(queues: tuple[type[MemoryQueue], ...]) -> list[Cost]:
    """Return the shortest times of both for each of ``queues``, which take turns."""
    best = [Cost(float("inf"), float("inf")) for _ in queues]
    for _ in range(ROUNDS):
        for index, queue in enumerate(queues):
            with calls(queue) as both:
                best[index] = Cost(*map(min, best[index], map(_timed, both)))
    return best


def _timed(call: Callable[[], object]) -> float:
    begin = time.thread_time_ns()
    for _ in range(CALLS):
        call()
    return (time.thread_time_ns() - begin) / CALLS


def main() -> None:
    queues = (MemoryQueue, without_receipts())
    for unit, found in (
        ("instructions", [instructions(queue) for queue in queues]),
        ("ns", nanoseconds(queues)),
    ):
        for name, having, lacking in zip(Cost._fields, *found, strict=True):
            print(
                f"CPython {VERSION}, {name}, {unit}: {having:.0f} with a receipt, {lacking:.0f} "
                f"without, {having - lacking:+.0f} ({having / lacking - 1:+.1%})"
            )


if __name__ == "__main__":
    main()

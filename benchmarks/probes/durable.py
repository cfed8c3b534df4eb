"""DurableConsumer beside the queue in memory: a call, opening a full spool, draining it, memory."""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable

from growingio_tracker import (
    AsyncBufferedConsumer,
    Consumer,
    DurableConsumer,
    GrowingTracker,
    QueueLimits,
)
from growingio_wire.http import Request, Response
from growingio_wire.http.connections import Route
from growingio_wire.http.transport import HttpTransport

CALLS = 100_000
WARM_UP = 5_000
BACKLOG = 1_000_000
DEADLINE_S = 300
LIMITS = QueueLimits(max_events=10_000_000, max_bytes=2**32)
ATTRIBUTES = {"sku": "A-1", "color": "red", "city": "上海", "qty": 2, "price": 15.5}


def main(server: str) -> None:
    with tempfile.TemporaryDirectory() as spool:
        figures = in_child(lambda: calls(server, spool))
    with tempfile.TemporaryDirectory() as spool:
        figures |= in_child(lambda: fill(server, spool))
        figures |= in_child(lambda: drain(server, spool))
    figures |= in_child(lambda: drain_memory(server))
    figures["drain_ratio"] = figures["drain_per_s"] / figures["drain_memory_per_s"]
    print(json.dumps(figures))


def in_child(measure: Callable[[], dict[str, float]]) -> dict[str, float]:
    """Return what ``measure`` found in a process of its own, which ends without delivering."""
    read_end, write_end = os.pipe()
    if os.fork() == 0:
        os.write(write_end, json.dumps(measure()).encode())
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        figures: dict[str, float] = json.loads(pipe.read())
    os.wait()
    return figures


def durable(server: str, spool: str, **options: float) -> DurableConsumer:
    return DurableConsumer("p", "d", server, spool=spool, queue=LIMITS, **options)  # type: ignore[arg-type]


def calls(server: str, spool: str) -> dict[str, float]:
    """Return what a call costs while nothing is sent."""
    consumer = durable(server, spool, flush_after=3600, max_size=10**6, max_batch_bytes=2**31)
    track = GrowingTracker.consumer(consumer).track_custom_event
    clock, costs = time.perf_counter_ns, []
    for _ in range(CALLS + WARM_UP):
        begin = clock()
        track("order_paid", login_user_id="user-1", attributes=ATTRIBUTES)
        costs.append(clock() - begin)
    costs = sorted(costs[WARM_UP:])
    return {"median_ns": costs[CALLS // 2], "p99_ns": costs[CALLS * 99 // 100]}


def track_backlog(consumer: Consumer) -> None:
    track = GrowingTracker.consumer(consumer).track_custom_event
    for _ in range(BACKLOG):
        track("order_paid", login_user_id="user-1", attributes=ATTRIBUTES)


def fill(server: str, spool: str) -> dict[str, float]:
    """Return by how much memory grows while a million events come to wait on disk."""
    consumer = durable(server, spool, flush_after=3600, max_size=BACKLOG + 1, max_batch_bytes=2**31)
    track = GrowingTracker.consumer(consumer).track_custom_event
    track("order_paid", login_user_id="user-1", attributes=ATTRIBUTES)
    before = peak_mib()
    track_backlog(consumer)
    return {"waiting_mib": peak_mib() - before}


def drain(server: str, spool: str) -> dict[str, float]:
    """Return how long a full spool takes to open, and how fast it drains."""
    consumer = durable(server, spool)
    before, begin = peak_mib(), time.perf_counter()
    consumer.flush(0)
    opened = time.perf_counter()
    assert consumer.stats().adopted > BACKLOG, consumer.stats()
    assert consumer.flush(DEADLINE_S), consumer.stats()
    rate = BACKLOG / (time.perf_counter() - opened)
    return {"open_s": opened - begin, "drain_per_s": rate, "draining_mib": peak_mib() - before}


class HeldTransport(HttpTransport):
    """Exchanges nothing until it may."""

    released = threading.Event()

    def exchange(self, request: Request) -> Response:
        self.released.wait()
        return super().exchange(request)


def drain_memory(server: str) -> dict[str, float]:
    """Return how fast the queue in memory drains, which is what the spool is compared with."""
    transport = HeldTransport(Route.by_environment(server))
    consumer = AsyncBufferedConsumer("p", "d", server, queue=LIMITS, transport=transport)
    track_backlog(consumer)
    begin = time.perf_counter()
    transport.released.set()
    assert consumer.flush(DEADLINE_S), consumer.stats()
    return {"drain_memory_per_s": BACKLOG / (time.perf_counter() - begin)}


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(sys.argv[1])

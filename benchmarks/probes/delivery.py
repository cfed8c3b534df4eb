"""CPU and wall seconds of a process that delivers events with default settings, end to end."""

from __future__ import annotations

import time
from collections.abc import Callable

from benchmarks.clients import Client
from benchmarks.probes.support import SinkCounts, Task, run

LONGEST_S = 10
DEADLINE_S = 60
POLL_S = 0.01


def probe(task: Task) -> dict[str, float]:
    client, sink = task.make(), SinkCounts(task.server)
    sink.start(client)
    return deliver(client, sink, task.events)


def deliver(client: Client, sink: SinkCounts, events: int) -> dict[str, float]:
    arrived = client.delivered or sink.events
    begin, cpu = time.perf_counter(), time.process_time()
    tracked = 0
    while tracked < events and time.perf_counter() - begin < LONGEST_S:
        part = min(client.room, events - tracked, 1000)
        for _ in range(part):
            client.track()
        tracked += part
        if tracked % client.room == 0:
            wait(client, arrived, tracked)
    wait(client, arrived, tracked)
    wall, cpu = time.perf_counter() - begin, time.process_time() - cpu
    there = arrived()
    return {
        "events_per_s": there / wall,
        "cpu_s": cpu / max(there, 1) * 100_000,
        "lost": tracked - there,
        "bytes": sink.bytes() / max(there, 1),
    }


def wait(client: Client, arrived: Callable[[], int], events: int) -> None:
    """Ask for delivery, and wait until so many events have arrived."""
    client.flush()
    deadline = time.perf_counter() + DEADLINE_S
    while arrived() < events and time.perf_counter() < deadline:
        time.sleep(POLL_S)


if __name__ == "__main__":
    run(probe)

"""How this SDK's cost depends on threads, on what waits, on the event and on the round trip."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from benchmarks.clients import ATTRIBUTES, NAME, USER
from benchmarks.clients.growingio import make, waiting
from benchmarks.probes.delivery import deliver, wait
from benchmarks.probes.support import SinkCounts, Task, run

from growingio_tracker import AsyncBufferedConsumer, GrowingTracker

THREADS = (1, 2, 4, 8)
WAITING = (0, 1_000, 10_000, 100_000, 1_000_000)
ATTRIBUTE_COUNTS = (0, 5, 10, 20, 50)
SIZES = (100, 1_000, 10_000, 100_000)
ROUND_TRIPS_MS = (0, 20, 100)
EVENTS = {"background": 20_000, "workers": 100_000}
TOTAL_BYTES = 50_000_000


def probe(task: Task) -> dict[str, float]:
    # First, while all memory is new: with what another sweep has left, the first calls cost less.
    figures = levels(task)
    figures |= {f"threads.{n}": threads(task, n) for n in THREADS}
    figures |= {f"sending.{n}": sending(task, n) for n in THREADS}
    for count in ATTRIBUTE_COUNTS:
        attributes = {f"key_{number}": "value" for number in range(count)}
        figures[f"attributes.{count}"] = call_ns(task, attributes, task.events)
    for size in SIZES:
        events = min(task.events, TOTAL_BYTES // size)
        figures[f"size.{size}"] = call_ns(task, {"text": "x" * size}, events)
    figures |= {f"round_trip.{ms}": round_trip(task, ms, "background") for ms in ROUND_TRIPS_MS}
    return figures | {f"workers.{ms}": round_trip(task, ms, "workers") for ms in ROUND_TRIPS_MS}


def tracking(
    consumer: AsyncBufferedConsumer, attributes: Mapping[str, Any]
) -> Callable[[], object]:
    track = GrowingTracker.consumer(consumer).track_custom_event
    return lambda: track(NAME, login_user_id=USER, attributes=attributes)


def call_ns(task: Task, attributes: Mapping[str, Any], events: int) -> float:
    """Return the mean cost of a call while nothing is sent."""
    return mean_ns(tracking(waiting(task.server), attributes), events)


def mean_ns(track: Callable[[], object], events: int) -> float:
    begin = time.perf_counter_ns()
    for _ in range(events):
        track()
    return (time.perf_counter_ns() - begin) / events


def threads(task: Task, count: int) -> float:
    """Return the mean CPU nanoseconds of a call that several threads make at once."""
    track = tracking(waiting(task.server), ATTRIBUTES)
    share = task.events // count
    begin = time.process_time_ns()
    in_threads(track, share, count)
    return (time.process_time_ns() - begin) / (share * count)


def sending(task: Task, count: int) -> float:
    """Return the CPU nanoseconds of an event that threads track while a worker sends."""
    sink, client = SinkCounts(task.server), make(task.server, "background")
    sink.start(client)
    share = min(task.events, client.room) // count
    begin = time.process_time_ns()
    in_threads(client.track, share, count)
    wait(client, sink.events, share * count)
    return (time.process_time_ns() - begin) / (share * count)


def in_threads(track: Callable[[], object], share: int, count: int) -> None:
    workers = [threading.Thread(target=mean_ns, args=(track, share)) for _ in range(count)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def levels(task: Task) -> dict[str, float]:
    """Return the mean cost of a call when so many events wait already."""
    track, there, figures = tracking(waiting(task.server), ATTRIBUTES), 0, {}
    sample = min(task.events, 10_000)
    for level in WAITING:
        mean_ns(track, max(1, level - there))
        figures[f"waiting.{level}"] = mean_ns(track, sample)
        there = max(there + 1, level) + sample
    return figures


def round_trip(task: Task, delay_ms: int, strategy: str) -> float:
    """Return events delivered per second when each answer takes so long."""
    sink, client = SinkCounts(task.server), make(task.server, strategy)
    sink.start(client, delay_ms)
    figures = deliver(client, sink, min(task.events, EVENTS[strategy]))
    sink.start(client)
    return figures["events_per_s"]


if __name__ == "__main__":
    run(probe)

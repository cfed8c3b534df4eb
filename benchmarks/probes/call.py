"""Nanoseconds that one call costs the calling thread.

Nothing is sent meanwhile where the SDK allows that; elsewhere sending is a part of the call.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from benchmarks.probes.support import SinkCounts, Task, run

LONGEST_S = 5


def probe(task: Task) -> dict[str, float]:
    client = task.make()
    SinkCounts(task.server).start(client)
    warm_up = task.events // 20
    costs = timed_calls(client.track, task.events + warm_up)[warm_up:]
    costs.sort()
    return {"median_ns": costs[len(costs) // 2], "p99_ns": costs[len(costs) * 99 // 100]}


def timed_calls(track: Callable[[], object], calls: int) -> list[float]:
    clock, costs = time.perf_counter_ns, []
    deadline = clock() + LONGEST_S * 10**9
    for _ in range(calls):
        begin = clock()
        track()
        end = clock()
        costs.append(float(end - begin))
        if end > deadline:
            break
    return costs


if __name__ == "__main__":
    run(probe)

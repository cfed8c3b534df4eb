"""Nanoseconds that one call costs the calling thread. Runs under this SDK and under 1.0.5.

Nothing is sent meanwhile: the batch is larger than the number of calls.
"""

from __future__ import annotations

import json
import os
import sys
import time

from growingio_tracker import AsyncBufferedConsumer, GrowingTracker

CALLS = 200_000
WARM_UP = 10_000
BATCH = CALLS + WARM_UP + 1


def main(server: str) -> None:
    consumer = make_consumer(server)
    track = GrowingTracker.consumer(consumer).track_custom_event
    clock = time.perf_counter_ns
    costs = []
    for _ in range(CALLS + WARM_UP):
        begin = clock()
        track(
            "order_paid",
            login_user_id="user-1",
            attributes={"sku": "A-1", "color": "red", "city": "上海", "qty": 2, "price": 15.5},
        )
        costs.append(clock() - begin)
    costs = sorted(costs[WARM_UP:])
    print(json.dumps({"median_ns": costs[CALLS // 2], "p99_ns": costs[CALLS * 99 // 100]}))
    sys.stdout.flush()
    os._exit(0)  # the events are of no use, and delivering them would take its time


def make_consumer(server: str) -> AsyncBufferedConsumer:
    try:
        from growingio_tracker import QueueLimits
    except ImportError:  # 1.0.5, whose queue has no limit
        return AsyncBufferedConsumer("p", "d", server, flush_after=3600, max_size=BATCH)
    limits = QueueLimits(max_events=BATCH, max_bytes=2**31)
    return AsyncBufferedConsumer(
        "p", "d", server, flush_after=3600, max_size=BATCH, queue=limits, max_batch_bytes=2**31
    )


if __name__ == "__main__":
    main(sys.argv[1])

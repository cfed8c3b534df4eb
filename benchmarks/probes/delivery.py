"""CPU and wall seconds of a process that delivers events with default settings, end to end."""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.request

from growingio_tracker import AsyncBufferedConsumer, GrowingTracker

EVENTS = 100_000
DEADLINE_S = 60


def main(server: str) -> None:
    tracker = GrowingTracker.consumer(AsyncBufferedConsumer("p", "d", server, flush_after=1))
    already_there = arrived(server)
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(EVENTS):
        tracker.track_custom_event(
            "order_paid",
            login_user_id="user-1",
            attributes={"sku": "A-1", "color": "red", "city": "上海", "qty": 2, "price": 15.5},
        )
    while arrived(server) - already_there < EVENTS and time.perf_counter() - wall < DEADLINE_S:
        time.sleep(0.02)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    lost = EVENTS - (arrived(server) - already_there)
    print(json.dumps({"cpu_s": cpu, "events_per_s": EVENTS / wall, "lost": lost}))
    sys.stdout.flush()
    os._exit(0)  # 1.0.5's thread has no other end


def arrived(server: str) -> int:
    with urllib.request.urlopen(server, timeout=DEADLINE_S) as answer:
        return int(answer.read())


if __name__ == "__main__":
    main(sys.argv[1])

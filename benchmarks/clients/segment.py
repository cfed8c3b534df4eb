"""segment-analytics-python."""

from __future__ import annotations

from typing import Any

from segment.analytics import Client as Segment

from benchmarks.clients import ATTRIBUTES, HOUR_S, MANY, NAME, USER, Client

OPTIONS: dict[str, dict[str, Any]] = {
    "single": {"sync_mode": True},
    "waiting": {"max_queue_size": MANY, "upload_size": MANY, "upload_interval": HOUR_S},
}


def make(server: str, strategy: str) -> Client:
    segment = Segment("key", host=server, **OPTIONS.get(strategy, {}))
    return Client(lambda: segment.track(USER, NAME, ATTRIBUTES), segment.flush, room=10_000)

"""posthog."""

from __future__ import annotations

from typing import Any

from posthog import Posthog

from benchmarks.clients import ATTRIBUTES, HOUR_S, MANY, NAME, USER, Client

OPTIONS: dict[str, dict[str, Any]] = {
    "single": {"sync_mode": True},
    "waiting": {"max_queue_size": MANY, "flush_at": MANY, "flush_interval": HOUR_S},
}


def make(server: str, strategy: str) -> Client:
    posthog = Posthog("key", host=server, **OPTIONS.get(strategy, {}))
    return Client(
        lambda: posthog.capture(NAME, distinct_id=USER, properties=ATTRIBUTES),
        posthog.flush,
        room=10_000,
    )

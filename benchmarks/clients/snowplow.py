"""snowplow-tracker."""

from __future__ import annotations

from typing import Any

from snowplow_tracker import (
    EmitterConfiguration,
    SelfDescribing,
    SelfDescribingJson,
    Snowplow,
    Subject,
)

from benchmarks.clients import ATTRIBUTES, MANY, NAME, USER, Client

SCHEMA = f"iglu:com.example/{NAME}/jsonschema/1-0-0"
OPTIONS: dict[str, dict[str, Any]] = {
    "single": {"batch_size": 1},
    "waiting": {"batch_size": MANY, "buffer_capacity": MANY},
}


def make(server: str, strategy: str) -> Client:
    configuration = EmitterConfiguration(**OPTIONS.get(strategy, {}))
    subject = Subject().set_user_id(USER)
    tracker = Snowplow.create_tracker("ns", server, subject=subject, emitter_config=configuration)
    return Client(
        lambda: tracker.track(SelfDescribing(SelfDescribingJson(SCHEMA, ATTRIBUTES))),
        tracker.flush,
        marker='"eid"',
    )

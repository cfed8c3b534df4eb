"""snowplow-tracker with the Emitter that `Snowplow.create_tracker` makes."""

from __future__ import annotations

from snowplow_tracker import EmitterConfiguration, SelfDescribing, SelfDescribingJson, Snowplow

from benchmarks.losses.clients import Client, Report

SCHEMA = "iglu:com.example/event/jsonschema/1-0-0"


def connect(server: str, report: Report) -> Client:
    tracker = Snowplow.create_tracker(
        "ns", server, emitter_config=EmitterConfiguration(on_failure=report)
    )

    def track(token: str) -> None:
        tracker.track(SelfDescribing(SelfDescribingJson(SCHEMA, {"token": token})))

    return Client(track, tracker.flush)

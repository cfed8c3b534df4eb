"""amplitude-analytics. It has no way to send one event a request."""

from __future__ import annotations

from amplitude import Amplitude, BaseEvent, Config

from benchmarks.clients import ATTRIBUTES, HOUR_S, MANY, NAME, USER, Client

OPTIONS = {"waiting": {"flush_queue_size": MANY, "flush_interval_millis": HOUR_S * 1000}}


def make(server: str, strategy: str) -> Client:
    options = OPTIONS.get(strategy, {})
    amplitude = Amplitude("key", Config(server_url=f"{server}/2/httpapi", **options))
    return Client(
        lambda: amplitude.track(BaseEvent(NAME, user_id=USER, event_properties=ATTRIBUTES)),
        amplitude.flush,
        answer='{"code": 200}',
    )

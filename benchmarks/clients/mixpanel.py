"""mixpanel. Its BufferedConsumer never holds more than 50 events, so nothing can wait."""

from __future__ import annotations

from mixpanel import BufferedConsumer, Consumer, Mixpanel

from benchmarks.clients import ATTRIBUTES, NAME, USER, Client


def make(server: str, strategy: str) -> Client:
    url = f"{server}/track"
    consumer = Consumer(url) if strategy == "single" else BufferedConsumer(events_url=url)
    mixpanel = Mixpanel("token", consumer=consumer)
    flush = consumer.flush if strategy != "single" else lambda: None
    return Client(lambda: mixpanel.track(USER, NAME, ATTRIBUTES), flush)

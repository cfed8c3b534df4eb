"""This SDK with its AsyncBufferedConsumer."""

from __future__ import annotations

from benchmarks.losses.clients import Client, Report
from growingio_tracker import AsyncBufferedConsumer, GrowingTracker


def connect(server: str, report: Report) -> Client:
    consumer = AsyncBufferedConsumer("project", "source", server, on_error=report)
    tracker = GrowingTracker.consumer(consumer)
    return Client(
        lambda token: tracker.track_custom_event(token, login_user_id="user-1"), tracker.close
    )

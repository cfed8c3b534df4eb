"""Release 1.0.5 of growingio_tracker with its AsyncBufferedConsumer."""

from __future__ import annotations

from benchmarks.losses.clients import Client, Report
from benchmarks.losses.clients.growingio import tracking
from growingio_tracker import AsyncBufferedConsumer


def connect(server: str, report: Report) -> Client:
    consumer = AsyncBufferedConsumer("project", "source", server)
    return tracking(consumer, consumer.stop)

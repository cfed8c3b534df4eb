"""segment-analytics-python."""

from __future__ import annotations

from segment.analytics import Client as Segment

from benchmarks.losses.clients import Client, Report


def connect(server: str, report: Report) -> Client:
    segment = Segment("key", host=server, on_error=report)
    return Client(lambda token: segment.track("user-1", token), segment.shutdown)

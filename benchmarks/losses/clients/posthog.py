"""posthog."""

from __future__ import annotations

from posthog import Posthog

from benchmarks.losses.clients import Client, Report


def connect(server: str, report: Report) -> Client:
    posthog = Posthog("key", host=server, on_error=report)
    return Client(lambda token: posthog.capture(token, distinct_id="user-1"), posthog.shutdown)

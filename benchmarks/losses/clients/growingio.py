"""What the strategies of growingio_tracker have in common, in any release."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.losses.clients import Client
from growingio_tracker import Consumer, GrowingTracker


def tracking(consumer: Consumer, end: Callable[[], object]) -> Client:
    tracker = GrowingTracker.consumer(consumer)
    return Client(lambda token: tracker.track_custom_event(token, login_user_id="user-1"), end)

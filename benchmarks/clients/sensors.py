"""SensorsAnalyticsSDK with its AsyncBatchConsumer."""

from __future__ import annotations

from typing import Any

from sensorsanalytics import AsyncBatchConsumer, DefaultConsumer, SensorsAnalytics

from benchmarks.clients import ATTRIBUTES, HOUR_S, MANY, NAME, USER, Client


def make(server: str, strategy: str) -> Client:
    sensors = SensorsAnalytics(make_consumer(f"{server}/sa", strategy))
    return Client(
        lambda: sensors.track(USER, NAME, dict(ATTRIBUTES), is_login_id=True),
        sensors.flush,
        room=1000,
    )


def make_consumer(url: str, strategy: str) -> Any:
    if strategy == "single":
        return DefaultConsumer(url)
    if strategy == "waiting":
        return AsyncBatchConsumer(url, flush_max_time=HOUR_S, flush_size=MANY, max_size=MANY)
    return AsyncBatchConsumer(url)

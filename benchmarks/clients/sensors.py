"""SensorsAnalyticsSDK with its AsyncBatchConsumer."""

from __future__ import annotations

import time
from typing import Any

from sensorsanalytics import AsyncBatchConsumer, DefaultConsumer, SensorsAnalytics
from sensorsanalytics.sdk import SensorsAnalyticsNetworkException

from benchmarks.clients import ATTRIBUTES, HOUR_S, MANY, NAME, USER, Client


def make(server: str, strategy: str) -> Client:
    sensors = SensorsAnalytics(make_consumer(f"{server}/sa", strategy))

    def track() -> None:
        while True:
            try:
                sensors.track(USER, NAME, dict(ATTRIBUTES), is_login_id=True)
                break
            except SensorsAnalyticsNetworkException:  # the queue, of 1,000 events, is full
                sensors.flush()
                time.sleep(0.001)

    return Client(track, sensors.close)  # its flush() sends at most 100 events


def make_consumer(url: str, strategy: str) -> Any:
    if strategy == "single":
        return DefaultConsumer(url)
    if strategy == "waiting":
        return AsyncBatchConsumer(url, flush_max_time=HOUR_S, flush_size=MANY, max_size=MANY)
    return AsyncBatchConsumer(url)

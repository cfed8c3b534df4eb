"""growingio_tracker, this one and release 1.0.5."""

from __future__ import annotations

import itertools
from typing import Any

import growingio_tracker as gio
from benchmarks.clients import ATTRIBUTES, HOUR_S, MANY, NAME, USER, Client

WORKERS = 32
USERS = 1000
IS_OLD = not hasattr(gio, "QueueLimits")


def make(server: str, strategy: str) -> Client:
    consumer = make_consumer(server, strategy)
    track = gio.GrowingTracker.consumer(consumer).track_custom_event

    users = itertools.cycle([f"user-{number}" for number in range(USERS)])

    def track_one() -> None:
        track(NAME, login_user_id=USER, attributes=ATTRIBUTES)

    def track_one_of_many() -> None:
        track(NAME, login_user_id=next(users), attributes=ATTRIBUTES)

    if strategy == "workers":
        return Client(track_one_of_many, consumer.flush, 100_000)

    if IS_OLD:  # its queue has no limit, and its flush() may be called by its own thread only
        return Client(track_one, lambda: None)
    if strategy.startswith("snappy"):
        return Client(
            track_one, consumer.flush, 100_000, delivered=lambda: consumer.stats().delivered
        )
    return Client(track_one, consumer.flush, 100_000)


def make_consumer(server: str, strategy: str) -> Any:
    names = "p", "d", server
    if strategy == "single":
        return gio.DefaultConsumer(*names)
    if strategy == "buffered":
        return gio.BufferedConsumer(*names)
    if strategy == "waiting":
        return waiting(server)
    if strategy == "workers":
        return gio.AsyncBufferedConsumer(*names, flush_after=1, workers=WORKERS)
    return gio.AsyncBufferedConsumer(*names, parser(strategy), flush_after=1)


def waiting(server: str) -> Any:
    """Return a consumer that sends nothing."""
    if IS_OLD:
        return gio.AsyncBufferedConsumer("p", "d", server, flush_after=HOUR_S, max_size=MANY)
    limits = gio.QueueLimits(max_events=MANY, max_bytes=2**32)
    return gio.AsyncBufferedConsumer(
        "p", "d", server, flush_after=HOUR_S, max_size=MANY, queue=limits, max_batch_bytes=2**32
    )


def parser(strategy: str) -> Any:
    if strategy == "protobuf":
        from growingio_tracker_protobuf import ProtobufParser

        return ProtobufParser()
    if strategy.startswith("snappy"):
        from growingio_tracker_snappy import SnappyParser

        return SnappyParser(strategy == "snappy_xor")
    return None

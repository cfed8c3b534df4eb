"""Consumers of one's own, as written for 1.0.5 (promise A1)."""

from __future__ import annotations

import json
from typing import Any

import pytest

import growingio_tracker
from growingio_tracker import (
    AsyncBufferedConsumer,
    BufferedConsumer,
    Consumer,
    DebugConsumer,
    DefaultConsumer,
    GrowingTracker,
    JsonParser,
)
from growingio_tracker.testing import MemoryTransport

MS = 1_700_000_000_123
ARGUMENTS = ("p1", "ds1", "http://h")


class Posting(Consumer):
    """Encodes and posts for itself, as the README of 1.0.5's time suggests."""

    def send(self, message: Any) -> None:
        url = self.endpoints["collect" if hasattr(message, "event_type") else "item"]
        parser = JsonParser()
        stm = parser.get_timestamp()
        assert self.send_data(
            url, parser.get_bytes([message], stm), parser.get_params(stm=stm), parser.get_headers()
        )


class Remembering:
    """Has a send method, and what GrowingTracker.consumer() reads."""

    _product_id, _data_source_id, _server_host = ARGUMENTS

    def __init__(self) -> None:
        self.messages: list[Any] = []

    def send(self, message: Any) -> None:
        self.messages.append(message)


def _track(tracker: GrowingTracker) -> None:
    tracker.track_custom_event("e", MS, "v", attributes={"tags": ["a", "b"]})
    tracker.submit_item("product", "1")


@pytest.mark.parametrize(
    "base", [DefaultConsumer, BufferedConsumer, AsyncBufferedConsumer, DebugConsumer]
)
def test_a1_send_overridden(base: Any) -> None:
    """A1: send() overridden in a subclass of a strategy gets each message, and may pass it on."""
    seen: list[Any] = []

    class Own(base):  # type: ignore[misc]
        def send(self, message: Any) -> None:
            seen.append(message)
            if hasattr(message, "event_type"):
                message.attributes["added"] = 1
                super().send(message)

    transport = MemoryTransport()
    with Own(*ARGUMENTS, transport=transport) as consumer:
        _track(GrowingTracker.consumer(consumer))
    [request] = transport.requests
    [message] = json.loads(request.body)
    assert [type(message).__name__ for message in seen] == ["CustomEventMessage", "ItemMessage"]
    assert message["attributes"] == {"tags": "a||b", "added": 1}
    assert consumer.stats().delivered == 1


def test_a1_consumer_subclass() -> None:
    """A1: a subclass of Consumer posts with endpoints, send_data and a parser of its own."""
    transport = MemoryTransport()
    _track(GrowingTracker.consumer(Posting(*ARGUMENTS, transport=transport)))
    event, item = transport.requests
    assert event.url.startswith("http://h/v3/projects/p1/collect?stm=")
    assert item.url.startswith("http://h/projects/p1/collect/item?stm=")
    assert json.loads(event.body)[0]["attributes"] == {"tags": "a||b"}
    assert json.loads(event.body)[0]["platform"] == "python"
    assert json.loads(item.body)[0]["key"] == "product"


def test_a1_consumer_without_base_class() -> None:
    """A1: an object with a send method gets the messages as 1.0.5's attributes describe them."""
    consumer = Remembering()
    _track(GrowingTracker.consumer(consumer))  # type: ignore[arg-type]
    _track(GrowingTracker(*ARGUMENTS, consumer))  # type: ignore[arg-type]
    event, item = consumer.messages[:2]
    assert len(consumer.messages) == 4
    assert (event.event_type, event.event_name, event.event_time, event.send_time) == (
        "CUSTOM",
        "e",
        MS,
        MS,
    )
    assert (event.anonymous_id, event.login_user_key, event.login_user_id) == ("v", None, None)
    assert (event.product_id, event.data_source_id, event.attributes) == (
        "p1",
        "ds1",
        {"tags": "a||b"},
    )
    assert (item.key, item.id, item.attrs, hasattr(item, "event_type")) == (
        "product",
        "1",
        None,
        False,
    )


def test_a1_post_data() -> None:
    """A1: post_data() posts messages that were made by hand to an endpoint, at once."""
    transport = MemoryTransport()
    consumer = BufferedConsumer(*ARGUMENTS, transport=transport)
    message = growingio_tracker.CustomEventMessage(MS, "e", None, "u", None, {"tags": ["a", "b"]})
    assert consumer.post_data(consumer.endpoints["collect"], [message])
    [request] = transport.requests
    assert request.url.startswith("http://h/v3/projects/p1/collect?stm=")
    assert json.loads(request.body)[0]["attributes"] == {"tags": "a||b"}


def test_a1_all_is_pinned() -> None:
    """A1: exactly these names are exported by the package."""
    assert sorted(growingio_tracker.__all__) == [
        "AsyncBufferedConsumer",
        "BufferedConsumer",
        "Consumer",
        "CustomEventMessage",
        "DataParser",
        "DebugConsumer",
        "DefaultConsumer",
        "DurableConsumer",
        "Experiment",
        "ExperimentOptions",
        "Fate",
        "GrowingError",
        "GrowingIOException",
        "GrowingParamException",
        "GrowingTracker",
        "ItemMessage",
        "JsonParser",
        "KafkaConsumer",
        "MissingExtraError",
        "Problem",
        "ProxyError",
        "QueueFullError",
        "QueueLimits",
        "Receipt",
        "RejectedError",
        "ResourceItem",
        "SpoolError",
        "Stats",
        "TransportError",
        "UserLoginMessage",
        "UserMappingMessage",
        "VERSION",
        "__version__",
    ]
    assert all(hasattr(growingio_tracker, name) for name in growingio_tracker.__all__)

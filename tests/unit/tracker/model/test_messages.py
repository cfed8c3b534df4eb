"""Messages, their builders, and the tracker's track()."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from typing import Any

import pytest

from growingio_tracker import (
    CustomEventMessage,
    DefaultConsumer,
    GrowingParamException,
    GrowingTracker,
    ItemMessage,
    ResourceItem,
    UserLoginMessage,
    UserMappingMessage,
)
from growingio_tracker.model import Message
from growingio_tracker.model.events import PRESET_PROPERTIES
from growingio_tracker.testing import MemoryTransport

Sent = Callable[[], list[dict[str, Any]]]

MS = 1_700_000_000_123


def full_event() -> CustomEventMessage:
    return (
        CustomEventMessage.EventBuilder()
        .set_product_id("other")
        .set_data_source_id("other")
        .set_event_name("下单 🛒")
        .set_event_time(MS)
        .set_anonymous_id("v")
        .set_login_user("email", "张三")
        .set_attributes({"tags": ["a", "b"], "none": None})
        .add_attribute("price", 1.5)
        .set_resource_item("product", "1", {"颜色": ["红", "绿"]})
        .set_preset("app_version", "1.2")
        .build()
    )


MESSAGES: list[Callable[[], Message]] = [
    full_event,
    lambda: (
        UserLoginMessage.UserBuilder()
        .set_event_time(MS)
        .set_login_user_key("email")
        .set_login_user_id("u")
        .add_attribute("tags", ["a"])
        .build()
    ),
    lambda: (
        ItemMessage.ItemBuilder()
        .set_item_key("product")
        .set_item_id("1")
        .set_attributes({"tags": ("a", 1)})
        .build()
    ),
    lambda: UserMappingMessage({"phone": "1"}, MS),
]


@pytest.mark.parametrize("make", MESSAGES)
def test_track_leaves_the_message_unchanged(
    consumer: DefaultConsumer, sent: Sent, make: Callable[[], Message]
) -> None:
    """track(message) changes nothing of the message, with and without filters."""
    message, before = make(), copy.deepcopy(make())
    GrowingTracker.consumer(consumer).track(message)
    GrowingTracker.consumer(consumer, redact=["tags", "颜色"]).track(message)
    assert message == before
    assert len(sent()) == 2


@pytest.mark.parametrize("make", MESSAGES)
def test_track_stamps_the_trackers_ids(
    tracker: GrowingTracker, sent: Sent, make: Callable[[], Message]
) -> None:
    """track(message) sends the tracker's project and data source, whatever the message has."""
    tracker.track(make())
    [message] = sent()
    assert (message["projectKey"], message["dataSourceId"]) == ("prod1", "ds1")


def test_builder_and_call_send_the_same(tracker: GrowingTracker, sent: Sent) -> None:
    """A2: an event from a builder is the event of the same call."""
    tracker.track(full_event())
    tracker.track_custom_event(
        "下单 🛒",
        MS,
        "v",
        "email",
        "张三",
        {"tags": ["a", "b"], "none": None, "price": 1.5},
        item=ResourceItem("product", "1", {"颜色": ["红", "绿"]}),
        preset={"app_version": "1.2"},
    )
    first, second = sent()
    assert first == second
    assert first == {
        "eventType": "CUSTOM",
        "sdkVersion": first["sdkVersion"],
        "platform": "python",
        "timestamp": MS,
        "sendTime": MS,
        "eventName": "下单 🛒",
        "deviceId": "v",
        "userKey": "email",
        "userId": "张三",
        "attributes": {"tags": "a||b", "price": 1.5},
        "resourceItem": {"key": "product", "id": "1", "attributes": {"颜色": "红||绿"}},
        "appVersion": "1.2",
        "dataSourceId": "ds1",
        "projectKey": "prod1",
    }


def test_builder_is_reusable() -> None:
    """Each build() is a message of its own: later settings and changes do not reach it."""
    tags = ["a"]
    builder = CustomEventMessage.EventBuilder().set_event_name("e").add_attribute("tags", tags)
    first = builder.build()
    tags.append("b")
    second = builder.set_event_name("f").add_attribute("n", 1).build()
    assert second.attributes
    second.attributes["tags"].append("c")
    third = builder.build()
    assert (first.event_name, first.attributes) == ("e", {"tags": ["a"]})
    assert (third.event_name, third.attributes) == ("f", {"tags": ["a"], "n": 1})


def test_builder_copies_the_item() -> None:
    """A builder copies the item's attributes."""
    attributes = {"colour": "red"}
    builder = CustomEventMessage.EventBuilder().set_resource_item("product", "1", attributes)
    attributes["colour"] = "blue"
    assert builder.build().resource_item == ResourceItem("product", "1", {"colour": "red"})


def test_item_builder_replaces_attributes() -> None:
    """A2: set_attributes of an item replaces what was set before, as 1.0.5 does."""
    builder = ItemMessage.ItemBuilder().add_attribute("a", 1).set_attributes({"b": 2})
    assert builder.build().attrs == {"b": 2}
    assert builder.add_attribute("c", 3).build().attrs == {"b": 2, "c": 3}
    assert builder.set_attributes({}).build().attrs == {}
    assert builder.set_attributes(None).build().attrs is None


@pytest.mark.parametrize("attributes", [None, {}, {"a": 1}])
def test_item_builder_and_call_send_the_same(
    tracker: GrowingTracker, sent: Sent, attributes: dict[str, Any] | None
) -> None:
    """A2: an item from a builder is the item of the same call, no attributes included."""
    builder = ItemMessage.ItemBuilder().set_item_key("product").set_item_id("1")
    tracker.track(builder.set_attributes(attributes).build())
    tracker.submit_item("product", "1", attributes)
    first, second = sent()
    assert first == second
    assert first.get("attributes") == attributes


@pytest.mark.parametrize(
    "value", [(number for number in range(3)), threading.Lock(), object(), iter([])], ids=range(4)
)
def test_builder_takes_what_cannot_be_copied(tracker: GrowingTracker, value: Any) -> None:
    """A builder refuses no value: the event is sent without it, and the loss is counted."""
    builder = CustomEventMessage.EventBuilder().set_event_name("e").set_anonymous_id("v")
    tracker.track(builder.add_attribute("k", value).build())
    assert tracker.stats().attributes_left_out == 1
    assert tracker.stats().delivered == 1


@pytest.mark.parametrize(
    ("argument", "make"),
    [
        ("key", lambda builder: builder.add_attribute([], 1)),
        ("attributes", lambda builder: builder.set_attributes([("a", 1)])),
        ("attributes", lambda builder: builder.set_attributes("a")),
    ],
)
@pytest.mark.parametrize(
    "builder",
    [CustomEventMessage.EventBuilder, UserLoginMessage.UserBuilder, ItemMessage.ItemBuilder],
)
def test_builder_refuses(
    builder: Callable[[], object], argument: str, make: Callable[[Any], object]
) -> None:
    """B1: what a builder cannot hold is a GrowingParamException that names the argument."""
    with pytest.raises(GrowingParamException, match=argument):
        make(builder())


def test_builder_refuses_unknown_preset() -> None:
    """B1: a preset property that does not exist is refused with those that do."""
    with pytest.raises(GrowingParamException, match="app_version"):
        CustomEventMessage.EventBuilder().set_preset("version", "1")


@pytest.mark.parametrize("key", ["", 5, None])
def test_wrong_keys_show_when_tracked(tracker: GrowingTracker, key: Any) -> None:
    """B1: a wrong key given to a builder is refused when the message is tracked."""
    builder = CustomEventMessage.EventBuilder().set_event_name("e").set_anonymous_id("v")
    with pytest.raises(GrowingParamException, match="attributes"):
        tracker.track(builder.add_attribute(key, 1).build())


def test_every_preset_property(tracker: GrowingTracker, sent: Sent) -> None:
    """A5: each preset property arrives under its JSON name."""
    values: dict[str, Any] = {name: f"{name}…" for name in PRESET_PROPERTIES}
    values["device_type"] = "PAD"
    tracker.track_custom_event("e", MS, "v", preset=values)  # type: ignore[arg-type]
    [message] = sent()
    assert {
        name: message[name]
        for name in (
            "domain",
            "urlScheme",
            "deviceBrand",
            "deviceModel",
            "deviceType",
            "appVersion",
            "appName",
            "language",
        )
    } == {
        "domain": "domain…",
        "urlScheme": "url_scheme…",
        "deviceBrand": "device_brand…",
        "deviceModel": "device_model…",
        "deviceType": "PAD",
        "appVersion": "app_version…",
        "appName": "app_name…",
        "language": "language…",
    }


def test_text_is_byte_exact(tracker: GrowingTracker, transport: MemoryTransport) -> None:
    """Chinese, emoji, combining and control characters leave as exactly their UTF-8 or escape."""
    text = "张三 👩‍👩‍👧 é é \u2028 \ufeff"
    tracker.track_custom_event(text, MS, text, text, text, {text: text})
    body = transport.requests[0].body
    assert body.count(f'"{text}"'.encode()) == 6
    tracker.submit_item('\x00\x1f"\\/\x7f', "1")
    assert b'"key":"\\u0000\\u001f\\"\\\\/\x7f"' in transport.requests[1].body


def test_a_message_may_be_subclassed(tracker: GrowingTracker, sent: Sent) -> None:
    """A1: a subclass of a message is tracked as the message it is."""

    class Order(CustomEventMessage):
        def total(self) -> float:
            return 1.5

    tracker.track(Order(MS, "order", None, "u", None, None, MS))
    assert sent()[0]["eventType"] == "CUSTOM"


def test_message_without_times(tracker: GrowingTracker, sent: Sent) -> None:
    """A message with a send time but no event time has the time of the call, and both are sent."""
    tracker.track(CustomEventMessage(None, "e", None, "u", None, None, MS))
    [message] = sent()
    assert message["sendTime"] == MS
    assert message["timestamp"] > MS


def test_consumer_send(consumer: DefaultConsumer, sent: Sent) -> None:
    """A1: a message handed to a consumer's send() is checked and sent with its own ids."""
    consumer.send(full_event())
    [message] = sent()
    assert (message["projectKey"], message["attributes"]) == (
        "other",
        {"tags": "a||b", "price": 1.5},
    )
    with pytest.raises(GrowingParamException, match="event_name"):
        consumer.send(CustomEventMessage(anonymous_id="v"))
    unusable = CustomEventMessage(event_name="e", anonymous_id="v")
    unusable.set_product_id(object())  # type: ignore[arg-type]
    with pytest.raises(GrowingParamException, match="message"):
        consumer.send(unusable)

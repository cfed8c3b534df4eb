"""Calls of the demo, each with the message that must arrive."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from growingio_tracker.model.events import CustomEventMessage, ResourceItem
from growingio_tracker.tracker import GrowingTracker

_TIME: Final = 1_700_000_000_123


@dataclass(frozen=True, slots=True)
class Call:
    """One call, and its message as the JSON format sends it, without what the tracker adds."""

    make: Callable[[GrowingTracker], None]
    expected: Mapping[str, Any]


def _custom(tracker: GrowingTracker) -> None:
    tracker.track_custom_event(
        "test",
        login_user_id="cpacm",
        login_user_key="email",
        attributes={"name": "cpacm", "age": "100", "education": ["本科", "硕士"]},
    )


def _user(tracker: GrowingTracker) -> None:
    tracker.track_user(
        login_user_id="user",
        login_user_key="email",
        attributes={"name": "cpacm", "age": "100", "education": ["本科", "硕士"]},
    )


def _item(tracker: GrowingTracker) -> None:
    tracker.submit_item("item_key", "item_name", item_attrs={"attr": "item"})


def _built(tracker: GrowingTracker) -> None:
    tracker.track(
        CustomEventMessage.EventBuilder()
        .set_event_name("tracker_consumer")
        .set_attributes({"num": 3})
        .set_anonymous_id("python")
        .build()
    )


def _dated(tracker: GrowingTracker) -> None:
    tracker.track_custom_event("加入购物车", _TIME, "设备-1", attributes={"商品": "苹果🍎"})


def _typed(tracker: GrowingTracker) -> None:
    tracker.track_custom_event(
        "types",
        anonymous_id="python",
        attributes={"int": 3, "float": 1.5, "bool": True, "none": None, "map": {"城市": "上海"}},
    )


def _about_an_item(tracker: GrowingTracker) -> None:
    tracker.track_custom_event(
        "order_paid",
        login_user_id="user",
        item=ResourceItem("product", "1001"),
        preset={"app_version": "1.2.3", "language": "zh-CN"},
    )


def _without_user(tracker: GrowingTracker) -> None:
    tracker.track_custom_event("nightly_job", login_user_key="$notuser")


def _mapping(tracker: GrowingTracker) -> None:
    tracker.track_user_mapping({"phone": "13800000000", "email": "user@shop.example"})


_EDUCATED: Final = {"name": "cpacm", "age": "100", "education": "本科||硕士"}
_LOGIN: Final = "LOGIN_USER_ATTRIBUTES"

CALLS: Final = (
    Call(
        _custom,
        {
            "eventType": "CUSTOM",
            "eventName": "test",
            "userId": "cpacm",
            "userKey": "email",
            "attributes": _EDUCATED,
        },
    ),
    Call(
        _user, {"eventType": _LOGIN, "userId": "user", "userKey": "email", "attributes": _EDUCATED}
    ),
    Call(_item, {"key": "item_key", "id": "item_name", "attributes": {"attr": "item"}}),
    Call(
        _built,
        {
            "eventType": "CUSTOM",
            "eventName": "tracker_consumer",
            "deviceId": "python",
            "attributes": {"num": 3},
        },
    ),
    Call(
        _dated,
        {
            "eventType": "CUSTOM",
            "eventName": "加入购物车",
            "deviceId": "设备-1",
            "timestamp": _TIME,
            "sendTime": _TIME,
            "attributes": {"商品": "苹果🍎"},
        },
    ),
    Call(
        _typed,
        {
            "eventType": "CUSTOM",
            "eventName": "types",
            "deviceId": "python",
            "attributes": {"int": 3, "float": 1.5, "bool": True, "map": '{"城市":"上海"}'},
        },
    ),
    Call(
        _about_an_item,
        {
            "eventType": "CUSTOM",
            "eventName": "order_paid",
            "userId": "user",
            "resourceItem": {"key": "product", "id": "1001"},
            "appVersion": "1.2.3",
            "language": "zh-CN",
        },
    ),
    Call(_without_user, {"eventType": "CUSTOM", "eventName": "nightly_job", "userKey": "$notuser"}),
    Call(_mapping, {"identifies": {"phone": "13800000000", "email": "user@shop.example"}}),
)

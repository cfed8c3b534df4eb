"""Recorded requests of 1.0.5 and of the Java SDK (promises A2, A5)."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import cramjam
import pytest

from growingio_tracker import (
    BufferedConsumer,
    DefaultConsumer,
    GrowingTracker,
    JsonParser,
    ResourceItem,
)
from growingio_tracker.testing import MemoryTransport
from growingio_tracker_protobuf import ProtobufParser
from growingio_tracker_snappy import SnappyParser
from growingio_wire.http import Request
from growingio_wire.xor import xor
from tree import DATA

MS = 1_700_000_000_123
VECTORS = json.loads((DATA / "vectors.json").read_text("utf-8"))

PARSERS: dict[str, Callable[[], Any]] = {
    "json": JsonParser,
    "snappy": SnappyParser,
    "snappy+xor": lambda: SnappyParser(True),
    "protobuf": ProtobufParser,
}
ORDER: dict[str, Any] = {
    "sku": "A-1",
    "qty": 2,
    "price": 15.5,
    "education": ["本科", "硕士"],
    "mixed": [1, 2.5, "x", "", None],
}


def _batch(tracker: GrowingTracker) -> None:
    for i in range(3):
        tracker.track_custom_event("batch", MS, login_user_id=f"u{i}", attributes={"i": i})


CALLS: dict[str, Callable[[GrowingTracker], object]] = {
    "event": lambda tracker: tracker.track_custom_event(
        "order_paid", MS, "dev-1", "email", "user-1", ORDER
    ),
    "event_now": lambda tracker: tracker.track_custom_event("visit", anonymous_id="dev-1"),
    "user": lambda tracker: tracker.track_user(
        "email", "user-1", "dev-1", MS, {"name": "张三 😀", "level": 3}
    ),
    "item": lambda tracker: tracker.submit_item("product", "1001", {"color": "red", "size": "L"}),
    "batch_of_3": _batch,
}


def _decoded(path: str, headers: dict[str, str], body: bytes, official: Any) -> Any:
    """Return a request without what differs by nature: version, stm, time of a call without one."""
    address, _, query = path.partition("?")
    headers = {name.lower(): value for name, value in headers.items()}
    if "x-crypt-codec" in headers:
        body = xor(body, int(query.removeprefix("stm=")))
    if "x-compress-codec" in headers:
        body = bytes(cramjam.snappy.decompress_raw(body))
    if headers["content-type"] == "application/protobuf":
        messages = official.decode("item" if address.endswith("/item") else "event", body)
    else:
        messages = json.loads(body)
    for message in messages:
        message.pop("sdkVersion", message.pop("sdk_version", None))
        if message.get("timestamp") != MS:
            message.pop("timestamp", None)
    return address, headers, messages


def _ours(request: Request) -> tuple[str, dict[str, str], bytes]:
    return request.url.removeprefix("http://h"), dict(request.headers), request.body


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda vector: vector["name"])
def test_a2_vector(official: Any, vector: dict[str, Any]) -> None:
    """A2: the call of each recorded vector becomes the recorded request."""
    form, _, call = vector["name"].partition("/")
    transport, parser = MemoryTransport(), PARSERS[form]()
    consumer = (
        BufferedConsumer("prod1", "ds1", "http://h", parser, 3, transport=transport)
        if call == "batch_of_3"
        else DefaultConsumer("prod1", "ds1", "http://h", parser, transport=transport)
    )
    CALLS[call](GrowingTracker.consumer(consumer))
    [request] = transport.requests
    recorded = base64.b64decode(vector["body_base64"])
    assert _decoded(*_ours(request), official) == _decoded(
        vector["path"], vector["headers"], recorded, official
    )


def test_every_vector_has_a_call() -> None:
    """A2: vectors.json holds each call in each format, and no other."""
    assert {vector["name"] for vector in VECTORS["vectors"]} == {
        f"{form}/{call}" for form in PARSERS for call in CALLS
    }


# The calls behind the Java capture, in its order. A dict holds what Java says otherwise on
# purpose: it repeats the user id as gio_id, and prints lists and maps of its own accord.
JAVA: list[tuple[Callable[[GrowingTracker, Any], object], dict[str, Any]]] = [
    (
        lambda tracker, ms: tracker.track_custom_event(
            "加入购物车",
            ms,
            "dev-0001",
            "手机号",
            "用户-1001",
            {"商品": "苹果🍎", "list": ["红", "绿", 7]},
        ),
        {},
    ),
    (
        lambda tracker, ms: tracker.track_custom_event(
            "types",
            ms,
            login_user_id="u1",
            attributes={
                "bool": True,
                "float": 1.5,
                "list": ["a", None, "c"],
                "map": {"a": "b"},
                "int": 3,
            },
        ),
        {"list": "a||c", "map": '{"a":"b"}'},
    ),
    (
        lambda tracker, ms: tracker.track_custom_event(
            "with_item", ms, "dev-0001", item=ResourceItem("product", "1001")
        ),
        {},
    ),
    (
        lambda tracker, ms: tracker.track_custom_event(
            "with_context",
            ms,
            login_user_id="u1",
            preset={
                "domain": "shop.example",
                "language": "zh-CN",
                "app_version": "1.2",
                "device_brand": "b",
                "app_name": "商城",
            },
        ),
        {},
    ),
    (
        lambda tracker, ms: tracker.track_custom_event("not_user", ms, login_user_key="$notuser"),
        {},
    ),
    (
        lambda tracker, ms: tracker.track_user(
            "email",
            "u1",
            "dev-0001",
            ms,
            {"姓名": "张三", "标签": ["新客", "VIP"], "年龄": 30},
        ),
        {},
    ),
    (
        lambda tracker, ms: tracker.submit_item(
            "商品", "sku-1001", {"名称": "苹果🍎", "list": ["a", "b"]}
        ),
        {},
    ),
    (
        lambda tracker, ms: tracker.track_user_mapping(
            {"手机号": "13800000000", "email": "z@shop.example"}, ms
        ),
        {},
    ),
    (lambda tracker, ms: tracker.track_user_mapping({"phone": "1", "user": "u1"}), {}),
    *(
        (
            lambda tracker, ms, i=i: tracker.track_custom_event(
                "batch", ms, login_user_id=f"u{i}", attributes={"i": i}
            ),
            {},
        )
        for i in range(3)
    ),
    (lambda tracker, ms: tracker.submit_item("goods", "1003"), {}),
]


@pytest.mark.parametrize("number", range(len(JAVA)))
def test_a5_java(official: Any, java: list[tuple[str, bytes]], number: int) -> None:
    """A5: preset properties, item, mapping, map and $notuser decode to what Java's bytes do."""
    recorded = [(kind, message) for kind, body in java for message in official.decode(kind, body)]
    assert len(recorded) == len(JAVA)
    kind, expected = recorded[number]
    call, otherwise = JAVA[number]
    transport = MemoryTransport()
    parser = ProtobufParser()
    host = "http://h"
    consumer = DefaultConsumer(
        "a1b2c3d4e5f60718", "8f9e0d1c2b3a4958", host, parser, transport=transport
    )
    call(GrowingTracker.consumer(consumer), expected.get("timestamp", expected.get("send_time")))
    [message] = official.decode(kind, transport.requests[0].body)
    assert expected.pop("gio_id", None) == expected.get("user_id")
    expected.get("attributes", {}).update(otherwise)
    if kind == "event":
        assert message.pop("platform") == "python"
        assert message.pop("sdk_version")
        # Java sends it only for times that the caller gave; all of these calls give one.
        assert message.pop("send_time") == expected.pop("send_time", expected["timestamp"])
    assert message == expected


def test_a5_map_of_a_user_and_an_item(official: Any) -> None:
    """A5: a one-level map is its compact JSON text on users and items, as Java sends it."""
    transport = MemoryTransport()
    consumer = DefaultConsumer("p", "d", "http://h", ProtobufParser(), transport=transport)
    tracker = GrowingTracker.consumer(consumer)
    profile: dict[str, Any] = {"城市": "上海", "n": 1, "vip": True, "none": None}
    tracker.track_user(login_user_id="u", attributes={"profile": profile})
    tracker.submit_item("product", "1", {"profile": profile})
    user, item = transport.requests
    text = '{"城市":"上海","n":1,"vip":true}'
    assert official.decode("event", user.body)[0]["attributes"] == {"profile": text}
    assert official.decode("item", item.body)[0]["attributes"] == {"profile": text}

"""The shipped formats."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import cramjam
import pytest

from growingio_tracker import (
    CustomEventMessage,
    GrowingParamException,
    ItemMessage,
    JsonParser,
    UserMappingMessage,
)
from growingio_tracker.model.record import encode, to_record
from growingio_tracker_protobuf import ProtobufParser
from growingio_tracker_snappy import SnappyParser
from growingio_wire.http import Request
from growingio_wire.table import Kind
from growingio_wire.xor import xor

Send = Callable[[Any], Request]

MS = 1_700_000_000_123


def event(**attributes: Any) -> CustomEventMessage:
    return CustomEventMessage(MS, "e", None, "u", None, attributes)


@pytest.mark.parametrize(
    ("make", "headers"),
    [
        (JsonParser, {"content-type": "application/json"}),
        (SnappyParser, {"content-type": "application/json", "X-Compress-Codec": "2"}),
        (
            lambda: SnappyParser(True),
            {"content-type": "application/json", "X-Compress-Codec": "2", "X-Crypt-Codec": "1"},
        ),
        (ProtobufParser, {"content-type": "application/protobuf"}),
    ],
)
def test_a2_headers(send: Send, make: Callable[[], Any], headers: dict[str, str]) -> None:
    """A2: each format says what its body is, and every request carries stm."""
    request = send(make())
    assert request.headers == headers
    assert request.url.rpartition("?stm=")[2].isdigit()


@pytest.mark.parametrize("records", [[], [b"{}"], [b'{"a":1}', b"{}", b'{"b":2}']])
def test_json_joins(records: list[bytes]) -> None:
    """A JSON body is the array of the records' own bytes."""
    body = JsonParser().encode_records(Kind.EVENT, records, 0)
    assert body == b"[" + b",".join(records) + b"]"


@pytest.mark.parametrize("parser", [JsonParser(), ProtobufParser()])
def test_a1_messages_made_by_hand(parser: Any) -> None:
    """A1: get_bytes() takes messages that no tracker has checked, and leaves them unchanged."""
    message = event(tags=["a", None], n=1)
    body = parser.get_bytes([message], 0)
    checked = event(tags="a", n=1)
    to_record(checked, 0)
    assert body == parser.get_bytes([checked], 0)
    assert message == event(tags=["a", None], n=1)


def test_a1_json_made_by_hand() -> None:
    """A1: json() and get_bytes() give 1.0.5's keys as ASCII text."""
    text = JsonParser().json(event(名=["张", 1]))
    assert text.isascii()
    assert JsonParser().get_bytes([event(名=["张", 1])] * 2) == f"[{text},{text}]"
    message = json.loads(text)
    assert message.pop("sdkVersion")
    assert message == {
        "eventType": "CUSTOM",
        "platform": "python",
        "timestamp": MS,
        "eventName": "e",
        "userId": "u",
        "attributes": {"名": "张||1"},
    }


def test_unsendable_made_by_hand() -> None:
    """B2: outside of a tracker, where nothing can be reported, an unsendable value is refused."""
    with pytest.raises(GrowingParamException, match=r"attributes\.k \(complex\)"):
        JsonParser().get_bytes([event(k=1j)])


@pytest.mark.parametrize("crypt_data", [False, True])
def test_snappy_is_one_raw_block(crypt_data: bool) -> None:
    """A snappy body is one raw block of the JSON array, XORed with stm if asked."""
    records = [encode(event(text="张三" * 1000)), b"{}"]
    body = SnappyParser(crypt_data).encode_records(Kind.EVENT, records, MS)
    block = xor(body, MS) if crypt_data else body
    assert bytes(cramjam.snappy.decompress_raw(block)) == JsonParser().encode_records(
        Kind.EVENT, records, MS
    )


def test_snappy_get_bytes_without_stm() -> None:
    """A1: get_bytes() without stm does not XOR."""
    assert SnappyParser(True).get_bytes([event()]) == SnappyParser().get_bytes([event()])


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("event", event(k="v")),
        ("item", ItemMessage("product", "1", {"k": "v"})),
        ("mapping", UserMappingMessage({"phone": "1"})),
    ],
)
def test_i3_get_bytes(official: Any, kind: str, message: Any) -> None:
    """I3: get_bytes() of messages of each kind is the list message of that kind."""
    body = ProtobufParser().get_bytes([message, message])
    first, second = official.decode(kind, body)
    assert first == second
    assert "k" in str(first) or first["identifies"] == {"phone": "1"}

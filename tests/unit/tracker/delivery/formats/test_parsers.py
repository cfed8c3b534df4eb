"""Parsers of one's own (promise A1)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from json import JSONEncoder
from typing import Any

import cramjam
import pytest

from growingio_tracker import DataParser, DefaultConsumer, GrowingParamException, JsonParser
from growingio_tracker.delivery.formats import Parser, as_bytes, as_data_parser
from growingio_tracker_protobuf import ProtobufParser
from growingio_tracker_snappy import SnappyParser
from growingio_wire.http import Request
from growingio_wire.table import Kind
from growingio_wire.xor import xor

Send = Callable[[Any], Request]


class Lines:
    """A parser without a base class, as 1.0.5 allows; it returns None where it can."""

    body: Any = "body 中"
    headers: Any = None
    params: Any = None

    def get_bytes(self, messages: Any, stm: Any = None) -> Any:
        self.messages = messages
        return self.body

    def get_headers(self) -> Any:
        return self.headers

    def get_params(self, *, stm: Any) -> Any:
        return self.params

    def get_timestamp(self) -> int:
        return 7


class Words(DataParser):
    """A parser over the base class."""

    def get_bytes(self, messages: Any, stm: Any = None) -> Any:
        return " ".join(message.event_name for message in messages)


class RenamedJson(JsonParser):
    def json(self, message: Any) -> str:
        return super().json(message).replace("eventName", "name")


class SpacedJson(JsonParser):
    @staticmethod
    def json_dumps(data: Any, cls: type[JSONEncoder] | None = None) -> str:
        return json.dumps(data, indent=1, cls=cls)


class TrailedJson(JsonParser):
    def get_bytes(self, messages: Any, stm: Any = None) -> Any:
        return as_bytes(super().get_bytes(messages, stm)) + f"\n{stm}".encode()


class LabelledJson(JsonParser):
    def get_headers(self) -> dict[str, str]:
        return {**super().get_headers(), "x-label": "1"}

    def get_params(self, stm: int | None = None) -> dict[str, Any]:
        return {**super().get_params(stm), "label": "é"}


class SilentJson(JsonParser):
    def get_headers(self) -> Any:
        return None

    def get_params(self, **keywords: Any) -> Any:  # type: ignore[override]
        return None


class ShiftedJson(JsonParser):
    def get_timestamp(self) -> int:  # type: ignore[override]
        return 42


class Renamed:
    """A mixin."""

    def json(self, message: Any) -> str:
        text: str = super().json(message)  # type: ignore[misc]
        return text.replace("eventName", "name")


class MixedJson(Renamed, JsonParser):
    pass


class MixedSnappy(Renamed, SnappyParser):
    pass


class TaggedProtobuf(ProtobufParser):
    def get_bytes(self, messages: Any, stm: Any = None) -> Any:
        return b"tag" + as_bytes(super().get_bytes(messages, stm))


class Counted(DataParser):
    """A parser over records."""

    def encode_records(self, kind: Kind, records: Sequence[bytes], stm: int) -> bytes:
        return f"{kind.value} {len(records)} {stm}".encode()

    @staticmethod
    def get_timestamp() -> int:
        return 5


@pytest.mark.parametrize(
    "body", ["body 中", "body 中".encode(), bytearray("body 中".encode()), memoryview(b"body")]
)
def test_a1_without_base_class(send: Send, body: Any) -> None:
    """A1: a parser without a base class may return text or bytes, and None for the rest."""
    parser = Lines()
    parser.body = body
    request = send(parser)
    assert request.body == as_bytes(body)
    assert request.headers == {}
    assert request.url == "http://h/v3/projects/p/collect"
    [message] = parser.messages
    assert (message.event_type, message.event_name, message.attributes) == (
        "CUSTOM",
        "下单",
        {"n": 1},
    )


def test_a1_without_base_class_headers(send: Send) -> None:
    """A1: its headers and parameters are sent, and parameters that are None are not."""
    parser = Lines()
    parser.headers, parser.params = {"content-type": "text/plain"}, {"stm": 7, "x": None}
    request = send(parser)
    assert request.headers == {"content-type": "text/plain"}
    assert request.url == "http://h/v3/projects/p/collect?stm=7"


def test_a1_data_parser_subclass(send: Send) -> None:
    """A1: a subclass of DataParser with get_bytes only gets messages."""
    request = send(Words())
    assert request.body.decode() == "下单"
    assert request.url.startswith("http://h/v3/projects/p/collect?stm=")


@pytest.mark.parametrize("parser", [RenamedJson(), MixedJson()])
def test_a1_json_override(send: Send, parser: JsonParser) -> None:
    """A1: json() overridden in a subclass or by a mixin makes the body."""
    assert json.loads(send(parser).body)[0]["name"] == "下单"


def test_a1_json_dumps_override(send: Send) -> None:
    """A1: json_dumps() overridden in a subclass makes the text of each message."""
    body = send(SpacedJson()).body.decode()
    assert '\n "eventName": "\\u4e0b\\u5355"' in body
    assert json.loads(body)[0]["attributes"] == {"n": 1}


def test_a1_get_bytes_override(send: Send) -> None:
    """A1: get_bytes() overridden in a subclass makes the body, with the stm of the address."""
    request = send(TrailedJson())
    body, _, stm = request.body.decode().partition("\n")
    assert json.loads(body)[0]["eventName"] == "下单"
    assert request.url.endswith(f"?stm={stm}")


def test_a1_headers_and_params_override(send: Send) -> None:
    """A1: get_headers() and get_params() overridden in a subclass are used."""
    request = send(LabelledJson())
    assert request.headers == {"content-type": "application/json", "x-label": "1"}
    assert request.url.endswith("&label=%C3%A9")


def test_a1_headers_and_params_none(send: Send) -> None:
    """A1: get_headers() and get_params() of a subclass may return None."""
    request = send(SilentJson())
    assert json.loads(request.body)[0]["eventName"] == "下单"
    assert (request.headers, request.url) == ({}, "http://h/v3/projects/p/collect")


def test_a1_timestamp_override(send: Send) -> None:
    """A1: get_timestamp() overridden in a subclass is the stm of body and address."""
    assert send(ShiftedJson()).url.endswith("?stm=42")


@pytest.mark.parametrize("crypt_data", [False, True])
def test_a1_snappy_override(send: Send, crypt_data: bool) -> None:
    """A1: a subclass of SnappyParser with json() of its own is compressed and XORed too."""
    request = send(MixedSnappy(crypt_data))
    stm = int(request.url.rpartition("=")[2])
    block = xor(request.body, stm) if crypt_data else request.body
    [message] = json.loads(bytes(cramjam.snappy.decompress_raw(block)))
    assert message["name"] == "下单"


def test_a1_protobuf_override(send: Send) -> None:
    """A1: a subclass of ProtobufParser with get_bytes() of its own makes the body."""
    body = send(TaggedProtobuf()).body
    assert body[:3] == b"tag"
    assert body[3:] == send(ProtobufParser()).body


def test_records_parser(send: Send) -> None:
    """A parser over records gets them without their being decoded."""
    request = send(Counted())
    assert (request.body, request.url[-6:]) == (b"event 1 5", "?stm=5")


@pytest.mark.parametrize("parser", [5, "json", JsonParser, object(), lambda messages: b""])
def test_a1_not_a_parser(parser: Any) -> None:
    """B1: what is no parser is refused at construction, and the message names data_parser."""
    with pytest.raises(GrowingParamException, match="data_parser"):
        DefaultConsumer("p", "ds", "http://h", parser)


@pytest.mark.parametrize("body", [None, 5, ["body"], "\ud800"])
def test_body_of_another_type(body: Any) -> None:
    """What get_bytes() may not return is a GrowingParamException that names it."""
    with pytest.raises(GrowingParamException, match="get_bytes"):
        as_bytes(body)


def test_shipped_parsers_are_used_as_they_are() -> None:
    """A parser of this package is asked directly, and satisfies 1.0.5's protocol."""
    for parser in (JsonParser(), SnappyParser(), ProtobufParser()):
        assert as_data_parser(parser) is parser
        assert isinstance(parser, Parser)


def test_base_class_has_no_format() -> None:
    """A DataParser without get_bytes and encode_records says so."""
    with pytest.raises(NotImplementedError, match="DataParser"):
        DataParser().get_bytes([])

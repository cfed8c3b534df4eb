"""Bodies of records: the JSON array, and the protobuf list."""

from __future__ import annotations

from typing import Any

import pytest

from cores import COMPILED, protobuf_list
from growingio_wire.protobuf import encode_list, encode_message
from growingio_wire.table import Kind


@pytest.mark.parametrize("records", [(), (b"{}",), (b"{}", b'{"a":1}'), [b"1"], [b"x" * 9999] * 3])
def test_json_array(core: Any, records: Any) -> None:
    """Records are joined as they are."""
    assert core.join_array(records) == b"[" + b",".join(records) + b"]"


def test_json_array_of_other_things(core: Any) -> None:
    """What are no records cannot be joined."""
    for wrong in ((b"{}", "{}"), 5, [None]):
        with pytest.raises(TypeError):
            core.join_array(wrong)


def raising(record: bytes) -> bytes:
    raise AssertionError(f"this record is not unusual: {record!r}")


USUAL = [
    b"{}",
    b'{"deviceId":"d","eventType":"CUSTOM","timestamp":1700000000000}',
    b'{"eventType":"LOGIN_USER_ATTRIBUTES","userId":"\\u0001\\n\\"\\\\\xc3\xa9","attributes":{}}',
    b'{"attributes":{"a":"b","\xe6\xbc\xa2":"\xf0\x9f\x98\x80","t":true,"f":false}}',
    b'{"attributes":{"i":0,"j":-12,"k":123456789012345678,"x":1.5,"y":-0.0,"z":0.0001}}',
    b'{"attributes":{"long":0.30000000000000004,"small":0.00001,"large":1e22,"e":1.5E-7}}',
    b'{"attributes":{"p":"\\u00e9\\u6f22\\ud83d\\ude00\\/"}}',
    b'{"resourceItem":{"id":"1","key":"k","attributes":{"a":1}},"eventName":"n"}',
    b'{"eventName":"' + b"n" * 200 + b'","attributes":{"a":"' + b"v" * 70000 + b'"}}',
    b'{"screenHeight":-5,"globalSequenceId":900000000000000000}',
]


@pytest.mark.parametrize("record", USUAL)
def test_usual_records(core: Any, record: bytes) -> None:
    """Records as we make them are written byte for byte as the Python writer does."""
    otherwise = None if core is not COMPILED else raising
    writer = protobuf_list(core, Kind.EVENT, otherwise)
    assert writer.encode([record, record]) == encode_list(Kind.EVENT, [record, record])


@pytest.mark.parametrize(
    ("kind", "record"),
    [
        (Kind.ITEM, b'{"id":"1","key":"k","attributes":{"a":"b"},"projectKey":"p"}'),
        (Kind.MAPPING, b'{"projectKey":"p","sendTime":5,"identifies":{"phone":"1"}}'),
    ],
)
def test_kinds(core: Any, kind: Kind, record: bytes) -> None:
    """Items and mappings are written, too."""
    otherwise = None if core is not COMPILED else raising
    writer = protobuf_list(core, kind, otherwise)
    assert writer.encode((record,)) == encode_list(kind, [record])


UNUSUAL = [
    b'{"timestamp":-0}',
    b'{"timestamp":12345678901234567890}',
    b'{ "deviceId": "d" }',
    b'{"deviceId":"d"} ',
    b'{"attributes":{"a":12345678901234567890123,"b":1.50,"c":1e5,"d":-0}}',
    b'{"attributes":{"a":1},"eventName":"n","attributes":{"b":2}}',
    b'{"resourceItem":{"id":"1","id":"2"}}',
    b'{"device\\u0049d":"d"}',
    b'{"event\\u0054ype":"CUSTOM"}',
    b'{"eventType":"CUST\\u004fM"}',
]


@pytest.mark.parametrize("record", UNUSUAL)
def test_unusual_records(core: Any, record: bytes) -> None:
    """What is JSON but not as we write it means the same to both."""
    assert protobuf_list(core, Kind.EVENT).encode([record]) == encode_list(Kind.EVENT, [record])


BROKEN = [
    b"", b"{", b"[]", b"null", b'{"a"', b'{"deviceId":', b'{"deviceId":5}', b'{"deviceId":"d"',
    b'{"deviceId":"d",}', b'{"deviceId":"\\', b'{"deviceId":"\\x"}', b'{"deviceId":"\xff"}',
    b'{"deviceId":"\\ud800"}', b'{"deviceId":"\\ud83d\\u0041"}', b'{"deviceId":"\xed\xa0\x80"}',
    b'{"deviceId":"\\u12"}', b'{"unknown":"x"}', b'{"eventType":"NONE"}', b'{"timestamp":"x"}',
    b'{"timestamp":1.5}', b'{"timestamp":007}', b'{"attributes":[]}', b'{"attributes":{"a":}}',
    b'{"attributes":{"a":tru}}', b'{"attributes":{"a":01}}', b'{"attributes":{"a":1.}}',
    b'{"attributes":{"a":1e999}}', b'{"attributes":{"a":-}}', b'{"attributes":{"a" 1}}',
    b'{"resourceItem":"x"}', b'{"resourceItem":{"x":"y"}}', b'{"deviceId":"d"}x',
    b'{"attributes":{"a":1e}}', b'{"attributes":{"a":1e+}}', b'{"attributes":{"a":.5}}',
]  # fmt: skip


@pytest.mark.parametrize("record", BROKEN)
def test_broken_records(core: Any, record: bytes) -> None:
    """What the Python writer refuses is refused by both, with the same error."""
    with pytest.raises(Exception) as expected:  # noqa: PT011
        encode_list(Kind.EVENT, [record])
    with pytest.raises(type(expected.value)) as raised:
        protobuf_list(core, Kind.EVENT).encode([b"{}", record])
    assert str(raised.value) == str(expected.value)


def test_otherwise(core: Any) -> None:
    """An unusual record is written by the function that was given, the others stay."""
    asked: list[bytes] = []

    def otherwise(record: bytes) -> bytes:
        asked.append(record)
        return b"!" * 300 if record == b"odd" else encode_message(Kind.EVENT, record)

    body = protobuf_list(core, Kind.EVENT, otherwise).encode([b"{}", b"odd", b"{}"])
    assert body == b"\x0a\x00" + b"\x0a\xac\x02" + b"!" * 300 + b"\x0a\x00"
    assert b"odd" in asked


@pytest.mark.skipif(COMPILED is None, reason="not here: the core is pure")
@pytest.mark.parametrize(
    "arguments",
    [
        (1,),
        (1, [], print),
        (1, ("x",), print),
        (1, (("a", 1, "text"),), print),
        (1, (("a", 1, "nothing", None),), print),
        (1, (("a", 0, "text", None),), print),
        (1, (("a", 2**29, "text", None),), print),
        (1, (("a", 1, "code", None),), print),
        (1, (("a", 1, "message", None),), print),
        (1, (("a", 1, "message", (("b", 1, "message", (5,)),)),), print),
        (1, (("\ud800", 1, "text", None),), print),
        (1, tuple((f"f{number}", number, "text", None) for number in range(1, 66)), print),
        ("1", (), print),
    ],
)
def test_wrong_construction(arguments: Any) -> None:
    """A table that cannot be used is refused."""
    with pytest.raises((TypeError, ValueError)):
        COMPILED.ProtobufList(*arguments)


def test_wrong_records(core: Any) -> None:
    """What are no records is refused."""
    writer = protobuf_list(core, Kind.EVENT)
    for wrong in (5, ["{}x"], [None]):
        with pytest.raises((TypeError, ValueError)):
            writer.encode(wrong)

"""Our protobuf encoder against the official library (promise I3), and the codecs."""

from __future__ import annotations

import json
from typing import Any

import cramjam
from hypothesis import given, settings
from hypothesis import strategies as st

from drawing import examples
from growingio_tracker import (
    CustomEventMessage,
    ItemMessage,
    JsonParser,
    ResourceItem,
    UserLoginMessage,
    UserMappingMessage,
)
from growingio_tracker.model import Message
from growingio_tracker.model.events import PRESET_PROPERTIES
from growingio_tracker.model.record import decode, to_record
from growingio_tracker_protobuf import ProtobufParser
from growingio_tracker_snappy import SnappyParser
from growingio_wire.table import EVENT_TYPES, SCHEMAS, Kind, camel, text
from growingio_wire.xor import xor

some_text = st.text(st.characters(codec="utf-8"), min_size=1)
maybe_text = st.none() | some_text
scalars = some_text | st.integers() | st.booleans() | st.floats(allow_nan=False)
attributes = st.none() | st.dictionaries(some_text, scalars | st.lists(scalars))
times = st.none() | st.integers(10**11, 10**14 - 1)
presets = st.dictionaries(
    st.sampled_from([name for name in PRESET_PROPERTIES if name != "device_type"]), some_text
)


def _with_preset(message: CustomEventMessage, preset: dict[str, str]) -> CustomEventMessage:
    for name, value in preset.items():
        setattr(message, name, value)
    return message


messages: st.SearchStrategy[Message] = st.one_of(
    st.builds(
        _with_preset,
        st.builds(
            CustomEventMessage,
            times,
            some_text,
            maybe_text,
            some_text,
            maybe_text,
            attributes,
            times,
            some_text,
            some_text,
            resource_item=st.none() | st.builds(ResourceItem, some_text, some_text, attributes),
            device_type=st.sampled_from([None, "PHONE", "PAD"]),
        ),
        presets,
    ),
    st.builds(
        UserLoginMessage,
        maybe_text,
        some_text,
        times,
        maybe_text,
        attributes,
        times,
        some_text,
        some_text,
    ),
    st.builds(ItemMessage, some_text, some_text, attributes, some_text, some_text),
    st.builds(
        UserMappingMessage,
        st.dictionaries(some_text, some_text, min_size=1),
        times,
        some_text,
        some_text,
    ),
)
batches = st.lists(messages, max_size=4)


def _records(batch: list[Message], kind: Kind) -> list[bytes]:
    return [to_record(message, 10**12)[0] for message in batch if message.kind is kind]


def _expected(kind: Kind, record: bytes) -> dict[str, Any]:
    """Return what a record says, in the official library's words: defaults are absent."""
    value = json.loads(record)
    names = {field.json: field.name for field in SCHEMAS[kind].fields}
    return {names[key]: _plain(key, inner) for key, inner in value.items() if inner not in ("", {})}


def _plain(key: str, value: Any) -> Any:
    if key == "eventType":
        return EVENT_TYPES[value]
    if key == "resourceItem":
        return {name: _plain(name, inner) for name, inner in value.items() if inner != {}}
    return {k: text(v) for k, v in value.items()} if isinstance(value, dict) else value


@given(batch=batches)
def test_i3_official_library_reads_the_same(official: Any, batch: list[Message]) -> None:
    """I3: what the official library reads from our bytes is what the records say, for all kinds."""
    for kind in Kind:
        records = _records(batch, kind)
        body = ProtobufParser().encode_records(kind, records, 0)
        assert official.decode(kind.value, body) == [_expected(kind, record) for record in records]


@given(batch=batches)
def test_a1_messages_and_records_make_the_same_body(batch: list[Message]) -> None:
    """A1: get_bytes() of the messages that records decode to is the body of the records."""
    for kind in Kind:
        records = _records(batch, kind)
        decoded = [decode(kind, record) for record in records]
        if not records:
            continue
        assert ProtobufParser().get_bytes(decoded, 0) == ProtobufParser().encode_records(
            kind, records, 0
        )
        assert json.loads(JsonParser().get_bytes(decoded, 0)) == json.loads(
            JsonParser().encode_records(kind, records, 0)
        )


@given(body=st.binary(), stm=st.integers(0, 10**14))
def test_xor_is_its_own_inverse(body: bytes, stm: int) -> None:
    """XOR with the same stm twice gives the body back."""
    assert xor(xor(body, stm), stm) == body


@settings(max_examples=examples(20))
@given(batch=batches, stm=st.integers(10**12, 10**14), crypt_data=st.booleans())
def test_snappy_unpacks_to_json(batch: list[Message], stm: int, crypt_data: bool) -> None:
    """A snappy body, XORed or not, unpacks to the JSON body."""
    for kind in Kind:
        records = _records(batch, kind)
        body = SnappyParser(crypt_data).encode_records(kind, records, stm)
        block = xor(body, stm) if crypt_data else body
        assert bytes(cramjam.snappy.decompress_raw(block)) == JsonParser().encode_records(
            kind, records, stm
        )


def test_every_field_name_is_unique() -> None:
    """I3: no two fields of a kind share a number, a name or a JSON key."""
    for schema in SCHEMAS.values():
        for keys in (
            [field.number for field in schema.fields],
            [field.name for field in schema.fields],
            [camel(field.name) for field in schema.fields],
        ):
            assert len(set(keys)) == len(keys)

"""Decoding anything."""

import json
import math
import tracemalloc
from typing import Any

import cramjam
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError as OfficialError
from google.protobuf.message import Message as OfficialMessage
from google.protobuf.unknown_fields import UnknownFieldSet
from hypothesis import given, settings
from hypothesis import strategies as st

from drawing import examples
from growingio_collector.decode import DecodeError, Envelope, decode_body, decode_request
from growingio_collector.decode.guessing import find_coding, find_key
from growingio_collector.rules.checking import check_one
from growingio_wire.protobuf import read_message
from growingio_wire.protobuf_fields import Budget
from growingio_wire.said import harmless
from growingio_wire.table import (
    EVENT_TYPES,
    RESOURCE_ITEM,
    SCHEMAS,
    Field,
    Kind,
    Type,
    camel,
)
from lz_packing import as_bytes, as_uri, as_utf16

Descriptor = descriptor_pb2.FieldDescriptorProto
SCALARS = {
    "string": Descriptor.TYPE_STRING,
    "int32": Descriptor.TYPE_INT32,
    "int64": Descriptor.TYPE_INT64,
    "double": Descriptor.TYPE_DOUBLE,
}
KINDS = pytest.mark.parametrize("kind", list(Kind))


def _add_field(message: descriptor_pb2.DescriptorProto, field: Field) -> None:
    added = message.field.add(name=field.name, number=field.number, label=1)
    if field.type in SCALARS:
        added.type = SCALARS[field.type]
    elif field.type == "event type":
        added.type, added.type_name = Descriptor.TYPE_ENUM, ".gio.EventType"
    elif field.type == "ResourceItem":
        added.type, added.type_name = Descriptor.TYPE_MESSAGE, ".gio.ResourceItem"
    else:
        entry = camel(f"_{field.name}_entry")
        nested = message.nested_type.add(name=entry)
        nested.options.map_entry = True
        _add_field(nested, Field(1, "key"))
        _add_field(nested, Field(2, "value"))
        added.type, added.label = Descriptor.TYPE_MESSAGE, Descriptor.LABEL_REPEATED
        added.type_name = f".gio.{message.name}.{entry}"


def _official() -> dict[Kind, type[OfficialMessage]]:
    """Build the official library's classes from the wire's field table."""
    file = descriptor_pb2.FileDescriptorProto(name="gio.proto", package="gio", syntax="proto3")
    enum = file.enum_type.add(name="EventType")
    for name, number in EVENT_TYPES.items():
        enum.value.add(name=name, number=number)
    tables: dict[str, tuple[Field, ...]] = {"ResourceItem": RESOURCE_ITEM}
    tables |= {kind.name: schema.fields for kind, schema in SCHEMAS.items()}
    for name, table in tables.items():
        message = file.message_type.add(name=name)
        for field in table:
            _add_field(message, field)
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return {
        kind: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"gio.{kind.name}"))
        for kind in Kind
    }


OFFICIAL = _official()
TYPE_NAMES = {number: name for name, number in EVENT_TYPES.items()}

STRINGS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES: dict[Type, st.SearchStrategy[Any]] = {
    "string": STRINGS,
    "int32": st.integers(-(2**31), 2**31 - 1),
    "int64": st.integers(-(2**63), 2**63 - 1),
    "double": st.floats(),
    "event type": st.integers(-(2**31), 2**31 - 1) | st.sampled_from(sorted(TYPE_NAMES)),
    "map<string, string>": st.dictionaries(STRINGS, STRINGS, max_size=4),
}


def _values(table: tuple[Field, ...]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {},
        optional={
            field.name: _values(RESOURCE_ITEM)
            if field.type == "ResourceItem"
            else VALUES[field.type]
            for field in table
        },
    )


def _filled(kind: Kind, values: dict[str, Any]) -> OfficialMessage:
    message = OFFICIAL[kind]()
    _fill(message, values)
    return message


def _fill(message: Any, values: dict[str, Any]) -> None:
    for name, value in values.items():
        if name == "resource_item":
            message.resource_item.SetInParent()
            _fill(message.resource_item, value)
        elif isinstance(value, dict):
            getattr(message, name).update(value)
        else:
            setattr(message, name, value)


def _plain(message: Any) -> dict[str, Any]:
    """Return an official message as ours looks: JSON names, without values that are defaults."""
    plain: dict[str, Any] = {}
    for descriptor, value in message.ListFields():
        if descriptor.name == "resource_item":
            plain["resourceItem"] = _plain(value)
        elif descriptor.name == "event_type":
            plain["eventType"] = TYPE_NAMES.get(value, value)
        elif hasattr(value, "items"):
            plain[camel(descriptor.name)] = dict(value)
        else:
            plain[camel(descriptor.name)] = value
    return _without_defaults(plain)


def _without_defaults(message: dict[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for key, value in message.items():
        if key == "resourceItem":
            plain[key] = _without_defaults(value)
        elif isinstance(value, float) and not math.isfinite(value):
            plain[key] = str(value)
        elif value not in ("", 0, "VISIT"):
            plain[key] = value
    return plain


def _hides_map_entries(message: Any) -> bool:
    entries = {
        field.number
        for field in message.DESCRIPTOR.fields
        if field.message_type and field.message_type.GetOptions().map_entry
    }
    unknown: Any = UnknownFieldSet(message)
    if entries & {field.field_number for field in unknown}:
        return True
    return any(
        _hides_map_entries(value)
        for field, value in message.ListFields()
        if field.name == "resource_item"
    )


@st.composite
def messages(draw: st.DrawFn, kind: Kind) -> bytes:
    """Give the official bytes of any message of ``kind``."""
    message = _filled(kind, draw(_values(SCHEMAS[kind].fields)))
    return message.SerializeToString()


@st.composite
def nearly(draw: st.DrawFn, kind: Kind) -> bytes:
    """Give bytes that begin like a message and then may not be one."""
    data = bytearray(draw(messages(kind)))
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(data)))
        data[place : place + draw(st.integers(0, 3))] = draw(st.binary(max_size=4))
    return bytes(data)


@KINDS
@given(data=st.data())
@settings(max_examples=examples(150), deadline=None)
def test_official_messages(kind: Kind, data: st.DataObject) -> None:
    """Whatever the official library writes is read back with the same values."""
    message = _filled(kind, data.draw(_values(SCHEMAS[kind].fields)))
    ours = read_message(kind, message.SerializeToString(), Budget(1000))
    assert _without_defaults(ours) == _plain(message)


@KINDS
@given(data=st.data())
@settings(max_examples=examples(400), deadline=None)
def test_agrees_with_the_official_reader(kind: Kind, data: st.DataObject) -> None:
    """Bytes that we accept, the official library accepts too, with the same values.

    One difference is meant: a map entry with an unknown field is an entry for us, as in C++ and
    Java; the Python library hides the whole entry among the unknown fields.
    """
    body = data.draw(nearly(kind) | st.binary(max_size=60))
    try:
        ours = read_message(kind, body, Budget(1000))
    except DecodeError:
        return
    official = OFFICIAL[kind]()
    try:
        official.ParseFromString(body)
    except OfficialError:
        pytest.fail(f"the official library refuses {body!r}")
    if not _hides_map_entries(official):
        assert _without_defaults(ours) == _plain(official)


ENVELOPES = st.builds(
    Envelope,
    content_type=st.sampled_from([None, "application/json", "application/protobuf", "text/plain"]),
    codec=st.sampled_from([None, "0", "2", "2", "1", "3", "x"]),
    crypt=st.sampled_from([None, "0", "1", "2"]),
    x_timestamp=st.none() | st.text(max_size=5),
    stm=st.none() | st.just("1700000000123") | st.text(max_size=20),
    compress=st.sampled_from([None, "0", "1", "11"]),
)
BODIES = st.one_of(
    st.binary(max_size=500),
    st.builds(lambda head, tail: head + tail, st.binary(max_size=6), st.binary(max_size=200)),
    st.builds(lambda body: bytes(cramjam.snappy.compress_raw(body)), st.binary(max_size=500)),
    st.text('[]{},:"\\ntrue0123456789.eE-NaNInfinityu', max_size=200).map(str.encode),
    nearly(Kind.EVENT).map(lambda data: b"\x0a" + bytes([len(data) & 0x7F]) + data),
    st.text(max_size=100).flatmap(
        lambda text: st.sampled_from([as_bytes, as_uri, as_utf16]).map(
            lambda pack: pack(f'[{{"eventName":{json.dumps(text)}}}]')
        )
    ),
)


@KINDS
@given(envelope=ENVELOPES, body=BODIES)
@settings(max_examples=examples(400), deadline=None)
def test_anything(kind: Kind, envelope: Envelope, body: bytes) -> None:
    """Any body gives rows or a reason, never an exception, and never costs much memory."""
    tracemalloc.start()
    try:
        decoded = decode_body(kind, envelope, body)
        findings = [check_one(kind, message) for message in decoded.messages]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert bool(decoded.reason) != bool(findings) or (body and not decoded.reason)
    assert peak < 1_000_000
    for finding in findings:
        assert finding.text is not None or finding.issues


@given(
    query=st.text(st.characters(max_codepoint=255), max_size=200)
    | st.text("data=&[]{}%#stmcompress01+-$ ", max_size=80).map("data=".__add__),
    headers=st.dictionaries(st.sampled_from(["X-Compress-Codec", "x-crypt-codec"]), st.text()),
)
@settings(deadline=None)
def test_any_image(query: str, headers: dict[str, str]) -> None:
    """Any query of an image request gives messages or a reason, never an exception."""
    decoded = decode_request(Kind.EVENT, "GET", query, headers.items(), b"")
    assert decoded.reason or decoded.messages or decoded.steps[-1].ok


@pytest.mark.parametrize("kind", list(Kind))
@given(body=st.binary(max_size=200))
@settings(max_examples=examples(60), deadline=None)
def test_random_bytes_prove_nothing(kind: Kind, body: bytes) -> None:
    """Random bytes are not read in any other way."""
    assert find_coding(kind, body, None) is None
    assert find_key(kind, body, None) is None


@given(text=st.text())
def test_harmless(text: str) -> None:
    """No control, format or separator character survives, but for the two joiners."""
    kept = harmless(text).replace("\u200c", "").replace("\u200d", "")
    assert all(c.isprintable() or c.isspace() for c in kept)
    assert not set(kept) & {chr(code) for code in (*range(32), *range(127, 160), 0x2028, 0x2029)}

"""The format on topics, in both directions."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from growingio_tracker.kafka.topic import (
    DATA_SOURCE,
    EVENT_ID,
    KIND,
    PROJECT,
    RECORD,
    Origin,
    TopicRecord,
    Writer,
    headers_of,
    read,
)
from growingio_wire.errors import DecodeError
from growingio_wire.table import Kind

some_text = st.text(st.characters(codec="utf-8"), min_size=1)
origins = st.builds(Origin, st.sampled_from(Kind), some_text, some_text)
topic_records = st.builds(TopicRecord, origins, st.binary(min_size=1), st.none() | some_text)
named = st.sampled_from([RECORD, KIND, PROJECT, DATA_SOURCE, EVENT_ID, "traceparent"])
header_values = (
    st.none() | st.binary() | some_text | st.sampled_from([b"1", b"event", b"item", b"2"])
)
values = (
    st.none()
    | st.binary()
    | st.builds(
        msgspec.json.encode,
        st.recursive(
            st.none() | st.booleans() | st.integers() | some_text,
            lambda inner: (
                st.lists(inner)
                | st.dictionaries(
                    some_text
                    | st.sampled_from(["projectKey", "dataSourceId", "eventType", "id", "key"]),
                    inner,
                )
            ),
        ),
    )
)


@given(topic_records, st.lists(st.tuples(some_text, st.binary())))
def test_both_directions(one: TopicRecord, others: list[tuple[str, bytes]]) -> None:
    """What was written is read as it was, whatever other headers there are."""
    strange = [(name, value) for name, value in others if not name.startswith("growingio-")]
    assert read(one.record, [*strange, *headers_of(one)]) == one


CODES = {
    "no_value",
    "newer_format",
    "unknown_kind",
    "no_project",
    "no_data_source",
    "not_text",
    "not_json",
    "unlike_a_message",
}


@given(values, st.none() | st.lists(st.tuples(named, header_values)))
def test_anything(value: bytes | None, headers: list[tuple[str, Any]] | None) -> None:
    """Whatever is on a topic is a record, or one kind of error says why not."""
    code, one = "", None
    try:
        one = read(value, headers)
    except DecodeError as error:
        code = error.code
    assert code in CODES if one is None else one.record == value
    assert one is None or (one.origin.product_id and one.origin.data_source_id)


raw = st.fixed_dictionaries({"projectKey": some_text, "dataSourceId": some_text})
RAW_KINDS: dict[Kind, dict[str, object]] = {
    Kind.EVENT: {"eventType": "CUSTOM", "userId": "u"},
    Kind.ITEM: {"id": "i", "key": "k"},
    Kind.MAPPING: {"identifies": {"phone": "1"}},
}


@pytest.mark.parametrize("kind", Kind)
@given(raw)
def test_raw(kind: Kind, fields: dict[str, str]) -> None:
    """A raw message says kind, project and data source by its own keys, and has no event id."""
    value = msgspec.json.encode(fields | RAW_KINDS[kind])
    origin = Origin(kind, fields["projectKey"], fields["dataSourceId"])
    assert read(value, None) == TopicRecord(origin, value, None)


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"userId": "u", "deviceId": "v", "id": "i"}, b"u"),
        ({"userId": "", "deviceId": "v"}, b"v"),
        ({"id": "i"}, b"i"),
        ({"identifies": {"phone": "1", "email": "e"}}, b"e"),
        ({"userId": "李"}, "李".encode()),
        ({}, None),
    ],
)
def test_key(fields: dict[str, object], key: bytes | None) -> None:
    """A message's key is whose it is."""
    record = msgspec.json.encode(fields)
    found, headers = Writer("p", "d").described(Kind.EVENT, record, b"1-2")
    assert found == key
    assert read(record, headers) == TopicRecord(Origin(Kind.EVENT, "p", "d"), record, "1-2")

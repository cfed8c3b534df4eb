"""Any attributes at all (promises B1, B2)."""

from __future__ import annotations

import enum
import json
from datetime import datetime, timedelta, timezone
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from growingio_tracker import CustomEventMessage, GrowingParamException
from growingio_tracker.core import is_plain
from growingio_tracker.model.arguments import event_time_ms, identifier
from growingio_tracker.model.record import decode, to_record
from growingio_tracker.model.values import normalise
from growingio_wire.table import Kind, text

NOW_MS = 1_700_000_000_123


class Odd:
    """Something that nobody can send."""


class Word(str):
    __slots__ = ()


def _member(value: Any) -> enum.Enum:
    make: Any = enum.Enum
    one: enum.Enum = make("Made", {"ONE": value})["ONE"]
    return one


MILLISECOND = timedelta(milliseconds=1)

zones = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
any_text = st.text() | st.text(st.characters(codec=None)) | st.builds(Word, st.text())
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers().map(lambda n: n * 10**400)
    | st.floats()
    | st.decimals()
    | st.uuids()
    | st.dates()
    | st.datetimes(timezones=st.none() | zones)
    | any_text
)
anything = st.recursive(
    scalars | st.binary() | st.complex_numbers() | st.builds(Odd) | scalars.map(_member),
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.sets(st.integers() | st.floats() | any_text)
        | st.dictionaries(any_text | st.integers(), inner)
    ),
    max_leaves=8,
)
names = any_text.filter(len)


@given(st.dictionaries(names, anything))
def test_b2_everything_is_sent_or_reported(attributes: dict[str, Any]) -> None:
    """B2: each attribute is sent as a scalar, is None, or is reported; nothing raises."""
    sendable, left_out = normalise(attributes, "attributes")
    empty = sum(
        value is None or getattr(value, "value", 0) is None for value in attributes.values()
    )
    assert len(sendable) + len(left_out) + empty == len(attributes)
    assert {type(value) for value in sendable.values()} <= {str, int, float, bool}
    assert {type(key) for key in sendable} <= {str}
    assert is_plain(sendable)


@given(st.dictionaries(names, anything))
def test_b2_record_holds_the_same_values(attributes: dict[str, Any]) -> None:
    """B2: the record is UTF-8 JSON of exactly the sendable values, and decodes to them."""
    message = CustomEventMessage(None, "e", None, "u", None, attributes)
    record, _ = to_record(message, NOW_MS)
    sendable, _ = normalise(attributes, "attributes")
    assert json.loads(record.decode()).get("attributes", {}) == sendable
    decoded = decode(Kind.EVENT, record)
    assert isinstance(decoded, CustomEventMessage)
    assert {k: text(v) for k, v in (decoded.attributes or {}).items()} == {
        k: text(v) for k, v in sendable.items()
    }


@given(st.dictionaries(names, anything))
def test_b2_checking_twice_changes_nothing(attributes: dict[str, Any]) -> None:
    """B2: a checked message passes its next check as it is."""
    message = CustomEventMessage(None, "e", None, "u", None, attributes)
    record, _ = to_record(message, NOW_MS)
    assert to_record(message, NOW_MS + 1) == (record, ())


@given(anything)
def test_b1_attributes_raise_nothing_else(attributes: Any) -> None:
    """B1: whatever stands for the attributes, the only exception is GrowingParamException."""
    message = CustomEventMessage(None, "e", None, "u", None, attributes)
    try:
        record, _ = to_record(message, NOW_MS)
    except GrowingParamException as error:
        assert "attributes" in str(error)  # noqa: PT017 - most examples raise nothing
    else:
        assert msgspec.json.decode(record)


@given(anything)
def test_b1_ids_raise_nothing_else(value: Any) -> None:
    """B1: whatever stands for an id, it becomes valid text, nothing, or GrowingParamException."""
    try:
        found = identifier(value, "login_user_id")
    except GrowingParamException as error:
        assert "login_user_id" in str(error)  # noqa: PT017 - many examples raise nothing
    else:
        assert found is None or (type(found) is str and found.encode())


@given(anything)
def test_b4_times_raise_nothing_else(value: Any) -> None:
    """B4: whatever stands for event_time, it becomes an int or GrowingParamException."""
    try:
        found = event_time_ms(value)
    except GrowingParamException as error:
        assert "event_time" in str(error)  # noqa: PT017 - most examples raise
    else:
        assert type(found) is int
        assert event_time_ms(found) == found


@given(st.datetimes(datetime(1974, 1, 1), datetime(5138, 1, 1), timezones=zones))
def test_b4_aware_datetimes(value: datetime) -> None:
    """B4: an aware datetime becomes the last whole Unix millisecond that is not after it."""
    found = datetime(1970, 1, 1, tzinfo=timezone.utc) + event_time_ms(value) * MILLISECOND
    assert found <= value < found + MILLISECOND

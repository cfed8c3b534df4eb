"""Verdicts over decoded messages."""

import json
from typing import Any

import pytest

from growingio_tracker.collector.check import Finding, examine
from growingio_tracker.collector.check.heads import HEADS
from growingio_tracker.collector.decode import Message
from growingio_tracker.wire import SCHEMAS, Kind

GOOD = {
    "eventType": "CUSTOM",
    "eventName": "pay",
    "timestamp": 1700000000123,
    "userId": "u1",
    "dataSourceId": "d1",
}


def _examined(kind: Kind, message: object) -> Finding:
    return examine(kind, Message(json.dumps(message).encode()))


def _event(**changes: Any) -> Finding:
    merged = {**GOOD, **changes}
    return _examined(Kind.EVENT, {k: v for k, v in merged.items() if v is not ...})


def _codes(finding: Finding) -> list[str]:
    return [problem.code for problem in finding.problems]


def test_good_event() -> None:
    """An event with all that is required is ok, and its row holds what identifies it."""
    finding = _event(userKey="email", deviceId="d1", attributes={"a": 1}, projectKey="p")
    assert finding.verdict == "ok"
    assert (finding.kind, finding.type, finding.name) == ("event", "CUSTOM", "pay")
    assert (finding.user_key, finding.user_id, finding.device_id) == ("email", "u1", "d1")
    assert finding.timestamp == 1700000000123


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"eventType": ...}, "missing_event_type"),
        ({"eventType": ""}, "missing_event_type"),
        ({"eventName": ...}, "missing_event_name"),
        ({"eventName": ""}, "missing_event_name"),
        ({"timestamp": ...}, "missing_timestamp"),
        ({"dataSourceId": ...}, "missing_data_source"),
        ({"dataSourceId": ""}, "missing_data_source"),
        ({"userId": ...}, "nobody"),
        ({"userId": ""}, "nobody"),
        ({"userId": ..., "userKey": "email"}, "nobody"),
        ({"attributes": ["x", "y"]}, "attributes_not_object"),
        ({"attributes": None}, "attributes_not_object"),
        ({"attributes": "x"}, "attributes_not_object"),
        ({"timestamp": "yesterday"}, "wrong_type"),
        ({"timestamp": 2**63}, "wrong_type"),
        ({"eventName": {"a": [1]}}, "wrong_type"),
        ({"deviceId": 1.5}, "wrong_type"),
    ],
)
def test_bad_event(changes: dict[str, Any], code: str) -> None:
    """One fault gives one problem, and the verdict bad."""
    finding = _event(**changes)
    assert _codes(finding) == [code]
    assert finding.verdict == "bad"


@pytest.mark.parametrize(
    "changes",
    [
        {"userId": ..., "deviceId": "d1"},
        {"userId": ..., "userKey": "$notuser"},
        {"eventType": "VISIT", "eventName": ...},
        {"attributes": {}},
    ],
)
def test_allowed(changes: dict[str, Any]) -> None:
    """What the protocol allows has no problem."""
    assert _event(**changes).problems == ()


def test_number_as_user() -> None:
    """A number as the user id is a warning, and is found as text."""
    finding = _event(userId=42)
    assert (finding.verdict, finding.user_id, _codes(finding)) == (
        "warn",
        "42",
        ["user_id_not_text"],
    )


def test_several_faults() -> None:
    """Every fault of an event is listed, and right values beside wrong ones are kept."""
    finding = _event(timestamp="x", eventType=..., userId="u9")
    assert _codes(finding) == ["wrong_type", "missing_event_type"]
    assert finding.user_id == "u9"


@pytest.mark.parametrize("message", [3, "x", None, [1]])
def test_not_an_object(message: object) -> None:
    """An element that is no object is bad and has no message."""
    finding = _examined(Kind.EVENT, message)
    assert (_codes(finding), finding.text) == (["not_an_object"], None)


@pytest.mark.parametrize(
    ("message", "codes"),
    [
        ({"id": "1", "key": "goods"}, []),
        ({"id": 0, "key": "goods"}, []),
        ({"key": "goods"}, ["missing_item_id"]),
        ({"id": "1"}, ["missing_item_key"]),
        ({"id": "", "key": ""}, ["missing_item_id", "missing_item_key"]),
        ({"id": "1", "key": "goods", "attributes": []}, ["attributes_not_object"]),
    ],
)
def test_item(message: object, codes: list[str]) -> None:
    """An item needs an id and a key, and attributes that are an object."""
    assert _codes(_examined(Kind.ITEM, message)) == codes


@pytest.mark.parametrize(
    ("message", "codes"),
    [
        ({"identifies": {"phone": "1"}, "sendTime": 5}, []),
        ({}, ["missing_identifies"]),
        ({"identifies": ["1"]}, ["wrong_type"]),
    ],
)
def test_mapping(message: object, codes: list[str]) -> None:
    """A mapping needs identifies that are an object."""
    assert _codes(_examined(Kind.MAPPING, message)) == codes


@pytest.mark.parametrize("kind", list(Kind))
def test_heads_follow_the_wire(kind: Kind) -> None:
    """Every value the collector looks at is a field of the wire's table."""
    names = {field.name for field in SCHEMAS[kind].fields}
    assert set(HEADS[kind].__struct_fields__) <= names

"""Verdicts over decoded messages."""

import json
from typing import Any

import pytest

from growingio_collector.rules.checked import CheckedMessage, DecodedMessage, bounded
from growingio_collector.rules.checking import check_one
from growingio_collector.rules.heads import HEADS
from growingio_wire.table import EVENT_TYPES, SCHEMAS, Kind

GOOD = {
    "eventType": "CUSTOM",
    "eventName": "pay",
    "timestamp": 1700000000123,
    "userId": "u1",
    "dataSourceId": "d1",
}


def _examined(kind: Kind, message: object) -> CheckedMessage:
    return check_one(kind, DecodedMessage(json.dumps(message).encode()))


def _event(**changes: Any) -> CheckedMessage:
    merged = {**GOOD, **changes}
    return _examined(Kind.EVENT, {k: v for k, v in merged.items() if v is not ...})


def _codes(finding: CheckedMessage) -> list[str]:
    return [problem.code for problem in finding.issues]


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
    assert _event(**changes).issues == ()


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
        ({"id": 0, "key": "goods"}, ["id_not_text"]),
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


@pytest.mark.parametrize(
    ("event_type", "code", "said"),
    [
        ("CUSTM", "misspelled_event_type", "Did you mean CUSTOM?"),
        ("custom", "misspelled_event_type", "Did you mean CUSTOM?"),
        ("REENGAGE", "unknown_event_type", "eventType is REENGAGE"),
        (99, "unknown_event_type", "eventType is 99"),
        (1, "unknown_event_type", "eventType is 1"),
    ],
)
def test_unknown_event_type(event_type: object, code: str, said: str) -> None:
    """An event type that the protocol does not have is never ok, and a misspelled one is bad."""
    [issue] = _event(eventType=event_type).issues
    assert (issue.code, issue.path) == (code, "eventType")
    assert said in issue.sentence


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_known_event_types(event_type: str) -> None:
    """Every event type of the protocol is ok."""
    assert _event(eventType=event_type, attributes={"a": "b"}).issues == ()


@pytest.mark.parametrize(
    ("kind", "message", "said"),
    [
        (Kind.ITEM, GOOD, "This is an event, but it was sent to the path of an item."),
        (Kind.ITEM, {**GOOD, "id": "1", "key": "goods"}, "This is an event"),
        (Kind.ITEM, {"identifies": {"phone": "1"}}, "This is a user mapping"),
        (Kind.MAPPING, GOOD, "This is an event"),
        (Kind.MAPPING, {"id": "1", "key": "goods", "identifies": {}}, None),
        (Kind.MAPPING, {"id": "1", "key": "goods"}, "This is an item"),
        (Kind.EVENT, {"id": "1", "key": "goods", "attributes": {}}, "This is an item"),
        (Kind.EVENT, {"identifies": {"phone": "1"}, "sendTime": 5}, "This is a user mapping"),
        (Kind.EVENT, {**GOOD, "id": "1", "key": "goods"}, None),
    ],
)
def test_other_kind(kind: Kind, message: object, said: str | None) -> None:
    """A message on the path of another kind is bad, with that as the only reason."""
    sentences = [issue.sentence for issue in _examined(kind, message).issues]
    if said is None:
        assert not any("This is" in sentence for sentence in sentences)
        return
    [sentence] = sentences
    assert sentence.startswith(said)
    assert _examined(kind, message).verdict == "bad"


def test_bounded() -> None:
    """A request with very many issues keeps the worst of each message, and every verdict."""
    checked = [
        _event(timestamp=..., attributes={f"k{i}_{j}": "None" for j in range(20)})
        for i in range(400)
    ]
    kept = bounded(checked)
    assert sum(len(one.issues) for one in checked) > 5000 >= sum(len(one.issues) for one in kept)
    assert [one.verdict for one in kept] == [one.verdict for one in checked] == ["bad"] * 400

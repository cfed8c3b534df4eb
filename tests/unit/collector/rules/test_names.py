"""Rule of names that come twice in one object."""

import json

import pytest

from growingio_collector.rules.checked import CheckedMessage, DecodedMessage
from growingio_collector.rules.checking import check_all
from growingio_collector.rules.history import History
from growingio_wire.table import Kind
from judging import arrival, good_event

EVENT = json.dumps(good_event(attributes={"url": "a:b", "n": 1}))


def _judged(text: str, history: History | None = None, kind: Kind = Kind.EVENT) -> CheckedMessage:
    messages = [DecodedMessage(text.encode())]
    [checked] = check_all(kind, messages, arrival(), history or History())
    return checked


def _given_twice(checked: CheckedMessage) -> list[tuple[str, object, object]]:
    return [
        (one.path, one.values["count"], one.values["shown"])
        for one in checked.issues
        if one.code == "name_given_twice"
    ]


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ('"userId"', '"userId": "u0", "userId"', ("userId", 2, '"u1"')),
        ('"n": 1', '"n": 1, "n": 1.0', ("attributes.n", 2, "1.0")),
        ('"n": 1', '"n": 1, "n": 2, "n":null', ("attributes.n", 3, "null")),
        ('"n": 1', '"n": 1, "\\u006e": 2', ("attributes.n", 2, "2")),
        ('"n": 1', '"n": 1, "n" : "\\u003a"', ("attributes.n", 2, '":"')),
        ('"attributes"', '"attributes": {}, "attributes"', ("attributes", 2, "{…}")),
        ('"eventType"', '"eventType": "VISIT", "eventType"', ("eventType", 2, '"CUSTOM"')),
        ('"n": 1', '"n": 1}, "extraSdk": {"a": [], "a": [1]', ("extraSdk.a", 2, "[…]")),
        ('"n": 1', '"n": [{"a": 1, "a": 2}]', ("attributes.n[0].a", 2, "2")),
    ],
)
@pytest.mark.parametrize("separators", [(", ", ": "), (",", ":")])
def test_given_twice(
    old: str, new: str, found: tuple[str, int, str], separators: tuple[str, str]
) -> None:
    """The name, how often it is there and the value that counts are told, for known forms too."""
    history = History()
    text = EVENT.replace(old, new)
    assert text != EVENT
    for wide, narrow in zip((", ", ": "), separators, strict=True):
        text = text.replace(wide, narrow)
    _judged(EVENT.replace("u1", "u0"), history)
    for _ in range(2):
        checked = _judged(text, history)
        assert _given_twice(checked) == [found]
        assert checked.verdict == "warn"


def test_same_name_in_two_places() -> None:
    """A name may be there once in each object."""
    text = EVENT.replace('"n": 1', '"userId": "x", "timestamp": 1')
    assert not _judged(text).issues


def test_items_and_mappings() -> None:
    """Items and mappings are held to the same."""
    item = _judged('{"id":"1","key":"k","attributes":{"a":"x","a":"y"}}', kind=Kind.ITEM)
    assert _given_twice(item) == [("attributes.a", 2, '"y"')]
    mapping = _judged('{"identifies":{"phone":"1","phone":"2"}}', kind=Kind.MAPPING)
    assert _given_twice(mapping) == [("identifies.phone", 2, '"2"')]


def test_very_many() -> None:
    """Of very many, some are named; long names and values are cut, numbers stay as written."""
    members = ",".join(f'"{seq}": 0, "{seq}": {"9" * 5000}' for seq in range(50))
    found = _given_twice(_judged(EVENT.replace('"n": 1', members)))
    assert len(found) == 20
    assert found[0] == ("attributes.0", 2, "9" * 40)
    name = "x" * 5000
    [(path, *_)] = _given_twice(_judged(EVENT.replace('"n": 1', f'"{name}": 1, "{name}": 2')))
    assert path == f"attributes.{name[:100]}"

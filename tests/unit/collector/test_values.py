"""Verdicts on the values of attributes."""

import json
from typing import Any

import pytest

from growingio_tracker.collector.check import Memory, examine_all
from growingio_tracker.collector.decode import Message
from growingio_tracker.wire import Kind
from judging import arrival, codes, good_event, judge


def _judged(value: Any, key: str = "金额") -> list[tuple[str, str]]:
    [finding] = judge(good_event(attributes={key: value}))
    return [(problem.code, problem.path) for problem in finding.problems]


@pytest.mark.parametrize(
    "value",
    [
        *(
            "",
            "3",
            "红||绿||7",
            "true",
            "false",
            "null",
            "[微笑]",
            "[]x",
            "{",
            "<b>",
            "<a@b.example>",
        ),
        *('{"a":"b"}', "map of x", "none", "Nan", "x" * 1000, "||" * 99),
        *(3, -1.5, True, 2**53, -(2**53)),
    ],
)
def test_right_value(value: Any) -> None:
    """Texts, numbers, booleans, joined lists and JSON objects as text have no problem."""
    assert _judged(value) == []


@pytest.mark.parametrize(
    ("value", "code"),
    [
        *[(word, "printed_value") for word in ("True", "None", "nan", "<nil>", "undefined")],
        *[(text, "printed_list") for text in ("['a', 'b']", "[a, null, c]", "[]", "[1, 2]")],
        *[(text, "printed_object") for text in ("{'a': 'b'}", "{a=b}", "map[a:b]")],
        ("<shop.Cart object at 0x7fdb4d65ea00>", "printed_object"),
        ("x" * 1001, "value_too_long"),
        ("||" * 100, "list_too_long"),
        (None, "value_not_text"),
        (["a"], "value_not_text"),
        ({"a": "b"}, "value_not_text"),
        (2**53 + 1, "big_integer"),
        (-(2**53) - 1, "big_integer"),
        (10**400, "big_integer"),
    ],
)
def test_wrong_value(value: Any, code: str) -> None:
    """A wrong value is a warning that names its place, in events and items alike."""
    assert _judged(value) == [(code, "attributes.金额")]
    item = {"id": "1", "key": "goods", "attributes": {"金额": value}}
    assert codes(*judge(item, kind=Kind.ITEM)) == [code]


def test_long_key() -> None:
    """A key of more than 100 characters is named by its beginning."""
    assert _judged("v", "k" * 100) == []
    assert _judged("v", "k" * 101) == [("key_too_long", "attributes." + "k" * 100)]


def test_number_out_of_range() -> None:
    """A number no double can hold does not keep its neighbours from being judged."""
    event = json.dumps(good_event(attributes={"big": 0, "printed": "None"}))
    text = event.replace('"big": 0', '"big": 1' + "0" * 5000).encode()
    [finding] = examine_all(Kind.EVENT, [Message(text)], arrival(), Memory())
    assert codes(finding) == ["printed_value"]


def test_escaped() -> None:
    """A printed value is recognised also where an encoder escaped what it begins with."""
    memory, value = Memory(), "<shop.Cart object at 0x7f>"
    for user in ("u1", "u2", "u3"):
        text = json.dumps(
            good_event(userId=user, attributes={"cart": value if user > "u1" else ""})
        )
        escaped = Message(text.replace("<", "\\u003c").encode())
        [finding] = examine_all(Kind.EVENT, [escaped], arrival(), memory)
        assert codes(finding) == ([] if user == "u1" else ["printed_object"])


def test_identities() -> None:
    """A mapping's identities are texts only."""
    [finding] = judge({"identifies": {"phone": 13800000000, "email": "a@b"}}, kind=Kind.MAPPING)
    assert [(problem.code, problem.path) for problem in finding.problems] == [
        ("value_not_text", "identifies.phone")
    ]


def test_many_problems() -> None:
    """Of many problems in one message the first 20 are noted."""
    [finding] = judge(good_event(attributes={f"k{number}": None for number in range(50)}))
    assert codes(finding) == ["value_not_text"] * 20


def test_types() -> None:
    """A finding holds each property with its JSON type; one type for all numbers."""
    values = {"a": "x", "b": 1, "c": 1.5, "d": True, "e": None, "f": [], "g": {}}
    [finding] = judge(good_event(attributes=values))
    assert dict(finding.types) == {
        **{"a": "string", "b": "number", "c": "number", "d": "boolean"},
        **{"e": "null", "f": "array", "g": "object"},
    }

"""Verdicts on the values of attributes."""

import json
from typing import Any

import pytest

from growingio_collector.rules.checked import DecodedMessage
from growingio_collector.rules.checking import check_all
from growingio_collector.rules.history import History
from growingio_wire.table import Kind
from judging import arrival, codes, good_event, judge


def _judged(value: Any, key: str = "金额") -> list[tuple[str, str]]:
    [finding] = judge(good_event(attributes={key: value}))
    return [(problem.code, problem.path) for problem in finding.issues]


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


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("9007199254740993", "big_integer"),
        ("12345678901234567890", "big_integer"),
        ("-" + "9" * 30, "big_integer"),
        ("9" * 5000, "big_integer"),
        ("1e999", "number_out_of_range"),
        ("-1e999", "number_out_of_range"),
    ],
)
def test_numbers_that_programs_round(number: str, code: str) -> None:
    """A number that programs round or lose is warned of as it was written, like its neighbours."""
    text = json.dumps(good_event(attributes={"big": 0, "printed": "None"}))
    message = DecodedMessage(text.replace('"big": 0', f'"big": {number}').encode())
    for _ in range(2):  # the second of one form may take the fast path
        [checked] = check_all(Kind.EVENT, [message], arrival(), History())
        assert codes(checked) == [code, "printed_value"]
        assert str(checked.issues[0].values["shown"]).rstrip("…") in number
        assert number in str(checked.text)


def test_escaped() -> None:
    """A printed value is recognised also where an encoder escaped what it begins with."""
    history, value = History(), "<shop.Cart object at 0x7f>"
    for user in ("u1", "u2", "u3"):
        text = json.dumps(
            good_event(userId=user, attributes={"cart": value if user > "u1" else ""})
        )
        escaped = DecodedMessage(text.replace("<", "\\u003c").encode())
        [finding] = check_all(Kind.EVENT, [escaped], arrival(), history)
        assert codes(finding) == ([] if user == "u1" else ["printed_object"])


def test_identities() -> None:
    """A mapping's identities are texts only."""
    [finding] = judge({"identifies": {"phone": 13800000000, "email": "a@b"}}, kind=Kind.MAPPING)
    assert [(problem.code, problem.path) for problem in finding.issues] == [
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

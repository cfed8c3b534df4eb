"""Comparing messages with a plan."""

import json

import pytest

from growingio_collector.rules.checked import CheckedMessage, DecodedMessage
from growingio_collector.rules.checking import check_one
from growingio_collector.rules.plans import judge, judged
from growingio_wire.near import Guesses
from growingio_wire.plan import Plan, Planned
from growingio_wire.plan.reading import read_plan
from growingio_wire.table import Kind

PLAN = read_plan(
    b"""
events:
  order_paid:
    aliases: [oder]
    attributes:
      amount: {type: number, required: true}
      channel: {type: list, enum: [web, app]}
      code: {pattern: "[A-Z]{2}"}
      count: {type: integer, min: 1, max: 9}
      old: {deprecated: use amount}
      older: {deprecated: true}
  strict: {additional: refuse, attributes: {a: }}
  loose: {additional: allow}
  gone: {deprecated: true}
  moved: {deprecated: use order_paid}
  PAGE: {attributes: {path: string}}
users:
  keys: [phone]
  attributes: {age: integer}
""",
    "test",
).plan


def _event(name: str | None, attributes: object, type_: str = "CUSTOM") -> CheckedMessage:
    text = json.dumps({"attributes": attributes})
    return CheckedMessage(Kind.EVENT.value, type_, name, text=text)


def _found(
    name: str | None, attributes: object, type_: str = "CUSTOM"
) -> list[tuple[str, str, str]]:
    problems = judge(PLAN, _event(name, attributes, type_), Guesses(1000))
    return [(problem.code, problem.level, problem.path) for problem in problems]


@pytest.mark.parametrize("amount", [3, "3", 1.5])
def test_as_planned(amount: object) -> None:
    """An event as planned has no problem, also when numbers and lists come as text."""
    assert _found("order_paid", {"amount": amount, "channel": "web||app", "code": "AB"}) == []
    assert _found("order_paid", {"amount": amount, "channel": ["web"], "code": None}) == []


@pytest.mark.parametrize(
    ("attributes", "found"),
    [
        ({}, ("missing_property", "bad", "attributes.amount")),
        ({"amount": None}, ("missing_property", "bad", "attributes.amount")),
        ({"amount": "x"}, ("property_wrong_type", "bad", "attributes.amount")),
        (
            {"amount": 1, "channel": "web||tv"},
            ("property_not_in_enum", "bad", "attributes.channel"),
        ),
        ({"amount": 1, "code": "ABC"}, ("property_not_in_pattern", "bad", "attributes.code")),
        ({"amount": 1, "old": 1}, ("deprecated_with_hint", "warn", "attributes.old")),
        ({"amount": 1, "older": 1}, ("deprecated", "warn", "attributes.older")),
        ({"amount": 1, "count": "0"}, ("property_out_of_range", "bad", "attributes.count")),
        ({"amount": 1, "path": "/"}, ("property_not_bound", "bad", "attributes.path")),
        ({"amount": 1, "x": 1}, ("property_not_planned", "warn", "attributes.x")),
    ],
)
def test_difference(attributes: object, found: tuple[str, str, str]) -> None:
    """Each difference is found once, with its level and its path."""
    assert _found("order_paid", attributes) == [found]


def test_names() -> None:
    """A name that is not planned, or is deprecated, is a warning, with the name that was meant."""
    assert _found("zzz", {}) == [("not_planned", "warn", "")]
    assert _found("gone", {}) == [("deprecated", "warn", "")]
    assert _found("moved", {}) == [("deprecated_with_hint", "warn", "")]
    for name in ("oder", "orderPaid", "order_piad"):
        [problem] = judge(PLAN, _event(name, {}), Guesses(1000))
        assert problem.sentence.endswith("Did you mean order_paid?")


def test_additional() -> None:
    """Unplanned attributes are bad where the plan refuses them, and fine where it allows them."""
    assert _found("strict", {"b": 1}) == [("property_refused", "bad", "attributes.b")]
    assert _found("loose", {"b": 1}) == []


def test_unbound() -> None:
    """An attribute of another event is told with that event, unless anything is allowed."""
    [issue] = judge(PLAN, _event("gone", {"path": 1}), Guesses(1000))[1:]
    assert issue.sentence == "attributes.path is planned for PAGE, but not for gone."
    assert _found("loose", {"path": 1}) == []


def test_users() -> None:
    """Users' attributes are judged by their own section, and every message by its user key."""
    assert _found(None, {"age": "x"}, "LOGIN_USER") == [
        ("property_wrong_type", "bad", "attributes.age")
    ]
    assert _found(None, {"age": 3}, "LOGIN_USER") == []
    for key, codes in (("phone", []), ("$notuser", []), ("mail", ["user_key_not_planned"])):
        message = CheckedMessage("event", "CUSTOM", "strict", key, text="{}")
        assert [issue.code for issue in judge(PLAN, message, Guesses(1000))] == codes


def test_many_unplanned() -> None:
    """A message with thousands of unplanned attributes gets a bounded number of problems."""
    assert len(_found("strict", {f"k{number}": 1 for number in range(5000)})) == 20


def test_events_without_a_name() -> None:
    """An event without a name is judged by its type if that is planned, and not at all if not."""
    assert _found(None, {"path": 3}, "PAGE") == [("property_wrong_type", "bad", "attributes.path")]
    assert _found(None, {"path": 3}, "VISIT") == []


def test_kinds_not_spoken_of() -> None:
    """Items are not judged by a plan without items, and mappings never."""
    for kind in (Kind.ITEM, Kind.MAPPING):
        assert judge(PLAN, CheckedMessage(kind.value, name="zzz", text="{}"), Guesses(1000)) == ()
    assert (
        judge(Plan(items={}), CheckedMessage("item", name="zzz", text="{}"), Guesses(1000))[0].code
        == "not_planned"
    )


def test_attributes_that_are_no_object() -> None:
    """Attributes that are no object are not judged: that they are none was said before."""
    message = DecodedMessage(b'{"eventName":"strict","attributes":[]}')
    [checked] = judged(PLAN, [check_one(Kind.EVENT, message)])
    codes = [issue.code for issue in checked.issues]
    assert "attributes_not_object" in codes
    assert "property_refused" not in codes


def test_verdict() -> None:
    """What the plan says counts for the verdict and follows what was found before."""
    before = check_one(
        Kind.EVENT,
        DecodedMessage(
            b'{"eventType":"CUSTOM","eventName":"order_paid","timestamp":1,"userId":1,'
            b'"dataSourceId":"d",'
            b'"attributes":{"amount":"x"}}'
        ),
    )
    [after] = judged(PLAN, [before])
    assert (before.verdict, after.verdict) == ("warn", "bad")
    assert after.issues[: len(before.issues)] == before.issues


def test_guesses_are_bounded() -> None:
    """Of very many names that are not planned, only the first are compared with those that are."""
    plan = Plan(events={f"event_{number}": Planned() for number in range(500)})
    messages = [CheckedMessage("event", name=f"evnt_{number}", text="{}") for number in range(100)]
    found = judged(plan, [*messages, messages[0]])
    codes = [issue.code for one in found for issue in one.issues]
    assert codes == ["not_planned_but_near"] * 4 + ["not_planned"] * 96 + ["not_planned_but_near"]

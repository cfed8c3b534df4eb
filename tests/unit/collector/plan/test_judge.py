"""Comparing messages with a plan."""

import json

import pytest

from growingio_tracker.collector.check import Finding, examine
from growingio_tracker.collector.decode.message import Message
from growingio_tracker.collector.plan.judge import judge, judged
from growingio_tracker.collector.plan.load import read_plan
from growingio_tracker.collector.plan.model import Plan, attributes_of
from growingio_tracker.wire import Kind

PLAN = read_plan(
    b"""
events:
  order_paid:
    aliases: [oder]
    attributes:
      amount: {type: number, required: true}
      channel: {type: list, enum: [web, app]}
      code: {pattern: "[A-Z]{2}"}
      old: {deprecated: use amount}
      older: {deprecated: true}
  strict: {additional: refuse, attributes: {a: }}
  loose: {additional: allow}
  gone: {deprecated: true}
  moved: {deprecated: use order_paid}
  PAGE: {attributes: {path: string}}
""",
    "test",
).plan


def _event(name: str | None, attributes: object, type_: str = "CUSTOM") -> Finding:
    text = json.dumps({"attributes": attributes})
    return Finding(Kind.EVENT.value, type_, name, text=text)


def _found(
    name: str | None, attributes: object, type_: str = "CUSTOM"
) -> list[tuple[str, str, str]]:
    problems = judge(PLAN, _event(name, attributes, type_))
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
        [problem] = judge(PLAN, _event(name, {}))
        assert problem.sentence.endswith("Did you mean order_paid?")


def test_additional() -> None:
    """Unplanned attributes are bad where the plan refuses them, and fine where it allows them."""
    assert _found("strict", {"b": 1}) == [("property_refused", "bad", "attributes.b")]
    assert _found("loose", {"b": 1}) == []


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
        assert judge(PLAN, Finding(kind.value, name="zzz", text="{}")) == ()
    assert judge(Plan(items={}), Finding("item", name="zzz", text="{}"))[0].code == "not_planned"


def test_attributes_that_are_no_object() -> None:
    """Attributes that are no object are not judged: that they are none was said before."""
    finding = judged(PLAN, examine(Kind.EVENT, Message(b'{"eventName":"strict","attributes":[]}')))
    codes = [problem.code for problem in finding.problems]
    assert "attributes_not_object" in codes
    assert "property_refused" not in codes


def test_verdict() -> None:
    """What the plan says counts for the verdict and follows what was found before."""
    before = examine(
        Kind.EVENT,
        Message(
            b'{"eventType":"CUSTOM","eventName":"order_paid","timestamp":1,"userId":1,'
            b'"attributes":{"amount":"x"}}'
        ),
    )
    after = judged(PLAN, before)
    assert (before.verdict, after.verdict) == ("warn", "bad")
    assert after.problems[: len(before.problems)] == before.problems


@pytest.mark.parametrize(
    ("text", "attributes"),
    [
        ("{}", {}),
        ('{"attributes":null}', {}),
        ('{"attributes":{"a":1e999}}', {"a": float("inf")}),
        ('{"attributes":[1e999]}', None),
        ("[1]", None),
        ("null", None),
        (None, None),
    ],
)
def test_attributes_of(text: str | None, attributes: object) -> None:
    """Attributes are read from any JSON; None says that there is no object to read."""
    assert attributes_of(text) == attributes

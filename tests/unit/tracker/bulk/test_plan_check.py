"""Rows compared with a tracking plan."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from growingio_tracker.bulk.mapping import RowKind, RowMapping
from growingio_tracker.bulk.rows import Converter, RowOptions
from growingio_tracker.delivery import Destination
from growingio_wire.plan.reading import read_plan

PLAN = read_plan(
    b"""
events:
  order_paid: {attributes: {amount: {type: number, required: true, min: 0}, channel: {enum: [web]}}}
  strict: {additional: refuse, attributes: {sku: string}}
items: {goods: {attributes: {price: number}}}
users: {keys: [phone], attributes: {level: integer}}
""",
    "x",
).plan
EVENT = {"login_user_id": "u", "event_name": "order_paid", "amount": "1"}


def _failed(kind: RowKind, row: Mapping[str, object]) -> str | None:
    destination = Destination("p", "d", "http://x.example")
    options = RowOptions(tracking_plan=PLAN)
    converter = Converter(kind, RowMapping.by_name(kind), destination, options)
    converted = converter.convert([dict(row)])
    return converted.failed[0][1].en.removeprefix("tracking plan: ") if converted.failed else None


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({}, None),
        ({"channel": "web", "amount": 1.5, "extra": "x"}, None),
        ({"amount": None}, "amount is missing; the tracking plan requires it"),
        ({"amount": "-1"}, "amount must be within 0 … ∞"),
        ({"channel": "tv"}, "channel must be one of 'web'"),
        ({"sku": "a"}, "sku is planned for strict, but not for order_paid"),
        ({"event_name": "order_piad"}, "order_piad is not planned; did you mean order_paid?"),
        ({"login_user_key": "mail"}, "login_user_key must be one of 'phone'"),
        ({"login_user_key": "phone"}, None),
    ],
)
def test_events(more: dict[str, object], reason: str | None) -> None:
    """An event that is not as planned fails with the reason."""
    assert _failed("event", {**EVENT, **more}) == reason


def test_refused() -> None:
    """Where the plan refuses unplanned attributes, a row with one fails."""
    row = {"login_user_id": "u", "event_name": "strict", "skus": "a"}
    assert _failed("event", row) == "skus is not planned for strict; did you mean sku?"


def test_users_and_items() -> None:
    """Users' attributes and items are compared, too."""
    assert _failed("user", {"login_user_id": "u", "level": "3"}) is None
    wrong = _failed("user", {"login_user_id": "u", "level": "high"})
    assert wrong == "level must be of type integer, got str"
    assert _failed("item", {"item_key": "goods", "item_id": "1", "price": "3"}) is None
    missing = _failed("item", {"item_key": "good", "item_id": "1"})
    assert missing == "good is not planned; did you mean goods?"

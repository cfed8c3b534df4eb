"""Calls of generated modules as they run."""

from __future__ import annotations

import json
import warnings
from datetime import date, datetime
from typing import Any

import pytest

from growingio_tracker import GrowingParamException, ResourceItem
from planned import SHOP, loaded, plan_of, recording_tracker

EVENTS = loaded(plan_of(SHOP))
GOOD: dict[str, Any] = {"amount": 1.5, "channel": "web", "login_user_id": "u1"}


def test_sent() -> None:
    """What is sent has the plan's names, and the values as the tracker writes them."""
    tracker, sent = recording_tracker()
    more = {"skus": ["a", 2], "paid_at": date(2026, 1, 2), "class_": None, "tracker_": True}
    EVENTS.order_paid(tracker, **GOOD, **more)
    [event] = sent.assert_tracked("order_paid", user_id="u1")
    assert dict(event.attributes) == {
        "amount": 1.5,
        "channel": "web",
        "skus": "a||2",
        "paid_at": "2026-01-02",
        "tracker": True,
    }


def test_everything_passed_on() -> None:
    """Who and when reach the event, of bound trackers too."""
    tracker, sent = recording_tracker()
    EVENTS.order_paid(
        tracker.bind(anonymous_id="v1"),
        **GOOD,
        login_user_key="phone",
        event_time=1_700_000_000_000,
    )
    [event] = sent.assert_tracked("order_paid", user_id="u1", user_key="phone", anonymous_id="v1")
    assert event.time_ms == 1_700_000_000_000


def test_users_and_items() -> None:
    """Users' attributes and items are sent, too."""
    tracker, sent = recording_tracker()
    EVENTS.set_user(tracker, level=3, login_user_id="u1", login_user_key="email")
    EVENTS.Items.goods(tracker, item_id="7", price=3)
    sent.assert_tracked(kind="user", user_id="u1", user_key="email", level=3)
    sent.assert_tracked("goods", kind="item", item_id="7", price=3)


@pytest.mark.parametrize(
    ("given", "argument", "code"),
    [
        ({"amount": None}, "amount", "missing"),
        ({"amount": float("nan")}, "amount", "missing"),
        ({"amount": "much"}, "amount", "wrong_type"),
        ({"amount": True}, "amount", "wrong_type"),
        ({"amount": -1}, "amount", "out_of_range"),
        ({"channel": "tv"}, "channel", "not_in_enum"),
        ({"coupon": "abc"}, "coupon", "not_in_pattern"),
        ({"pieces": 4}, "pieces", "not_in_enum"),
        ({"paid_at": "today"}, "paid_at", "wrong_type"),
        ({"login_user_key": "mail"}, "login_user_key", "not_in_enum"),
    ],
)
def test_refused(given: dict[str, Any], argument: str, code: str) -> None:
    """A value that does not follow the plan is refused, and never shown."""
    tracker, sent = recording_tracker()
    with pytest.raises(GrowingParamException) as raised:
        EVENTS.order_paid(tracker, **{**GOOD, **given})
    assert (raised.value.argument, raised.value.code) == (argument, code)
    assert str(raised.value).startswith(f"order_paid: {argument} ")
    assert raised.value.said.zh.startswith(f"order_paid：{argument} ")
    sent.assert_nothing_tracked()


@pytest.mark.parametrize(
    "given",
    [
        {"amount": 1},
        {"amount": "1.5"},
        {"coupon": "ABCD"},
        {"paid_at": datetime(2026, 1, 2, 3, 4, 5, 678)},
        {"login_user_key": "$notuser", "login_user_id": None},
        {"pieces": 3},
    ],
)
def test_taken(given: dict[str, Any]) -> None:
    """What the collector takes, a call takes."""
    tracker, sent = recording_tracker()
    EVENTS.order_paid(tracker, **{**GOOD, **given})
    sent.assert_tracked("order_paid", count=1)


def test_dropped() -> None:
    """A tracker that drops invalid calls drops these, and reports them without their values."""
    tracker, sent = recording_tracker(on_invalid="drop")
    receipt = EVENTS.order_paid(tracker, **{**GOOD, "channel": "secret"})
    assert receipt.fate is not None
    assert (receipt.fate.status, receipt.fate.reason) == ("dropped", "invalid")
    assert tracker.stats().dropped == {"invalid": 1}
    sent.assert_nothing_tracked()


def test_every_mistake() -> None:
    """One error tells all mistakes, in both languages."""
    tracker, _ = recording_tracker()
    with pytest.raises(GrowingParamException) as raised:
        EVENTS.order_paid(tracker, amount=-1, channel="wbe", login_user_key="phne")
    assert str(raised.value) == (
        "order_paid: amount must be within 0 … ∞; channel must be one of 'web', 'app'; "
        "login_user_key must be one of '$notuser', 'email', 'phone'; did you mean 'phone'?"
    )
    assert raised.value.said.zh == (
        "order_paid：amount 必须在 0 … ∞ 的范围内；channel 必须是以下之一：'web'、'app'；"
        "login_user_key 必须是以下之一：'$notuser'、'email'、'phone'；是否应为 'phone'？"
    )


def test_more() -> None:
    """Where the plan allows others, a call takes more attributes, and planned ones are judged."""
    tracker, sent = recording_tracker()
    EVENTS.loose(tracker, size=1, more={"colour": "red", "size": 2}, login_user_id="u1")
    [event] = sent.assert_tracked("loose", count=1)
    assert dict(event.attributes) == {"colour": "red", "size": 1}
    for more in ({"size": 10}, 5):
        with pytest.raises(GrowingParamException):
            EVENTS.loose(tracker, more=more, login_user_id="u1")


def test_deprecated() -> None:
    """A call of a deprecated event warns with what to use instead, and is tracked."""
    tracker, sent = recording_tracker()
    with pytest.warns(DeprecationWarning, match="use page_viewed"):
        EVENTS.cart_viewed(tracker, login_user_id="u1")
    sent.assert_tracked("cart_viewed", count=1)


def test_deprecated_attribute() -> None:
    """A call that passes a deprecated attribute warns of it where it stands, and is tracked."""
    tracker, sent = recording_tracker()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for _ in range(3):
            EVENTS.order_paid(tracker, **GOOD, class_="x")
        EVENTS.order_paid(tracker, **GOOD)
    [warning] = caught
    assert (warning.category, warning.filename) == (DeprecationWarning, __file__)
    assert str(warning.message) == "class is deprecated: use channel"
    sent.assert_tracked("order_paid", count=4)


@pytest.mark.parametrize("name", ["order_paid", "loose"])
def test_item_and_preset(name: str) -> None:
    """An event refers to an item, and has preset properties, as plain ones do; it is checked."""
    tracker, sent = recording_tracker()
    given = GOOD if name == "order_paid" else {"size": 1, "login_user_id": "u1"}
    item = ResourceItem("goods", "7", {"price": 3})
    getattr(EVENTS, name)(tracker, **given, item=item, preset={"app_version": "1.2"})
    [event] = sent.events
    record = json.loads(event.record)
    assert record["resourceItem"] == {"id": "7", "key": "goods", "attributes": {"price": 3}}
    assert record["appVersion"] == "1.2"


def test_refused_with_item() -> None:
    """What does not follow the plan is refused with an item, too."""
    tracker, sent = recording_tracker(on_invalid="drop")
    EVENTS.order_paid(tracker, **{**GOOD, "amount": -1}, item=ResourceItem("goods", "7"))
    assert tracker.stats().dropped == {"invalid": 1}
    sent.assert_nothing_tracked()

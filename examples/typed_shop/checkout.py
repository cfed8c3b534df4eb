"""What the shop tracks. Each call is checked by mypy, and by the plan's rules when it runs."""

from __future__ import annotations

from datetime import date

from growingio_tracker import GrowingTracker

from .events import Items, cart_changed, order_paid, product_viewed, set_user


def browse(tracker: GrowingTracker, visitor: str) -> None:
    """A visitor looks at two products and puts one into the cart."""
    product_viewed(tracker, sku="TS-1", price=99, source="search", anonymous_id=visitor)
    product_viewed(tracker, sku="TS-2", price=19.5, anonymous_id=visitor)
    cart_changed(tracker, sku="TS-2", pieces=2, anonymous_id=visitor)


def pay(tracker: GrowingTracker, order_id: str, amount: float) -> None:
    """The user who is bound to the tracker pays an order."""
    order_paid(
        tracker,
        order_id=order_id,
        amount=amount,
        channel="web",
        skus=["TS-2", "TS-7"],
        coupon="GIFT2026",
        delivered_by=date(2026, 12, 24),
    )


def sign_up(tracker: GrowingTracker, phone: str) -> None:
    """A user signs up with a phone number."""
    set_user(
        tracker, level=1, birthday=date(1990, 1, 2), login_user_key="phone", login_user_id=phone
    )


def upload_goods(tracker: GrowingTracker) -> None:
    """The shop uploads what it sells."""
    Items.goods(tracker, item_id="TS-1", name="T-shirt", price=99)
    Items.goods(tracker, item_id="TS-2", name="Tea set", price=19.5)


def day(tracker: GrowingTracker) -> None:
    """Everything once."""
    upload_goods(tracker)
    browse(tracker, "visitor-1")
    sign_up(tracker, "13800000000")
    pay(tracker.bind(login_user_id="13800000000", login_user_key="phone"), "o-1", 39)

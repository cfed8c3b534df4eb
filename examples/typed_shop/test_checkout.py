"""The shop's own tests: what it tracks, without a server."""

from __future__ import annotations

import pytest

from growingio_tracker import GrowingParamException, GrowingTracker
from growingio_tracker.testing import RecordingConsumer

from .checkout import day, pay


@pytest.fixture
def sent() -> RecordingConsumer:
    """What the shop tracks is recorded here."""
    return RecordingConsumer()


def test_day(sent: RecordingConsumer) -> None:
    """A day's events are as planned."""
    day(GrowingTracker.consumer(sent))
    sent.assert_tracked("order_paid", count=1, user_key="phone", amount=39, skus=["TS-2", "TS-7"])
    sent.assert_tracked("product_viewed", count=2, anonymous_id="visitor-1")


def test_negative_amount(sent: RecordingConsumer) -> None:
    """What the plan does not allow is refused when it is called."""
    with pytest.raises(GrowingParamException, match="amount must be within 0"):
        pay(GrowingTracker.consumer(sent), "o-1", -1)
    sent.assert_nothing_tracked()

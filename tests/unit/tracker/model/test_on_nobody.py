"""Events that have neither visitor nor user."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from growingio_tracker import (
    CustomEventMessage,
    DefaultConsumer,
    GrowingParamException,
    GrowingTracker,
)
from growingio_tracker.testing import MemoryTransport

CALLS: list[Callable[[GrowingTracker], object]] = [
    lambda tracker: tracker.track_custom_event("a"),
    lambda tracker: tracker.track_custom_event("a", login_user_key="email"),
    lambda tracker: tracker.track(CustomEventMessage(event_name="a", attributes={"n": 1.5})),
]


@pytest.fixture
def transport() -> MemoryTransport:
    return MemoryTransport()


@pytest.fixture
def tracker(transport: MemoryTransport) -> GrowingTracker:
    return GrowingTracker.consumer(DefaultConsumer("p", "d", "http://x", transport=transport))


@pytest.mark.parametrize("call", CALLS)
def test_raised(tracker: GrowingTracker, call: Callable[[GrowingTracker], object]) -> None:
    """Nothing else said, the call raises, and the error says so by a code."""
    with pytest.raises(GrowingParamException) as caught:
        call(tracker.bind(attributes={"b": 1}))
    assert caught.value.code == "about_nobody"


@pytest.mark.parametrize("choice", ["drop", "warn"])
@pytest.mark.parametrize("call", CALLS)
def test_dropped(
    tracker: GrowingTracker, call: Callable[[GrowingTracker], object], choice: str
) -> None:
    """Such an event can be dropped, and is counted, and no other is."""
    bound = tracker.bind(on_nobody=choice)  # type: ignore[arg-type]
    call(bound)
    with pytest.raises(GrowingParamException):
        bound.track_custom_event("")
    with tracker.context(anonymous_id="v"):
        bound.track_custom_event("b")
    assert tracker.stats().dropped == {"about_nobody": 1}
    assert tracker.stats().delivered == 1


@pytest.mark.parametrize("call", CALLS)
def test_notuser(
    tracker: GrowingTracker,
    transport: MemoryTransport,
    call: Callable[[GrowingTracker], object],
) -> None:
    """Or it is sent with $notuser; what a user would get is dropped."""
    with tracker.context(on_nobody="notuser"):
        call(tracker)
        tracker.track_user(attributes={"a": 1})
    [request] = transport.requests
    [event] = json.loads(request.body)
    assert event["userKey"] == "$notuser"
    assert tracker.stats().dropped == {"about_nobody": 1}


def test_hook_that_takes_the_ids(transport: MemoryTransport) -> None:
    """A before_send that takes away all ids makes an event about nobody, too, and ends there."""

    def without(message: object) -> CustomEventMessage:
        return CustomEventMessage(event_name="a")

    consumer = DefaultConsumer("p", "d", "http://x", transport=transport)
    tracker = GrowingTracker.consumer(consumer, before_send=without)
    with tracker.context(on_nobody="notuser"):
        tracker.track_custom_event("a", anonymous_id="v")
    assert tracker.stats().dropped == {"about_nobody": 1}


def test_inner_choice_wins(tracker: GrowingTracker) -> None:
    """The inner block says it, and one that says nothing leaves it as it is."""
    with tracker.context(on_nobody="drop"):
        with tracker.context(attributes={"a": 1}):
            tracker.track_custom_event("a")
        with tracker.context(on_nobody="raise"), pytest.raises(GrowingParamException):
            tracker.track_custom_event("a")


def test_wrong_choice(tracker: GrowingTracker) -> None:
    """What is no choice is refused by name."""
    with pytest.raises(GrowingParamException, match="on_nobody must be one of raise, drop"):
        tracker.bind(on_nobody="ignore")  # type: ignore[arg-type]

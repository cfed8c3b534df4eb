"""RecordingConsumer: what a test sees of what was tracked, and what failing checks say."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timezone
from decimal import Decimal
from unittest import mock

import pytest

from delivering.waiting import in_threads
from growingio_tracker import (
    CustomEventMessage,
    DefaultConsumer,
    GrowingParamException,
    GrowingTracker,
    ResourceItem,
)
from growingio_tracker.testing import (
    MemoryTransport,
    RecordedEvent,
    Recording,
    RecordingConsumer,
    WouldSendError,
)


@pytest.fixture
def consumer() -> RecordingConsumer:
    return RecordingConsumer()


@pytest.fixture
def tracker(consumer: RecordingConsumer) -> GrowingTracker:
    return GrowingTracker.consumer(consumer)


def failure(check: Callable[[], object]) -> str:
    """Return what a failing check says."""
    with pytest.raises(AssertionError) as caught:
        check()
    return str(caught.value)


def test_fields(tracker: GrowingTracker, consumer: RecordingConsumer) -> None:
    """Every kind is recorded with what it has, in the form in which it is sent."""
    tracker.track_custom_event(
        "pay", 1_700_000_000_000, "v", "email", "u1", {"tags": ["a", "b"], "n": 3}
    )
    tracker.track_user(login_user_id="u1", attributes={"level": 3})
    tracker.submit_item("product", "A-1", {"color": "red"})
    tracker.track_user_mapping({"phone": "138", "email": "a@b"})
    pay, user, item, mapping = consumer.events
    assert (pay.kind, pay.name, pay.time_ms) == ("event", "pay", 1_700_000_000_000)
    assert (pay.user_id, pay.user_key, pay.anonymous_id) == ("u1", "email", "v")
    assert pay.attributes == {"tags": "a||b", "n": 3}
    assert (user.kind, user.name, user.user_id, user.attributes) == ("user", "", "u1", {"level": 3})
    assert user.time_ms is not None
    assert (item.kind, item.name, item.item_id) == ("item", "product", "A-1")
    assert (item.attributes, item.time_ms) == ({"color": "red"}, None)
    assert (mapping.kind, mapping.name) == ("mapping", "")
    assert mapping.attributes == {"phone": "138", "email": "a@b"}


def test_read_only(tracker: GrowingTracker, consumer: RecordingConsumer) -> None:
    """Neither an event nor its attributes can be changed; its message is a new one each time."""
    tracker.track_custom_event(
        "pay", login_user_id="u1", attributes={"a": 1}, item=ResourceItem("product", "A-1")
    )
    [event] = consumer.events
    with pytest.raises(AttributeError):
        event.name = "other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        event.attributes["a"] = 2  # type: ignore[index]
    message = event.message
    assert isinstance(message, CustomEventMessage)
    assert message.resource_item == ResourceItem("product", "A-1")
    assert message.product_id == "test-project"
    message.event_name = "other"
    assert event.message != message


@pytest.mark.parametrize("attributes", [{"n": 3, "t": ["x"]}, {"when": datetime(2026, 1, 1)}, {}])
def test_same_record_as_sent(
    attributes: dict[str, object], tracker: GrowingTracker, consumer: RecordingConsumer
) -> None:
    """What is recorded is byte for byte what another consumer sends."""
    time, transport = datetime(2026, 1, 1, tzinfo=timezone.utc), MemoryTransport()
    real = DefaultConsumer("test-project", "test-source", "http://x.example", transport=transport)
    for each in (tracker, GrowingTracker.consumer(real)):
        each.track_custom_event("pay", time, login_user_id="u1", attributes=attributes)
    assert transport.requests[0].body == b"[" + consumer.events[0].record + b"]"


def test_same_checks(tracker: GrowingTracker, consumer: RecordingConsumer) -> None:
    """What cannot be sent is refused, counted and not recorded."""
    with pytest.raises(GrowingParamException, match="event_name"):
        tracker.track_custom_event("", login_user_id="u1")
    GrowingTracker.consumer(consumer, on_invalid="drop").track_custom_event("a")
    tracker.track_custom_event("a", login_user_id="u1", attributes={"bad": object()})
    stats = consumer.stats()
    assert (stats.accepted, stats.delivered, stats.dropped) == (2, 1, {"invalid": 1})
    assert (len(consumer.events), stats.attributes_left_out) == (1, 1)


def test_receipt_and_closing(tracker: GrowingTracker, consumer: RecordingConsumer) -> None:
    """A recorded event's receipt says delivered; after closing events are refused as `closed`."""
    receipt = tracker.track_custom_event("a", login_user_id="u1")
    assert receipt is not None
    assert receipt.wait(0).delivered
    assert tracker.flush()
    assert tracker.close()
    late = tracker.track_custom_event("late", login_user_id="u1")
    assert late is not None
    assert (late.fate.status, late.fate.reason) == ("dropped", "closed")
    assert [event.name for event in consumer.events] == ["a"]
    assert consumer.stats().dropped == {"closed": 1}


def test_disabled(
    tracker: GrowingTracker, consumer: RecordingConsumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It records also where GROWINGIO_DISABLED switches delivery off for the whole run."""
    monkeypatch.setenv("GROWINGIO_DISABLED", "1")
    tracker.track_custom_event("a", login_user_id="u1")
    consumer.assert_tracked("a")


def test_overridden_send() -> None:
    """A subclass that overrides send, as 1.0.5 allowed, records what it passes on."""

    class Adding(RecordingConsumer):
        def send(self, message: object) -> None:
            assert isinstance(message, CustomEventMessage)
            message.attributes = {**(message.attributes or {}), "added": 1}
            super().send(message)

    consumer = Adding()
    GrowingTracker.consumer(consumer).track_custom_event("a", login_user_id="u1")
    consumer.assert_tracked("a", count=1, added=1)


def test_posts_nothing(consumer: RecordingConsumer) -> None:
    """send_data, which goes past trackers, raises at once and says why."""
    with pytest.raises(WouldSendError, match=r"RecordingConsumer\(.* would post to .*/collect"):
        consumer.send_data(consumer.endpoints["collect"], b"[]")


@pytest.mark.parametrize(
    "match",
    [
        {},
        {"user_id": "u1"},
        {"anonymous_id": None},
        {"kind": "event", "user_key": None, "item_id": None, "time_ms": mock.ANY},
        {"sku": "A-1", "price": pytest.approx(15.5)},
        {"tags": ["a", "b", None]},
        {"amount": Decimal("1.50"), "box": {"x": 1}},
        {"attributes": {"金额": 3, "user_id": "own"}},
        {"sku": mock.ANY, "absent": None},
    ],
)
def test_match(
    match: dict[str, object], tracker: GrowingTracker, consumer: RecordingConsumer
) -> None:
    """Fields and attributes match as they were tracked; what is not named does not matter."""
    tracker.track_custom_event(
        "pay",
        login_user_id="u1",
        attributes={
            "sku": "A-1",
            "price": 15.5,
            "tags": ["a", "b"],
            "amount": Decimal("1.50"),
            "box": {"x": 1},
            "金额": 3,
            "user_id": "own",
        },
    )
    assert consumer.assert_tracked("pay", count=1, **match) == consumer.events
    assert consumer.assert_tracked(**match) == consumer.events  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "match",
    [{"user_id": "u2"}, {"sku": None}, {"kind": "user"}, {"attributes": {"x": 1}}, {"price": "15"}],
)
def test_no_match(
    match: dict[str, object], tracker: GrowingTracker, consumer: RecordingConsumer
) -> None:
    """An event that differs in one thing does not match."""
    tracker.track_custom_event("pay", login_user_id="u1", attributes={"sku": "A-1", "price": 15})
    consumer.assert_tracked("pay", count=0, **match)
    with pytest.raises(AssertionError):
        consumer.assert_tracked("pay", **match)  # type: ignore[arg-type]


def test_failure_says_what_and_nearest(
    tracker: GrowingTracker, consumer: RecordingConsumer
) -> None:
    """A failing check says what was wanted, what came nearest and why not, and what there was."""
    tracker.track_custom_event("page_view", login_user_id="u2")
    tracker.track_custom_event("order_paid", login_user_id="u1", attributes={"sku": "A-2"})
    text = failure(lambda: consumer.assert_tracked("order_paid", user_id="u1", sku="A-1"))
    assert text.splitlines() == [
        "order_paid with user_id='u1', attributes['sku']='A-1': tracked 0 times, "
        "expected at least once.",
        "Nearest:",
        "  order_paid kind='event' user_id='u1' attributes={'sku': 'A-2'}",
        "    but attributes['sku'] is 'A-2', not 'A-1'",
        "  page_view kind='event' user_id='u2'",
        "    but its name is 'page_view', user_id is 'u2', not 'u1', "
        "attributes['sku'] is None, not 'A-1'",
        "Tracked (1 × page_view, 1 × order_paid):",
        "  page_view kind='event' user_id='u2'",
        "  order_paid kind='event' user_id='u1' attributes={'sku': 'A-2'}",
    ]


def test_failure_finds_misspelt_names(tracker: GrowingTracker, consumer: RecordingConsumer) -> None:
    """The event whose name is nearest comes first among the nearest."""
    for name in ("page_view", "order_payed", "login"):
        tracker.track_custom_event(name, login_user_id="u1")
    text = failure(lambda: consumer.assert_tracked("order_paid"))
    assert text.splitlines()[2] == "  order_payed kind='event' user_id='u1'"


def test_counts(tracker: GrowingTracker, consumer: RecordingConsumer) -> None:
    """A count is exact; too many are listed without anything nearest."""
    for _ in range(2):
        tracker.track_custom_event("pay", login_user_id="u1")
    assert len(consumer.assert_tracked("pay", count=2)) == 2
    text = failure(lambda: consumer.assert_tracked("pay", count=1))
    assert text.startswith("pay: tracked 2 times, expected once.\nTracked (2 × pay):")
    assert failure(lambda: consumer.assert_tracked("pay", count=0)).startswith("pay: tracked 2")


def test_nothing_tracked(tracker: GrowingTracker, consumer: RecordingConsumer) -> None:
    """assert_nothing_tracked fails while something is recorded, and clear forgets it."""
    consumer.assert_nothing_tracked()
    assert "Nothing was tracked." in failure(lambda: consumer.assert_tracked("pay"))
    tracker.track_user(login_user_id="u1")
    assert "Tracked (1 × (user)):" in failure(consumer.assert_nothing_tracked)
    consumer.clear()
    consumer.assert_nothing_tracked()


def test_long_lists_are_cut(tracker: GrowingTracker, consumer: RecordingConsumer) -> None:
    """Of many events the newest twenty are listed, and all are counted."""
    for number in range(25):
        tracker.track_custom_event("pay", login_user_id=f"u{number}")
    text = failure(consumer.assert_nothing_tracked)
    assert "Tracked, the newest 20 (25 × pay):" in text
    assert ("user_id='u4'" in text, "user_id='u5'" in text) == (False, True)


def test_attributes_must_be_a_mapping(consumer: RecordingConsumer) -> None:
    """Attributes to match that are no mapping are refused by name."""
    with pytest.raises(GrowingParamException, match="attributes must be a mapping"):
        consumer.assert_tracked("pay", attributes=3)


def test_threads(tracker: GrowingTracker, consumer: RecordingConsumer) -> None:
    """Events of many threads are all recorded, and no thread is started for it."""
    before = threading.active_count()

    def track() -> None:
        for _ in range(100):
            tracker.track_custom_event("a", login_user_id="u1")

    in_threads([track] * 8)
    consumer.assert_tracked("a", count=800)
    assert threading.active_count() == before


def test_both_have_the_same_checks() -> None:
    """A RecordingConsumer is a Recording, so the fixture and the consumer are asked alike."""
    assert issubclass(RecordingConsumer, Recording)
    assert RecordedEvent.__struct_config__.frozen

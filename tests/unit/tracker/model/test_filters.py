"""before_send and redaction (promises H1, H2)."""

from __future__ import annotations

import enum
import json
import logging
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import pytest

from growingio_tracker import (
    Consumer,
    CustomEventMessage,
    DebugConsumer,
    DefaultConsumer,
    GrowingParamException,
    GrowingTracker,
    ItemMessage,
    Problem,
    ResourceItem,
)
from growingio_tracker.model import Message
from growingio_tracker.testing import MemoryTransport

Sent = Callable[[], list[dict[str, Any]]]
Hook = Callable[[Any], Any]


class Name(str):
    """A str that is found in no set."""

    __slots__ = ()

    def __hash__(self) -> int:
        return 1


class Profile(enum.Enum):
    FULL = {"phone": "138"}  # noqa: RUF012


class Unreadable(Mapping[str, Any]):
    """A mapping that can be read once."""

    reads = 0

    def __getitem__(self, key: str) -> Any:
        return "138"

    def __len__(self) -> int:
        return 1

    def __iter__(self) -> Any:
        self.reads += 1
        if self.reads == 1:
            raise RuntimeError
        return iter(["phone"])


def raises(message: Message) -> Message:
    raise ValueError("secret")


def changes(message: Any) -> Message:
    message.attributes = {"n": 2, "map": {"phone": "138"}}
    assert isinstance(message, CustomEventMessage)
    return message


def track(tracker: GrowingTracker, **attributes: Any) -> None:
    tracker.track_custom_event("e", None, "v", attributes=attributes or {"n": 1})


def test_h1_changes(consumer: DefaultConsumer, sent: Sent) -> None:
    """H1: what before_send changes is what is sent."""
    track(GrowingTracker.consumer(consumer, before_send=changes))
    assert sent()[0]["attributes"] == {"n": 2, "map": '{"phone":"138"}'}


def test_h1_sees_the_checked_message(consumer: DefaultConsumer) -> None:
    """H1: before_send gets the message as it will be sent, with ids, time and sendable values."""
    seen: list[Message] = []

    def remember(message: Message) -> Message:
        seen.append(message)
        return message

    track(GrowingTracker.consumer(consumer, before_send=remember), tags=["a", "b"], none=None)
    [message] = seen
    assert isinstance(message, CustomEventMessage)
    assert message.attributes == {"tags": "a||b"}
    assert (message.product_id, message.data_source_id, message.platform) == (
        "prod1",
        "ds1",
        "python",
    )
    assert message.event_time


def test_h1_changes_reach_no_object_of_the_caller(consumer: DefaultConsumer) -> None:
    """H1: before_send may change attributes in place; the caller's dicts stay as they are."""

    def clear(message: Any) -> Any:
        message.attributes["added"] = 1
        message.resource_item.attributes["added"] = 1
        message.resource_item.key = "changed"
        return message

    attributes = {"n": 1}
    items = [ResourceItem("product", "1", {"n": 1}), ResourceItem("product", "1", {})]
    tracker = GrowingTracker.consumer(consumer, before_send=clear)
    for item in items:
        tracker.track_custom_event("e", None, "v", attributes=attributes, item=item)
    assert attributes == {"n": 1}
    assert items == [ResourceItem("product", "1", {"n": 1}), ResourceItem("product", "1", {})]
    assert tracker.stats().delivered == 2


def test_h1_drops(consumer: DefaultConsumer, sent: Sent, problems: list[Problem]) -> None:
    """H1: before_send returning None drops the event, counted and reported."""
    tracker = GrowingTracker.consumer(consumer, before_send=lambda message: None)
    track(tracker)
    assert tracker.stats().dropped == {"before_send": 1}
    assert [(problem.reason, problem.events) for problem in problems] == [("before_send", 1)]
    assert sent() == []


@pytest.mark.parametrize(
    "hook",
    [raises, lambda message: 5, lambda message: {"n": 1}, lambda: None],
)
def test_h1_fails_closed(
    consumer: DefaultConsumer, sent: Sent, problems: list[Problem], hook: Hook
) -> None:
    """H1: when before_send raises or returns no message, the event is dropped and counted."""
    tracker = GrowingTracker.consumer(consumer, before_send=hook)
    track(tracker)
    assert tracker.stats().dropped == {"before_send_failed": 1}
    [problem] = problems
    assert (problem.reason, problem.events) == ("before_send_failed", 1)
    assert "secret" not in problem.detail
    assert sent() == []


@pytest.mark.parametrize(
    "hook",
    [
        lambda message: CustomEventMessage(anonymous_id="v"),
        lambda message: CustomEventMessage(event_name="e"),
        lambda message: CustomEventMessage(1, "e", anonymous_id="v"),
        lambda message: Message(),
    ],
)
def test_h1_result_is_checked(consumer: DefaultConsumer, sent: Sent, hook: Hook) -> None:
    """H1: what before_send returns is checked as a caller's message is."""
    with pytest.raises(GrowingParamException):
        track(GrowingTracker.consumer(consumer, before_send=hook))
    tracker = GrowingTracker.consumer(consumer, before_send=hook, on_invalid="drop")
    track(tracker)
    assert tracker.stats().dropped == {"invalid": 1}
    assert sent() == []


def test_h1_another_message(consumer: DefaultConsumer, transport: MemoryTransport) -> None:
    """H1: a new message from before_send goes to its own address with the tracker's ids."""
    shared = ItemMessage("product", "1")
    track(GrowingTracker.consumer(consumer, before_send=lambda message: shared))
    [request] = transport.requests
    assert request.url.partition("?")[0] == "http://collect.test/projects/prod1/collect/item"
    assert json.loads(request.body) == [
        {"id": "1", "key": "product", "projectKey": "prod1", "dataSourceId": "ds1"}
    ]
    assert shared == ItemMessage("product", "1")


@pytest.mark.parametrize("year", [1974, 5138])
def test_h1_times_pass_both_checks(consumer: DefaultConsumer, sent: Sent, year: int) -> None:
    """H1: an event time that is accepted without before_send is accepted with it."""
    from datetime import datetime, timezone

    tracker = GrowingTracker.consumer(consumer, before_send=lambda message: message)
    tracker.track_custom_event("e", datetime(year, 1, 1, tzinfo=timezone.utc), "v")
    assert len(sent()) == 1


@pytest.mark.parametrize(
    "attributes",
    [
        {"phone": "138"},
        {"phone": ["138"]},
        {"phone": {"home": "138"}},
        {"phone": object()},
        {"phone": None},
        {Name("phone"): "138"},
        MappingProxyType({"phone": "138"}),
    ],
    ids=range(7),
)
def test_h2_by_name(
    consumer: DefaultConsumer, sent: Sent, problems: list[Problem], attributes: Any
) -> None:
    """H2: the value of a redacted attribute is *** in events, users, items and events' items."""
    tracker = GrowingTracker.consumer(consumer, redact=["phone"], strict=True)
    tracker.track_custom_event("e", None, "v", attributes=attributes)
    tracker.track_user(anonymous_id="v", attributes=attributes)
    tracker.submit_item("product", "1", attributes)
    tracker.track_custom_event("e", None, "v", item=ResourceItem("product", "1", attributes))
    event, user, item, about = sent()
    for message in (event, user, item, about["resourceItem"]):
        assert message["attributes"] == {"phone": "***"}
    assert problems == []


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ({"phone": "138", "n": 1}, '{"phone":"***","n":1}'),
        (MappingProxyType({"phone": "138"}), '{"phone":"***"}'),
        ({Name("phone"): "138"}, '{"phone":"***"}'),
        (Profile.FULL, '{"phone":"***"}'),
        (Unreadable(), "***"),
    ],
    ids=range(5),
)
def test_h2_in_one_level_maps(consumer: DefaultConsumer, sent: Sent, value: Any, form: str) -> None:
    """H2: a redacted name is masked inside one-level maps too."""
    track(GrowingTracker.consumer(consumer, redact=["phone"]), profile=value)
    assert sent()[0]["attributes"] == {"profile": form}


def test_h2_before_and_after_the_hook(consumer: DefaultConsumer, sent: Sent) -> None:
    """H2: before_send sees no redacted value, and cannot bring one back."""
    seen: list[Any] = []

    def restore(message: Any) -> Message:
        seen.append(message.attributes)
        return changes(message)

    track(
        GrowingTracker.consumer(consumer, redact={"phone"}, before_send=restore),
        phone="138",
        map={"phone": "138"},
    )
    assert seen == [{"phone": "***", "map": '{"phone":"***"}'}]
    assert sent()[0]["attributes"] == {"n": 2, "map": '{"phone":"***"}'}


def test_h2_everywhere(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """H2: no queue, log or debug output ever holds a redacted value."""
    caplog.set_level(logging.DEBUG)
    records: list[Any] = []

    class Records(Consumer):
        def send(self, message: Message) -> None:
            records.append(message)

    debug = DebugConsumer("p", "d", "http://h", transport=MemoryTransport())
    for consumer in (debug, Records("p", "d", "http://h")):
        tracker = GrowingTracker.consumer(consumer, redact=["phone"], on_invalid="drop")
        track(tracker, phone="138-0000", map={"phone": "138-0000"})
        track(tracker, phone="138-0000", bad={5: "138-0000"})
    output = capsys.readouterr()
    assert "138" not in f"{output.out}{output.err}{caplog.text}{records}"
    assert "***" in output.out


def test_h2_refuses_what_it_cannot_read(consumer: DefaultConsumer, sent: Sent) -> None:
    """H2: attributes that cannot be searched for names are refused, not sent."""
    tracker = GrowingTracker.consumer(consumer, redact=["phone"])
    for attributes in (Unreadable(), [("phone", "138")], {5: "138"}):
        with pytest.raises(GrowingParamException, match="attributes"):
            tracker.track_custom_event("e", None, "v", attributes=attributes)  # type: ignore[arg-type]
    assert sent() == []

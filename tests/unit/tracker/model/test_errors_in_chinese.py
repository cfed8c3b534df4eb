"""Errors of calls, in Chinese."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timezone, tzinfo
from typing import Any, Final

import pytest

from chinese import has_chinese
from growingio_tracker import (
    CustomEventMessage,
    DebugConsumer,
    GrowingParamException,
    GrowingTracker,
    ItemMessage,
    QueueLimits,
    ResourceItem,
    UserMappingMessage,
)
from growingio_tracker.model.record import record_of
from growingio_tracker.testing import RecordingConsumer
from growingio_wire.checks import check_class, check_seconds

TRACKER: Any = GrowingTracker.consumer(RecordingConsumer(), strict=True, max_event_bytes=5_000)
TRACK: Final = TRACKER.track_custom_event
WHO: Final[dict[str, Any]] = {"anonymous_id": "x"}


class Broken:
    """A value whose methods raise."""

    def __getattr__(self, name: str) -> object:
        raise RuntimeError


class NoZone(tzinfo):
    """A time zone that knows nothing."""

    def utcoffset(self, moment: datetime | None, /) -> Any:
        raise RuntimeError

    dst = tzname = utcoffset


def built(message: Any) -> Callable[[], object]:
    return lambda: record_of(message.set_anonymous_id("x").build())


def event(name: object = "e") -> Any:
    return CustomEventMessage.EventBuilder().set_event_name(name)  # type: ignore[arg-type]


BAD_CALLS: Final[dict[str, Callable[[], object]]] = {
    "name_missing": lambda: TRACK("", **WHO),
    "name_type": lambda: TRACK(5, **WHO),
    "id_type": lambda: TRACK("e", anonymous_id=1.5),
    "id_raises": lambda: TRACK("e", anonymous_id=Broken()),
    "id_surrogate": lambda: TRACK("e", anonymous_id="\ud800"),
    "nobody": lambda: TRACK("e"),
    "key_alone": lambda: TRACK("e", login_user_key="phone"),
    "on_nobody": lambda: TRACKER.context(on_nobody="no").__enter__(),
    "time_type": lambda: TRACK("e", **WHO, event_time="now"),
    "time_seconds": lambda: TRACK("e", **WHO, event_time=1_700_000_000),
    "time_microseconds": lambda: TRACK("e", **WHO, event_time=1_700_000_000_000_000),
    "time_negative": lambda: TRACK("e", **WHO, event_time=-1),
    "time_huge": lambda: TRACK("e", **WHO, event_time=10**30),
    "time_early": lambda: TRACK("e", **WHO, event_time=datetime(1900, 1, 1, tzinfo=timezone.utc)),
    "time_zone": lambda: TRACK("e", **WHO, event_time=datetime(2020, 1, 1, tzinfo=NoZone())),
    "attributes_type": lambda: TRACK("e", **WHO, attributes=[1]),
    "attributes_key": lambda: TRACK("e", **WHO, attributes={5: 1}),
    "attributes_empty_key": lambda: TRACK("e", **WHO, attributes={"": 1}),
    "attribute_type": lambda: TRACK("e", **WHO, attributes={"a": object()}),
    "attribute_nan": lambda: TRACK("e", **WHO, attributes={"a": float("nan"), "b": 1}),
    "attribute_surrogate": lambda: TRACK("e", **WHO, attributes={"a": "\ud800"}),
    "attribute_digits": lambda: TRACK("e", **WHO, attributes={"a": 10**5000}),
    "attribute_map_key": lambda: TRACK("e", **WHO, attributes={"a": {1: 2}}),
    "attribute_raises": lambda: TRACK("e", **WHO, attributes={"a": [Broken()]}),
    "too_long": lambda: TRACK("e", **WHO, attributes={"a": "x" * 9_999}),
    "item_type": lambda: TRACK("e", **WHO, item="sku"),
    "item_id": lambda: TRACK("e", **WHO, item=ResourceItem("sku", "")),
    "preset_name": lambda: TRACK("e", **WHO, preset={"colour": "red"}),
    "preset_value": lambda: TRACK("e", **WHO, preset={"device_type": "TOASTER"}),
    "user_nobody": lambda: TRACKER.track_user(attributes={"level": 1}),
    "user_attributes": lambda: TRACKER.track_user(login_user_id="u", attributes="level"),
    "item_key": lambda: TRACKER.submit_item("", "7"),
    "item_number": lambda: TRACKER.submit_item("sku", None),
    "item_attrs": lambda: TRACKER.submit_item("sku", "7", {"price": object()}),
    "message": lambda: TRACKER.track("event"),
    "builder_key": lambda: event().add_attribute([], 1),
    "builder_map": lambda: event().set_attributes(5),
    "builder_name": built(event(None)),
    "builder_attribute": built(event().add_attribute("a", object())),
    "mapping_empty": lambda: record_of(UserMappingMessage({})),
    "mapping_value": lambda: record_of(UserMappingMessage({"phone": None})),
    "item_message": lambda: record_of(ItemMessage("sku", None)),
    "consumer": lambda: GrowingTracker.consumer(object()),  # type: ignore[arg-type]
    "option": lambda: QueueLimits(max_events=0),
    "timeout": lambda: TRACKER.flush("soon"),
    "seconds": lambda: check_seconds(-1, "wait_s"),
    "class": lambda: check_class(1.5, "port", int, type(None)),
    "server_host": lambda: DebugConsumer("p", "d", "collect.example"),
}


@pytest.mark.parametrize("call", BAD_CALLS.values(), ids=BAD_CALLS)
def test_in_chinese(call: Callable[[], object]) -> None:
    """The Chinese message names the same arguments, values and types as the English one."""
    with pytest.raises(GrowingParamException) as raised:
        call()
    said = raised.value.said
    assert said.en == str(raised.value)
    assert has_chinese(said.zh)
    assert raised.value.argument in said.zh
    assert set(re.findall(r"\d+|\w*_\w*", said.en)) == set(
        re.findall(r"\d+|\w*_\w*", said.zh, re.A)
    )

"""Verdicts by the clock, the project and the sending SDK."""

import json

import pytest

from growingio_collector.rules.checked import DecodedMessage
from growingio_collector.rules.checking import check_one
from growingio_collector.rules.history import History
from growingio_tracker.version import VERSION
from growingio_wire.table import Kind
from judging import NOW_MS, arrival, codes, good_event, judge

DAY_MS = 24 * 3600 * 1000


@pytest.mark.parametrize(
    ("timestamp", "expected"),
    [
        (NOW_MS, []),
        (NOW_MS + 60_000, []),
        (NOW_MS + 60_001, ["time_in_future"]),
        (NOW_MS - 7 * DAY_MS, []),
        (NOW_MS - 7 * DAY_MS - 1, ["time_long_ago"]),
        (0, ["time_long_ago"]),
        (-1, ["time_long_ago"]),
        (NOW_MS // 1000, ["time_in_seconds"]),
        (NOW_MS * 1000, ["time_too_fine"]),
        (NOW_MS * 1_000_000, ["time_too_fine"]),
    ],
)
def test_event_time(timestamp: int, expected: list[str]) -> None:
    """An event's time is judged by its receipt, to the millisecond."""
    assert codes(*judge(good_event(timestamp=timestamp))) == expected


def test_unknown_receipt() -> None:
    """Where the time of receipt is not known, no time is judged by it."""
    assert (
        codes(check_one(Kind.EVENT, DecodedMessage(json.dumps(good_event(timestamp=1)).encode())))
        == []
    )


@pytest.mark.parametrize(
    ("stm", "expected"),
    [
        (str(NOW_MS + 300_000), []),
        (str(NOW_MS - 300_001), ["stm_far_off"]),
        (str(NOW_MS // 1000), ["stm_far_off"]),
        ("undefined", ["stm_not_a_time"]),
        ("", ["stm_not_a_time"]),
        ("-1", ["stm_not_a_time"]),
        ("٣", ["stm_not_a_time"]),
        ("9" * 5000, ["stm_not_a_time"]),
        (None, []),
    ],
)
def test_stm(stm: str | None, expected: list[str]) -> None:
    """A time of sending far from the receipt marks every event of the request."""
    found = judge(good_event(), good_event(userId="u2"), came=arrival(stm=stm))
    assert [codes(one) for one in found] == [expected, expected]


@pytest.mark.parametrize("kind", list(Kind))
def test_other_project(kind: Kind) -> None:
    """A project key unlike the path's is a warning for every kind of message."""
    messages: dict[Kind, dict[str, object]] = {
        Kind.EVENT: good_event(),
        Kind.ITEM: {"id": "1", "key": "goods"},
        Kind.MAPPING: {"identifies": {"phone": "1"}},
    }
    message = messages[kind]
    assert codes(*judge({**message, "projectKey": "p1"}, kind=kind)) == []
    assert codes(*judge({**message, "projectKey": "p2"}, kind=kind)) == ["other_project"]


@pytest.mark.parametrize("name", ["支付", "1pay", "pay now", "p" * 101, "pay\n"])
def test_name_outside_pattern(name: str) -> None:
    """A name the Web SDK refuses is a warning each time, and only for custom events."""
    history = History()
    for user in ("u1", "u2", "u3"):
        found = judge(good_event(eventName=name, userId=user), history=history)
        assert codes(*found) == ["name_outside_pattern"]
    assert codes(*judge(good_event(eventName=name, eventType="PAGE"))) == []


@pytest.mark.parametrize(
    ("platform", "version", "expected"),
    [
        ("python", "1.0.5", ["sdk_old"]),
        ("python", VERSION, []),
        ("web", "4.10.0", []),
        ("web", "3.3.19", ["sdk_old"]),
        ("web", "next", []),
        ("Linux", "0.1", []),
        ("python", "1." * 5000 + "1", []),
    ],
)
def test_sdk(platform: str, version: str, expected: list[str]) -> None:
    """An SDK of which a newer release is known is spoken of once."""
    history = History()
    old = {"platform": platform, "sdkVersion": version}
    assert codes(*judge(good_event(**old), history=history)) == expected
    assert codes(*judge(good_event(userId="u2", **old), history=history)) == []

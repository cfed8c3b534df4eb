"""Events that come again."""

from typing import Any

import pytest

from growingio_collector.rules.checked import CheckedMessage
from growingio_collector.rules.history import History
from growingio_collector.rules.repeats import REPEATS, WINDOW_US
from judging import arrival, codes, good_event, judge


def _again(
    event: dict[str, Any], passed_s: float = 0.8, answered: int = 204, method: str = "POST"
) -> CheckedMessage:
    """Judge an event that comes twice, the first time by POST and with that answer."""
    history, first = History(), arrival()
    assert codes(*judge(event, came=first, history=history)) == []
    history.repeats.answered(first.received_us or 0, answered)
    [finding] = judge(event, came=arrival(passed_s, method=method), history=history)
    return finding


@pytest.mark.parametrize("event", [good_event(), good_event(eventSequenceId=7)])
@pytest.mark.parametrize(
    ("answered", "method", "code"),
    [
        (204, "POST", "duplicate"),
        (503, "POST", "duplicate_after_error"),
        (400, "POST", "duplicate_after_error"),
        (0, "POST", "duplicate_unanswered"),
        (503, "GET", "duplicate_as_image"),
        (204, "GET", "duplicate_as_image_unread"),
    ],
)
def test_cause(answered: int, method: str, code: str, event: dict[str, Any]) -> None:
    """A repeat is named by what became of the first, and says how long after it came."""
    [problem] = _again(event, answered=answered, method=method).issues
    assert problem.code == code
    assert code in REPEATS
    assert "0.8 s" in problem.sentence


def test_answer_of_another_request() -> None:
    """The answer to a request without events is not taken for the one before it."""
    history = History()
    judge(good_event(), history=history)
    history.repeats.answered(1, 404)
    assert codes(*judge(good_event(), came=arrival(1), history=history)) == ["duplicate"]


def test_too_late() -> None:
    """After the window nothing is a repeat."""
    assert codes(_again(good_event(), WINDOW_US / 1_000_000)) == ["duplicate"]
    assert codes(_again(good_event(), WINDOW_US / 1_000_000 + 0.1)) == []


def test_same_request() -> None:
    """The same twice in one request, which a fast program can mean, is no repeat."""
    assert codes(*judge(good_event(), good_event())) == []


@pytest.mark.parametrize(
    "change",
    [
        {"userId": "u2"},
        {"deviceId": "d2"},
        {"eventName": "buy"},
        {"timestamp": good_event()["timestamp"] - 1},
        {"attributes": {"i": "1"}},
        {"eventSequenceId": 2},
        {"globalSequenceId": 2},
    ],
)
def test_another_event(change: dict[str, Any]) -> None:
    """An event that differs from the first in one place is another one."""
    history = History()
    judge(good_event(), history=history)
    assert codes(*judge(good_event(**change), came=arrival(0.1), history=history)) == []


def test_another_project() -> None:
    """The same event in two projects is two events."""
    history = History()
    judge(good_event(), history=history)
    assert codes(*judge(good_event(), came=arrival(project="p2"), history=history)) == []


def test_content_changed() -> None:
    """With a sequence number an event is the same even when a retry writes it otherwise."""
    history = History()
    judge(good_event(eventSequenceId=1), history=history)
    again = judge(good_event(eventSequenceId=1, title="x"), came=arrival(1), history=history)
    assert codes(*again) == ["duplicate"]


def test_bad_events_repeat() -> None:
    """An event with another problem is recognised too."""
    history = History()
    event = good_event(attributes={"a": None})
    assert codes(*judge(event, history=history)) == ["value_not_text"]
    assert codes(*judge(event, came=arrival(1), history=history)) == ["value_not_text", "duplicate"]


def test_memory_is_bounded() -> None:
    """Of very many events only the newest tens of thousands are remembered."""
    history = History()
    for number in range(0, 50_000, 5000):
        events = [good_event(userId=f"u{each}") for each in range(number, number + 5000)]
        judge(*events, came=arrival(), history=history)
    assert codes(*judge(good_event(userId="u0"), came=arrival(1), history=history)) == []
    assert codes(*judge(good_event(userId="u49999"), came=arrival(1), history=history)) == [
        "duplicate"
    ]

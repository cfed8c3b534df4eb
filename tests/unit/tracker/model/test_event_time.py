"""event_time (promise B4)."""

from __future__ import annotations

import numbers
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Any

import pytest

from growingio_tracker import GrowingParamException, GrowingTracker
from growingio_tracker.model.arguments import event_time_ms

Sent = Callable[[], list[dict[str, Any]]]

UTC = timezone.utc
MS = 1_700_000_000_123
EAST = timezone(timedelta(hours=8))


class Broken(tzinfo):
    """A time zone that fails."""

    def utcoffset(self, dt: datetime | None, /) -> timedelta:
        raise KeyError(dt)

    dst = utcoffset

    def tzname(self, dt: datetime | None, /) -> str:
        raise KeyError(dt)


class NotATime(datetime):
    """As pandas' NaT: a datetime that is not equal to itself and not converted."""

    def astimezone(self, tz: tzinfo | None = None, /) -> Any:
        return float("nan")

    def __eq__(self, other: object) -> bool:
        return False

    __hash__ = datetime.__hash__


class Milliseconds(int):
    """An int whose conversion fails."""

    def __int__(self) -> int:
        raise RuntimeError


class Int64:
    """As numpy's: no int, but registered as one."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __int__(self) -> int:
        return self.value


numbers.Integral.register(Int64)


class OtherTime(datetime):
    """As pandas' Timestamp and pendulum's DateTime: a datetime that calculates in its own types."""

    def __sub__(self, other: object) -> Any:
        raise TypeError

    def astimezone(self, tz: object = None) -> Any:
        return self


REFUSED: list[Any] = [
    0,
    -1,
    -MS,
    -0.0,
    float("nan"),
    float("inf"),
    float("-inf"),
    1e300,
    10**400,
    10**5000,
    -(10**5000),
    True,
    False,
    "",
    str(MS),
    b"1",
    Decimal(MS),
    date(2024, 1, 1),
    timedelta(1),
    [MS],
    object(),
    datetime(1, 1, 1),
    datetime(1, 1, 1, tzinfo=EAST),
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(1969, 12, 31, tzinfo=UTC),
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(1973, 3, 3, 9, 46, 39, tzinfo=UTC),
    datetime(5138, 11, 16, 9, 46, 40, tzinfo=UTC),
    datetime.max,
    datetime.max.replace(tzinfo=timezone(-timedelta(hours=8))),
    datetime.min.replace(fold=1),
    datetime(2024, 1, 1, tzinfo=Broken()),
    NotATime(2024, 1, 1),
]


@pytest.fixture
def in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if not hasattr(time, "tzset"):  # pragma: no cover - Windows
        pytest.skip("not here: the time zone of a process cannot be set")
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("given", "sent_ms"),
    [
        (MS, MS),
        (float(MS), MS),
        (MS + 0.9, MS),
        (Milliseconds(MS), MS),
        (Int64(MS), MS),
        (OtherTime.fromtimestamp(MS / 1000, UTC), MS),
        (100_000_000_000, 100_000_000_000),
        (99_999_999_999_999, 99_999_999_999_999),
        (datetime.fromtimestamp(MS / 1000, UTC), MS),
        (datetime(2023, 11, 15, 6, 13, 20, 123_999, EAST), MS),
        (datetime(1973, 3, 3, 9, 46, 40, tzinfo=UTC), 100_000_000_000),
        (datetime(5138, 11, 16, 9, 46, 39, 999_999, UTC), 99_999_999_999_999),
    ],
)
def test_b4_accepted(tracker: GrowingTracker, sent: Sent, given: Any, sent_ms: int) -> None:
    """B4: milliseconds and aware datetimes are sent as the right milliseconds, in both fields."""
    tracker.track_custom_event("e", given, "v")
    tracker.track_user(anonymous_id="v", event_time=given)
    tracker.track_user_mapping({"phone": "1"}, given)
    event, user, mapping = sent()
    assert (event["timestamp"], event["sendTime"]) == (sent_ms, sent_ms)
    assert (user["timestamp"], user["sendTime"]) == (sent_ms, sent_ms)
    assert mapping["sendTime"] == sent_ms


@pytest.mark.usefixtures("in_berlin")
@pytest.mark.parametrize(
    ("fold", "expected"),
    [
        (0, datetime(2024, 10, 27, 0, 30, tzinfo=UTC)),
        (1, datetime(2024, 10, 27, 1, 30, tzinfo=UTC)),
    ],
)
def test_b4_naive_is_local(fold: int, expected: datetime) -> None:
    """B4: a naive datetime is local time, and in the hour that comes twice fold decides."""
    naive = datetime(2024, 10, 27, 2, 30, fold=fold)
    assert event_time_ms(naive) == expected.timestamp() * 1000


@pytest.mark.parametrize(
    ("given", "corrected"),
    [
        (1_700_000_000, 1_700_000_000_000),
        (1_700_000_000.5, 1_700_000_000_500),
        (1, 1000),
        (0.5, 500),
        (1_700_000_000_123_456, 1_700_000_000_123),
        (1_700_000_000_123_456_789, 1_700_000_000_123),
    ],
)
def test_b4_wrong_unit(tracker: GrowingTracker, given: float, corrected: int) -> None:
    """B4: a value in seconds, micro- or nanoseconds is refused with the corrected number."""
    with pytest.raises(GrowingParamException, match=rf"^event_time .* {corrected}\?$"):
        tracker.track_custom_event("e", given, "v")  # type: ignore[arg-type]


@pytest.mark.parametrize("given", REFUSED, ids=[type(given).__name__ for given in REFUSED])
def test_b4_refused(tracker: GrowingTracker, sent: Sent, given: Any) -> None:
    """B4: whatever is no time of an event is a GrowingParamException that names event_time."""
    with pytest.raises(GrowingParamException, match=r"^event_time "):
        tracker.track_custom_event("e", given, "v")
    with pytest.raises(GrowingParamException, match=r"^event_time "):
        tracker.track_user_mapping({"phone": "1"}, given)
    assert sent() == []


def test_without_event_time(tracker: GrowingTracker, sent: Sent) -> None:
    """Without event_time the event has the time of the call, and no sendTime."""
    before = time.time_ns() // 1_000_000
    tracker.track_custom_event("e", anonymous_id="v")
    tracker.track_user_mapping({"phone": "1"})
    event, mapping = sent()
    assert before <= event["timestamp"] <= time.time_ns() // 1_000_000
    assert "sendTime" not in event
    assert "sendTime" not in mapping

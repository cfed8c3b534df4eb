"""What was tracked, and checks that explain themselves."""

from __future__ import annotations

from collections import Counter
from typing import Final

from growingio_tracker.exceptions import GrowingError
from growingio_tracker.testing.matching import Wanted
from growingio_tracker.testing.recorded_event import RecordedEvent, recorded_event
from growingio_tracker.wire import Kind

_LISTED: Final = 20


class WouldSendError(GrowingError, AssertionError):
    """Something would have reached the network where everything is to be recorded."""


class Recording:
    """The events of a :class:`RecordingConsumer`, or of everything in a test.

    It may be used from any thread. An event is there when the call that tracks it returns.
    """

    def __init__(self) -> None:
        self._recorded: list[RecordedEvent] = []

    @property
    def events(self) -> tuple[RecordedEvent, ...]:
        """What was tracked so far, oldest first."""
        return tuple(self._recorded)

    def assert_tracked(
        self, name: str | None = None, count: int | None = None, **match: object
    ) -> tuple[RecordedEvent, ...]:
        """Check that an event was tracked, and return those that match, oldest first.

        ::

            [paid] = recording.assert_tracked("order_paid", count=1, user_id="u1", sku="A-1")

        :param name: the event's name, or an item's key; ``None`` takes any.
        :param count: exactly so many; ``None`` is at least one, 0 none.
        :param match: fields of :class:`RecordedEvent`: ``kind``, ``user_id``, ``user_key``,
            ``anonymous_id``, ``item_id``, ``time_ms``; every other keyword is an attribute.
            Attributes whose names are no keywords, or are one of these, stand in
            ``attributes={…}``. ``None`` means that the event must not have it. Values of
            attributes are written as for tracking: ``["a", "b"]`` matches what is sent as
            ``a||b``. Attributes that are not named do not matter.
        :raises AssertionError: it was not; the text lists what was tracked, and what came nearest.
        :raises GrowingParamException: ``attributes`` is no mapping.
        """
        __tracebackhide__ = True
        wanted, events = Wanted(name, match), self.events
        found = tuple(event for event in events if not wanted.differences(event))
        if not found if count is None else len(found) != count:
            raise AssertionError(_why(wanted, len(found), count, events))
        return found

    def assert_nothing_tracked(self) -> None:
        """Check that nothing was tracked.

        :raises AssertionError: something was; the text lists it.
        """
        __tracebackhide__ = True
        if events := self.events:
            raise AssertionError(f"Nothing was to be tracked. {_listed(events)}")

    def clear(self) -> None:
        """Forget what was tracked so far."""
        self._recorded.clear()

    def record(self, kind: Kind, record: bytes) -> None:
        """Take in one record of a tracker."""
        self._recorded.append(recorded_event(kind, record))


def _why(wanted: Wanted, found: int, count: int | None, events: tuple[RecordedEvent, ...]) -> str:
    expected = "at least once" if count is None else _times(count)
    lines = [f"{wanted}: tracked {_times(found)}, expected {expected}."]
    nearest = wanted.nearest(events)
    if nearest and found < (1 if count is None else count):
        lines.append("Nearest:")
        lines += [f"  {one}\n    but {', '.join(wanted.differences(one))}" for one in nearest]
    return "\n".join([*lines, _listed(events)])


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _listed(events: tuple[RecordedEvent, ...]) -> str:
    if not events:
        return "Nothing was tracked."
    counts = Counter(event.name or f"({event.kind})" for event in events)
    names = ", ".join(f"{count} × {name}" for name, count in counts.most_common())
    newest = [f"  {event}" for event in events[-_LISTED:]]
    heading = "Tracked" if len(events) <= _LISTED else f"Tracked, the newest {_LISTED}"
    return "\n".join([f"{heading} ({names}):", *newest])

"""Which recorded events a test means, and in what the others differ."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import SequenceMatcher
from typing import Final, cast

from growingio_tracker.exceptions import GrowingParamException
from growingio_tracker.testing.recorded_event import FIELDS, RecordedEvent
from growingio_tracker.values import normalise

_NEAREST: Final = 3
_SENT_AS_THEY_ARE: Final = (str, bool, int, float, type(None))


class Wanted:
    """What an event must be like.

    :param name: its name; ``None`` takes any.
    :param match: fields of :class:`RecordedEvent`, a mapping ``attributes``, and attributes.
    :raises GrowingParamException: when ``attributes`` is no mapping.
    """

    def __init__(self, name: str | None, match: Mapping[str, object]) -> None:
        self._name = name
        self._fields = {key: value for key, value in match.items() if key in FIELDS}
        attributes = match.get("attributes", {})
        if not isinstance(attributes, Mapping):
            raise GrowingParamException(
                f"attributes must be a mapping of names to values, got {type(attributes).__name__}"
            )
        single = {k: v for k, v in match.items() if k not in (*FIELDS, "attributes")}
        every = {**cast("Mapping[str, object]", attributes), **single}
        self._attributes = {key: _as_sent(value) for key, value in every.items()}

    def __str__(self) -> str:
        conditions = [f"{key}={value!r}" for key, value in self._fields.items()]
        conditions += [f"attributes[{key!r}]={value!r}" for key, value in self._attributes.items()]
        subject = "an event" if self._name is None else self._name
        return f"{subject} with {', '.join(conditions)}" if conditions else subject

    def differences(self, event: RecordedEvent) -> list[str]:
        """Return in what ``event`` differs; nothing when it matches."""
        found = [
            f"{key} is {getattr(event, key)!r}, not {value!r}"
            for key, value in self._fields.items()
            if getattr(event, key) != value
        ]
        found += [
            f"attributes[{key!r}] is {event.attributes.get(key)!r}, not {value!r}"
            for key, value in self._attributes.items()
            if event.attributes.get(key) != value
        ]
        if self._name is not None and event.name != self._name:
            found.insert(0, f"its name is {event.name!r}")
        return found

    def nearest(self, events: tuple[RecordedEvent, ...]) -> list[RecordedEvent]:
        """Return those that miss by least, the nearest first; only some, if there are many."""
        missing = [event for event in events if self.differences(event)]
        return sorted(missing, key=self._distance)[:_NEAREST]

    def _distance(self, event: RecordedEvent) -> tuple[float, int]:
        name = event.name if self._name is None else self._name
        unlike = 1 - SequenceMatcher(None, name, event.name).ratio()
        return round(unlike, 1), len(self.differences(event))


def _as_sent(value: object) -> object:
    """Return the form in which ``value`` is sent; what cannot be sent, as it is.

    The latter are things that compare themselves, such as ``pytest.approx`` and ``mock.ANY``.
    """
    if isinstance(value, _SENT_AS_THEY_ARE):
        return value
    sent, _ = normalise({"value": value}, "value")
    return sent.get("value", value)

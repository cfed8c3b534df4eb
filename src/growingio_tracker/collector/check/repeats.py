"""Recognising an event that was sent again, and why it was."""

from typing import Final

from growingio_tracker.collector.check.heads import Identified
from growingio_tracker.collector.problems.problem import Problem

REPEATS: Final = frozenset(
    {
        "duplicate",
        "duplicate_after_error",
        "duplicate_unanswered",
        "duplicate_as_image",
        "duplicate_as_image_unread",
    }
)
"""The codes of problems that say: this is a duplicate."""

WINDOW_US: Final = 120_000_000
"""A repeat comes within this time; clients that wait longer between tries are rare."""

_REMEMBERED: Final = 20_000
"""Events in each of two generations: about five megabytes in all."""


def repeat_key(text: bytes, project: str | None, event: Identified) -> int:
    """Return what an event shares with no other but its own repeats.

    Without a sequence number it is the whole text: servers track much in one millisecond.
    """
    if event.event_sequence_id is None and event.global_sequence_id is None:
        return hash((project, text))
    return hash(
        (
            project,
            event.device_id,
            event.user_id,
            event.event_type,
            event.event_name,
            event.timestamp,
            event.event_sequence_id,
            event.global_sequence_id,
        )
    )


class _Sending:
    """One request of the last minutes, and what became of it."""

    __slots__ = ("answered", "method", "received_us")

    def __init__(self, received_us: int, method: str) -> None:
        self.received_us = received_us
        self.method = method
        self.answered = 204


class Repeats:
    """The events of the last minutes, by what makes each unlike all others."""

    def __init__(self) -> None:
        self._young: dict[int, _Sending] = {}
        self._old: dict[int, _Sending] = {}
        self._now = _Sending(0, "POST")

    def begin(self, received_us: int, method: str) -> None:
        """Let the events noted from now on be those of the request received then."""
        self._now = _Sending(received_us, method)

    def answered(self, received_us: int, status: int) -> None:
        """Remember what the newest request, if it was received then, was answered; 0 is nothing.

        Until then it counts as answered 204.
        """
        if self._now.received_us == received_us:
            self._now.answered = status

    def note(self, key: int) -> Problem | None:
        """Remember an event; return the problem if the same one came in an earlier request.

        Twice in one request is no repeat: a fast program may track the same twice in one
        millisecond.
        """
        now = self._now
        earlier = self._young.get(key) or self._old.get(key)
        self._young[key] = now
        if len(self._young) > _REMEMBERED:
            self._old, self._young = self._young, {}
        return None if earlier is None or earlier is now else _problem(earlier, now)


def _problem(earlier: _Sending, now: _Sending) -> Problem | None:
    passed_us = now.received_us - earlier.received_us
    if not 0 <= passed_us <= WINDOW_US:
        return None
    values: dict[str, str | int] = {
        "seconds": f"{passed_us / 1_000_000:.1f}",
        "answered": earlier.answered,
    }
    return Problem(_code(earlier, now), values=values)


def _code(earlier: _Sending, now: _Sending) -> str:
    if now.method == "GET" and earlier.method == "POST":
        # The Web SDK takes only a 204 that its page may read as success.
        return "duplicate_as_image_unread" if earlier.answered == 204 else "duplicate_as_image"
    if earlier.answered == 0:
        return "duplicate_unanswered"
    return "duplicate_after_error" if earlier.answered >= 400 else "duplicate"

"""Events of the integrations' own, which need not be about anybody."""

from __future__ import annotations

from growingio_tracker.binding import Subject
from growingio_tracker.tracker import GrowingTracker
from growingio_tracker.values import Attributes
from growingio_tracker.wire import NOT_USER


def whoever(tracker: GrowingTracker) -> Subject:
    """Return whom events are about here and now, with ``"$notuser"`` where that is nobody."""
    subject = tracker._complete(None, None, None, None)
    if subject.login_user_id or subject.anonymous_id:
        return subject
    return subject._replace(login_user_key=NOT_USER)


def track_about(
    tracker: GrowingTracker, subject: Subject, name: str, attributes: Attributes
) -> None:
    """Track an event about ``subject``, with whatever attributes are bound.

    :raises GrowingParamException: when it cannot be sent.
    :raises GrowingIOException: as the consumer says.
    """
    tracker.track_custom_event(
        name,
        anonymous_id=subject.anonymous_id,
        login_user_key=subject.login_user_key,
        login_user_id=subject.login_user_id,
        attributes=attributes,
    )

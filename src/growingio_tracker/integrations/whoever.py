"""Events of the integrations' own, which need not be about anybody."""

from __future__ import annotations

from growingio_tracker.tracker import GrowingTracker
from growingio_tracker.values import Attributes
from growingio_tracker.wire import NOT_USER


def track_about_whoever(tracker: GrowingTracker, name: str, attributes: Attributes) -> None:
    """Track an event about those who are bound, and where nobody is, about nobody.

    :raises GrowingParamException: when it cannot be sent.
    :raises GrowingIOException: as the consumer says.
    """
    _, user_id, anonymous_id, _ = tracker._complete(None, None, None, None)
    key = None if user_id or anonymous_id else NOT_USER
    tracker.track_custom_event(name, login_user_key=key, attributes=attributes)

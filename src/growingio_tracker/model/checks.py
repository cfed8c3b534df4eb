"""Checks of events: a subject, a valid time, and attributes that can be sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

from growingio_tracker.core import is_plain
from growingio_tracker.model.arguments import MISSING, event_time_ms, identifier
from growingio_tracker.model.losses import LeftOut
from growingio_tracker.model.values import EventTime, normalise
from growingio_wire import VERSION
from growingio_wire.errors import GrowingParamException
from growingio_wire.table import NOT_USER

PLATFORM: Final = "python"
ABOUT_NOBODY: Final = "about_nobody"
"""The code of the error about an event that has neither visitor nor user."""


class _Event(Protocol):
    event_time: EventTime | None
    send_time: EventTime | None
    anonymous_id: str | None
    login_user_key: str | None
    login_user_id: str | None
    attributes: Mapping[str, Any] | None
    sdk_version: str | None
    platform: str | None


def check_event(message: _Event, now_ms: int) -> LeftOut:
    """Check the fields of both kinds of events. It runs on every call, so valid ones are fast."""
    message.sdk_version = VERSION
    message.platform = PLATFORM
    user_id = message.login_user_id
    if type(user_id) is not str or not user_id:
        message.login_user_id = user_id = identifier(user_id, "login_user_id")
    if message.anonymous_id is not None:
        message.anonymous_id = identifier(message.anonymous_id, "anonymous_id")
    if message.login_user_key is not None:
        message.login_user_key = identifier(message.login_user_key, "login_user_key")
    if user_id is None:
        _check_without_user(message.anonymous_id, message.login_user_key)
    if message.event_time is None and message.send_time is None:
        message.event_time = now_ms
    else:
        _check_time(message, now_ms)
    attributes = message.attributes
    if attributes is None or (is_plain(attributes) and attributes):
        return ()
    remaining, left_out = sendable(attributes, "attributes")
    message.attributes = remaining or None
    return left_out


def _check_without_user(anonymous_id: str | None, login_user_key: str | None) -> None:
    if login_user_key == NOT_USER:
        return
    about_nobody = ABOUT_NOBODY if anonymous_id is None else ""
    if login_user_key is not None:
        raise GrowingParamException(
            "login_user_key was given without login_user_id; give both, or neither",
            "login_user_key",
            code=about_nobody or MISSING,
        )
    if anonymous_id is None:
        raise GrowingParamException(
            "anonymous_id and login_user_id are both missing; give at least one, or "
            f"login_user_key={NOT_USER!r} for an event that has no user",
            "anonymous_id",
            code=about_nobody,
        )


def _check_time(message: _Event, now_ms: int) -> None:
    given = message.event_time
    message.event_time = now_ms if given is None else event_time_ms(given)
    if message.send_time is not None:
        message.send_time = event_time_ms(message.send_time, "send_time")


def sendable(
    attributes: Mapping[str, Any] | None, argument: str
) -> tuple[Mapping[str, Any] | None, LeftOut]:
    """Return the sendable part of ``attributes``, as a copy if anything had to change."""
    if attributes is None or is_plain(attributes):
        return attributes, ()
    copied, left_out = normalise(attributes, argument)
    return copied, tuple(left_out)

"""What makes an event sendable: a subject, a time, and attributes of sendable types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol, TypeAlias

from growingio_tracker.arguments import event_time_ms, identifier
from growingio_tracker.exceptions import GrowingParamException
from growingio_tracker.values import EventTime, Unsendable, is_plain, normalise
from growingio_tracker.version import VERSION
from growingio_tracker.wire import NOT_USER

PLATFORM: Final = "python"

LeftOut: TypeAlias = tuple[Unsendable, ...]
"""The attributes that a check had to leave out; empty when all is well."""


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
    """Check what both kinds of event have. It runs on every call: what is right costs little."""
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
    if login_user_key is not None:
        raise GrowingParamException(
            "login_user_key was given without login_user_id; give both, or neither"
        )
    if anonymous_id is None:
        raise GrowingParamException(
            "anonymous_id and login_user_id are both missing; give at least one, or "
            f"login_user_key={NOT_USER!r} for an event that has no user"
        )


def _check_time(message: _Event, now_ms: int) -> None:
    given = message.event_time
    message.event_time = now_ms if given is None else event_time_ms(given)
    if message.send_time is not None:
        message.send_time = event_time_ms(message.send_time, "send_time")


def sendable(
    attributes: Mapping[str, Any] | None, argument: str
) -> tuple[Mapping[str, Any] | None, LeftOut]:
    """Return what can be sent of ``attributes``, a copy where something had to change."""
    if attributes is None or is_plain(attributes):
        return attributes, ()
    copied, left_out = normalise(attributes, argument)
    return copied, tuple(left_out)

"""Subjects of events: bindings, which provide what calls leave out, and the check of an event.

The check completes an event, too: with the time, if it has none, and with what all have.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, Protocol, TypeAlias, cast

from msgspec import Struct

from growingio_tracker.core import is_plain
from growingio_tracker.model.arguments import MISSING, event_time_ms, identifier, one_of
from growingio_tracker.model.losses import LeftOut
from growingio_tracker.model.values import Attributes, EventTime, pairs, sendable
from growingio_wire import VERSION
from growingio_wire.errors import GrowingParamException, invalid
from growingio_wire.table import NOT_USER

PLATFORM: Final = "python"
ABOUT_NOBODY: Final = "about_nobody"
"""The code of the error about an event that has neither visitor nor user."""

UserId: TypeAlias = str | Callable[[], str | None] | None
"""A user id, or a function that finds it when an event needs it."""

OnNobody: TypeAlias = Literal["raise", "drop", "warn", "notuser"]
"""What to do with an event that has neither visitor nor user; see :meth:`Bindable.context`."""

ON_NOBODY: Final[tuple[OnNobody, ...]] = ("raise", "drop", "warn", "notuser")


def checked_on_nobody(value: object, argument: str = "on_nobody") -> OnNobody:
    """Return ``value`` if it is a choice.

    :raises GrowingParamException: otherwise; the message lists what is allowed.
    """
    return cast("OnNobody", one_of(value, ON_NOBODY, argument))


class Subject(NamedTuple):
    """Subject of one event, and its attributes."""

    login_user_key: str | None
    login_user_id: str | None
    anonymous_id: str | None
    attributes: Attributes | None


class Binding(Struct, frozen=True):
    """Arguments that calls may omit. User key and user id must be given together."""

    anonymous_id: str | None
    login_user_key: str | None
    login_user_id: UserId
    attributes: Mapping[Any, object]
    on_nobody: OnNobody | None = None

    def over(self, other: Binding | None) -> Binding:
        """Return both merged; this one takes precedence."""
        if other is None:
            return self
        user = other if self._has_no_user else self
        return Binding(
            self.anonymous_id or other.anonymous_id,
            user.login_user_key,
            user.login_user_id,
            {**other.attributes, **self.attributes},
            self.on_nobody or other.on_nobody,
        )

    def complete(self, subject: Subject) -> Subject:
        """Return a call's arguments, with missing ones filled in from here."""
        key, user_id, anonymous_id, attributes = subject
        if key is None and user_id is None:
            key, user_id = self._user()
        attributes = self._merged(attributes) if self.attributes else attributes
        anonymous_id = self.anonymous_id if anonymous_id is None else anonymous_id
        return Subject(key, user_id, anonymous_id, attributes)

    def _user(self) -> tuple[str | None, str | None]:
        if self.login_user_id is None or isinstance(self.login_user_id, str):
            return self.login_user_key, self.login_user_id
        # The message's check validates it, and handles errors as the tracker is configured to.
        user_id = self.login_user_id()
        return (None, None) if user_id in (None, "") else (self.login_user_key, user_id)

    def _merged(self, attributes: Attributes | None) -> Attributes:
        if attributes is None:
            return self.attributes
        try:
            return {**self.attributes, **dict(pairs(attributes, "attributes"))}
        except GrowingParamException:
            return attributes  # left to the message's check

    @property
    def _has_no_user(self) -> bool:
        return self.login_user_key is None and self.login_user_id is None


def make_binding(
    anonymous_id: str | None,
    login_user_key: str | None,
    login_user_id: UserId,
    attributes: Attributes | None,
    on_nobody: OnNobody | None,
) -> Binding:
    """Return a binding with a copy of the caller's attributes.

    :raises GrowingParamException: if an argument is invalid; the message names it.
    """
    return Binding(
        identifier(anonymous_id, "anonymous_id"),
        identifier(login_user_key, "login_user_key"),
        login_user_id if callable(login_user_id) else identifier(login_user_id, "login_user_id"),
        {} if attributes is None else dict(pairs(attributes, "attributes")),
        None if on_nobody is None else checked_on_nobody(on_nobody),
    )


if TYPE_CHECKING:

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
        raise invalid(
            "login_user_key was given without login_user_id; give both, or neither",
            "给出了 login_user_key，却没有 login_user_id；请两者都给出，或都不给出",
            "login_user_key",
            code=about_nobody or MISSING,
        )
    if anonymous_id is None:
        raise invalid(
            "anonymous_id and login_user_id are both missing; give at least one, or "
            f"login_user_key={NOT_USER!r} for an event that has no user",
            "anonymous_id 和 login_user_id 都没有给出；请至少给出一个，"
            f"没有用户的事件请用 login_user_key={NOT_USER!r}",
            "anonymous_id",
            code=about_nobody,
        )


def _check_time(message: _Event, now_ms: int) -> None:
    given = message.event_time
    message.event_time = now_ms if given is None else event_time_ms(given)
    if message.send_time is not None:
        message.send_time = event_time_ms(message.send_time, "send_time")

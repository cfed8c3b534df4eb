"""What the message builders share: every setter returns the builder, ``build()`` the message.

A builder checks nothing. A message is checked as a whole when it is tracked, so that every
mistake shows at the same place.
"""

from __future__ import annotations

import copy
from typing import Any, TypeVar

from growingio_tracker._clock import now_ms
from growingio_tracker.exceptions import GrowingParamException
from growingio_tracker.values import Attributes, EventTime, pairs

_V = TypeVar("_V")
_B = TypeVar("_B", bound="MessageBuilder")
_S = TypeVar("_S", bound="SubjectBuilder")


class MessageBuilder:
    """Collects the fields of one message. It can build any number of independent messages."""

    def __init__(self) -> None:
        self._fields: dict[str, Any] = {}
        self._attributes: dict[str, object] | None = None

    def set_product_id(self: _B, product_id: str | None) -> _B:
        """Set the project id. The tracker that sends the message sets its own."""
        return self._set("product_id", product_id)

    def set_data_source_id(self: _B, data_source_id: str | None) -> _B:
        """Set the data source id. The tracker that sends the message sets its own."""
        return self._set("data_source_id", data_source_id)

    def add_attribute(self: _B, key: str, value: object) -> _B:
        """Add one attribute. The value is copied, so later changes to it change nothing.

        :raises GrowingParamException: when the key cannot be a key.
        """
        if self._attributes is None:
            self._attributes = {}
        try:
            self._attributes[key] = copied(value)
        except TypeError:
            raise GrowingParamException(
                f"key must be a non-empty str, got {type(key).__name__}"
            ) from None
        return self

    def set_attributes(self: _B, map: Attributes | None) -> _B:  # noqa: A002 - 1.0.5's name
        """Add all attributes of ``map``; ``None`` adds nothing.

        :raises GrowingParamException: when it is not a mapping.
        """
        for key, value in () if map is None else pairs(map, "attributes"):
            self.add_attribute(key, value)
        return self

    def _set(self: _B, name: str, value: object) -> _B:
        self._fields[name] = value
        return self

    def _built(self) -> dict[str, Any]:
        attributes = self._attributes
        own = attributes and {key: copied(value) for key, value in attributes.items()}
        return {**self._fields, "attributes": own}


def copied(value: _V) -> _V:
    """Return a copy of a container of the caller's, or ``value`` itself if it cannot be copied."""
    try:
        return copy.copy(value)
    except Exception:  # a generator, a lock: the check of the message says that it cannot be sent
        return value


class SubjectBuilder(MessageBuilder):
    """Builds what happens to a user or visitor at a time."""

    def __init__(self) -> None:
        super().__init__()
        self._set("event_time", now_ms())

    def set_event_time(self: _S, timestamp: EventTime | None) -> _S:
        """Set when it happened: Unix milliseconds or a datetime; ``None`` keeps the current time.

        A given time takes effect only where the platform has custom event time switched on.
        """
        if timestamp is not None:
            self._set("event_time", timestamp)._set("send_time", timestamp)
        return self

    def set_anonymous_id(self: _S, device_id: str | None) -> _S:
        """Set the visitor's id."""
        return self._set("anonymous_id", device_id)

    def set_login_user(self: _S, user_key: str | None = None, user_id: str | None = None) -> _S:
        """Set the user's key and id."""
        return self._set("login_user_key", user_key)._set("login_user_id", user_id)

    def set_login_user_key(self: _S, user_key: str | None) -> _S:
        """Set the user's key; it needs an id."""
        return self._set("login_user_key", user_key)

    def set_login_user_id(self: _S, user_id: str | None) -> _S:
        """Set the user's id."""
        return self._set("login_user_id", user_id)

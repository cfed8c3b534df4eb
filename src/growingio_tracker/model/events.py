"""Messages about a visitor or a user: custom events and user attributes.

Fields are in the order of 1.0.5's constructors; ``None`` is not sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final, Literal, TypedDict, TypeVar

from msgspec import Struct

from growingio_tracker.model import Message, MessageBuilder, copied
from growingio_tracker.model.arguments import WRONG_TYPE, identifier, one_of, required, text_name
from growingio_tracker.model.losses import LeftOut
from growingio_tracker.model.scalars import is_a
from growingio_tracker.model.subject import check_event
from growingio_tracker.model.values import EventTime, sendable
from growingio_wire.clock import now_ms
from growingio_wire.errors import must_be
from growingio_wire.said import Said
from growingio_wire.table import EVENT, Kind

_ITEM: Final = Said("a ResourceItem", "一个 ResourceItem")


class PresetProperties(TypedDict, total=False):
    """Preset properties that a server may set on a custom event. All are strings."""

    domain: str
    url_scheme: str
    device_brand: str
    device_model: str
    device_type: Literal["PHONE", "PAD"]
    app_version: str
    app_name: str
    language: str


_S = TypeVar("_S", bound="SubjectBuilder")

PRESET_PROPERTIES: Final = tuple(PresetProperties.__annotations__)
DEVICE_TYPES: Final = ("PHONE", "PAD")
_KEYS: Final = EVENT.json_names


class ResourceItem(Struct, omit_defaults=True):
    """An item of a dimension table that a custom event refers to.

    :param key: the item's model key.
    :param id: the item's id.
    :param attributes: the item's attributes; ``None`` for none.
    """

    key: str
    id: str
    attributes: Mapping[str, Any] | None = None

    def checked(self) -> tuple[ResourceItem, LeftOut]:
        """Return a sendable copy, and the attributes left out of it."""
        key, item_id = required(self.key, "item.key"), required(self.id, "item.id")
        attributes, left_out = sendable(self.attributes, "item.attributes")
        return ResourceItem(key, item_id, attributes), left_out


class SubjectBuilder(MessageBuilder):
    """Base class of builders for messages about a user or visitor."""

    def __init__(self) -> None:
        super().__init__()
        self._set("event_time", now_ms())

    def set_event_time(self: _S, timestamp: EventTime | None) -> _S:
        """Set the time of the event: Unix milliseconds or a datetime; ``None`` is the current time.

        A given time takes effect only if custom event time is enabled on the platform.
        """
        if timestamp is not None:
            self._set("event_time", timestamp)
            self._set("send_time", timestamp)
        return self

    def set_anonymous_id(self: _S, device_id: str | None) -> _S:
        """Set the visitor's id."""
        return self._set("anonymous_id", device_id)

    def set_login_user(self: _S, user_key: str | None = None, user_id: str | None = None) -> _S:
        """Set the kind of user id, and the id."""
        self._set("login_user_key", user_key)
        return self._set("login_user_id", user_id)

    def set_login_user_key(self: _S, user_key: str | None) -> _S:
        """Set the kind of user id; requires an id."""
        return self._set("login_user_key", user_key)

    def set_login_user_id(self: _S, user_id: str | None) -> _S:
        """Set the user's id."""
        return self._set("login_user_id", user_id)


class CustomEventMessage(Message, tag_field="eventType", tag="CUSTOM", rename=_KEYS):
    """A custom event (埋点事件).

    :param event_time: Unix milliseconds or a datetime; ``None`` is the time of the call.
    :param event_name: the event's identifier.
    :param login_user_key: the kind of user id; requires ``login_user_id``.
    :param login_user_id: the user.
    :param anonymous_id: the visitor's id. This or ``login_user_id`` is required.
    :param attributes: the event's variables.
    :param send_time: sent as ``sendTime``; builders set it together with the event time.
    :param resource_item: the item that the event refers to.

    The last eight are the preset properties, all strings; ``device_type`` is ``PHONE`` or ``PAD``.
    """

    kind: ClassVar[Kind] = Kind.EVENT
    event_type: ClassVar[str] = "CUSTOM"

    event_time: EventTime | None = None
    event_name: str | None = None
    login_user_key: str | None = None
    login_user_id: str | None = None
    anonymous_id: str | None = None
    attributes: Mapping[str, Any] | None = None
    send_time: EventTime | None = None
    product_id: str | None = None
    data_source_id: str | None = None
    sdk_version: str | None = None
    platform: str | None = None
    resource_item: ResourceItem | None = None
    domain: str | None = None
    url_scheme: str | None = None
    device_brand: str | None = None
    device_model: str | None = None
    device_type: str | None = None
    app_version: str | None = None
    app_name: str | None = None
    language: str | None = None

    def check(self, now_ms: int) -> LeftOut:
        """See :meth:`Message.check`."""
        if type(self.event_name) is not str or not self.event_name:
            self.event_name = text_name(self.event_name, "event_name")
        left_out = check_event(self, now_ms)
        if self._has_preset():
            self._check_preset()
        if self.resource_item is not None:
            self.resource_item, item_left_out = _checked_item(self.resource_item)
            left_out += item_left_out
        return left_out

    def _has_preset(self) -> bool:
        # Written out, because it runs on every call and a loop would cost five times as much.
        return (
            self.domain is not None
            or self.url_scheme is not None
            or self.device_brand is not None
            or self.device_model is not None
            or self.device_type is not None
            or self.app_version is not None
            or self.app_name is not None
            or self.language is not None
        )

    def _check_preset(self) -> None:
        for name in PRESET_PROPERTIES:
            setattr(self, name, identifier(getattr(self, name), name))
        if self.device_type is not None:
            one_of(self.device_type, DEVICE_TYPES, "device_type")

    class EventBuilder(SubjectBuilder):
        """Builds a :class:`CustomEventMessage`."""

        def set_event_name(self, name: str) -> CustomEventMessage.EventBuilder:
            """Set the event's identifier."""
            return self._set("event_name", name)

        def set_resource_item(
            self, key: str, item_id: str, attributes: Mapping[str, Any] | None = None
        ) -> CustomEventMessage.EventBuilder:
            """Set the item that the event refers to."""
            return self._set("resource_item", ResourceItem(key, item_id, copied(attributes)))

        def set_preset(self, name: str, value: str) -> CustomEventMessage.EventBuilder:
            """Set one preset property, for example ``app_version``.

            :raises GrowingParamException: if there is no preset property with that name.
            """
            return self._set(one_of(name, PRESET_PROPERTIES, "preset"), value)

        def build(self) -> CustomEventMessage:
            """Return a new message with the fields set so far."""
            return CustomEventMessage(**self._built())


class UserLoginMessage(Message, tag_field="eventType", tag="LOGIN_USER_ATTRIBUTES", rename=_KEYS):
    """A user's attributes (登录用户属性事件). The parameters are those of a custom event."""

    kind: ClassVar[Kind] = Kind.EVENT
    event_type: ClassVar[str] = "LOGIN_USER_ATTRIBUTES"

    login_user_key: str | None = None
    login_user_id: str | None = None
    event_time: EventTime | None = None
    anonymous_id: str | None = None
    attributes: Mapping[str, Any] | None = None
    send_time: EventTime | None = None
    product_id: str | None = None
    data_source_id: str | None = None
    sdk_version: str | None = None
    platform: str | None = None

    def check(self, now_ms: int) -> LeftOut:
        """See :meth:`Message.check`."""
        return check_event(self, now_ms)

    class UserBuilder(SubjectBuilder):
        """Builds a :class:`UserLoginMessage`."""

        def build(self) -> UserLoginMessage:
            """Return a new message with the fields set so far."""
            return UserLoginMessage(**self._built())


def _checked_item(item: object) -> tuple[ResourceItem, LeftOut]:
    if not is_a(item, ResourceItem):
        raise must_be(_ITEM, type(item).__name__, "item", code=WRONG_TYPE)
    return item.checked()

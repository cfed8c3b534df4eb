"""The kinds of message and their builders.

The fields of each kind stand in the order that 1.0.5's constructors have, and ``None`` always
means: not sent. Messages are the caller's, mutable and unchecked, until a tracker checks them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final, Literal, Protocol, TypedDict

from msgspec import Struct

from growingio_tracker.arguments import event_time_ms, identifier, one_of, required, text_name
from growingio_tracker.builders import MessageBuilder, SubjectBuilder, copied
from growingio_tracker.checks import LeftOut, check_event, sendable
from growingio_tracker.exceptions import GrowingParamException
from growingio_tracker.values import (
    Attributes,
    EventTime,
    is_a,
    pairs,
)
from growingio_tracker.wire import EVENT, ITEM, LIST_SEPARATOR, MAPPING, Kind

CONNECTOR: Final = LIST_SEPARATOR
"""The name that 1.0.5 has for the separator of list values."""


class PresetProperties(TypedDict, total=False):
    """The preset properties that a server may set on a custom event, all text."""

    domain: str
    url_scheme: str
    device_brand: str
    device_model: str
    device_type: Literal["PHONE", "PAD"]
    app_version: str
    app_name: str
    language: str


PRESET_PROPERTIES: Final = tuple(PresetProperties.__annotations__)
DEVICE_TYPES: Final = ("PHONE", "PAD")


class _Owned(Protocol):
    product_id: str | None
    data_source_id: str | None


class Message(Struct, omit_defaults=True):
    """What all kinds share."""

    kind: ClassVar[Kind]
    attributes_name: ClassVar[str] = "attributes"
    attributes_argument: ClassVar[str] = "attributes"
    """The name that the tracker's call has for them."""

    def set_product_id(self: _Owned, product_id: str | None) -> None:
        """Set the project id; the tracker sets its own on every message it sends."""
        self.product_id = product_id

    def set_data_source_id(self: _Owned, data_source_id: str | None) -> None:
        """Set the data source id; the tracker sets its own on every message it sends."""
        self.data_source_id = data_source_id

    def check(self, now_ms: int) -> LeftOut:
        """Bring every field to its one form, in place; return what had to be left out.

        ``now_ms`` becomes the time of an event that has none.

        :raises GrowingParamException: when the message cannot be sent.
        """
        raise NotImplementedError


class ResourceItem(Struct, omit_defaults=True):
    """An item of a dimension table that a custom event is about.

    :param key: the item's model key.
    :param id: the item's id.
    :param attributes: the item's attributes; ``None`` for none.
    """

    key: str
    id: str
    attributes: Mapping[str, Any] | None = None

    def checked(self) -> tuple[ResourceItem, LeftOut]:
        """Return a sendable copy, and what had to be left out of it."""
        key, item_id = required(self.key, "item.key"), required(self.id, "item.id")
        attributes, left_out = sendable(self.attributes, "item.attributes")
        return ResourceItem(key, item_id, attributes), left_out


class CustomEventMessage(Message, tag_field="eventType", tag="CUSTOM", rename=EVENT.json_names):
    """A custom event (埋点事件).

    :param event_time: Unix milliseconds or a datetime; ``None`` is the time of the call.
    :param event_name: the event's identifier.
    :param login_user_key: the kind of the user id; needs ``login_user_id``.
    :param login_user_id: the user.
    :param anonymous_id: the visitor. This or ``login_user_id`` must be given.
    :param attributes: the event's variables.
    :param send_time: what is sent as ``sendTime``; builders set it together with the event time.
    :param resource_item: the item that the event is about.

    The last eight are the preset properties, all text; ``device_type`` is ``PHONE`` or ``PAD``.
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
            """Set the item that the event is about."""
            return self._set("resource_item", ResourceItem(key, item_id, copied(attributes)))

        def set_preset(self, name: str, value: str) -> CustomEventMessage.EventBuilder:
            """Set one preset property, for instance ``app_version``.

            :raises GrowingParamException: when there is no preset property of that name.
            """
            return self._set(one_of(name, PRESET_PROPERTIES, "preset"), value)

        def build(self) -> CustomEventMessage:
            """Return a new message with what was set so far."""
            return CustomEventMessage(**self._built())


class UserLoginMessage(
    Message, tag_field="eventType", tag="LOGIN_USER_ATTRIBUTES", rename=EVENT.json_names
):
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
            """Return a new message with what was set so far."""
            return UserLoginMessage(**self._built())


class ItemMessage(Message, rename=ITEM.json_names):
    """A row of a dimension table (维度表).

    :param item_key: the table's key.
    :param item_id: the row's id.
    :param attrs: the row's attributes; ``None`` for none.
    """

    kind: ClassVar[Kind] = Kind.ITEM
    attributes_name: ClassVar[str] = "attrs"
    attributes_argument: ClassVar[str] = "item_attrs"

    item_key: str | None = None
    item_id: str | None = None
    attrs: Mapping[str, Any] | None = None
    product_id: str | None = None
    data_source_id: str | None = None

    @property
    def key(self) -> str | None:
        """The name that 1.0.5 has for ``item_key``."""
        return self.item_key

    @key.setter
    def key(self, item_key: str | None) -> None:
        self.item_key = item_key

    @property
    def id(self) -> str | None:
        """The name that 1.0.5 has for ``item_id``."""
        return self.item_id

    @id.setter  # noqa: A003 - 1.0.5's name
    def id(self, item_id: str | None) -> None:
        self.item_id = item_id

    def check(self, now_ms: int) -> LeftOut:
        """See :meth:`Message.check`."""
        self.item_key = required(self.item_key, "item_key")
        self.item_id = required(self.item_id, "item_id")
        self.attrs, left_out = sendable(self.attrs, self.attributes_argument)
        return left_out

    class ItemBuilder(MessageBuilder):
        """Builds an :class:`ItemMessage`."""

        def set_item_key(self, item_key: str) -> ItemMessage.ItemBuilder:
            """Set the table's key."""
            return self._set("item_key", item_key)

        def set_item_id(self, item_id: str) -> ItemMessage.ItemBuilder:
            """Set the row's id."""
            return self._set("item_id", item_id)

        def set_attributes(self, map: Attributes | None) -> ItemMessage.ItemBuilder:  # noqa: A002
            """Replace all attributes by those of ``map``, as 1.0.5 does; ``None`` removes them.

            :raises GrowingParamException: when it is not a mapping.
            """
            self._attributes = None if map is None else {}
            return super().set_attributes(map)

        def build(self) -> ItemMessage:
            """Return a new message with what was set so far."""
            fields = self._built()
            return ItemMessage(attrs=fields.pop("attributes"), **fields)


class UserMappingMessage(Message, rename=MAPPING.json_names):
    """The ids of one person under several keys (用户融合).

    :param identities: user key → user id, for instance ``{"phone": "…", "email": "…"}``.
    :param send_time: Unix milliseconds or a datetime; ``None`` sends no time.
    """

    kind: ClassVar[Kind] = Kind.MAPPING
    attributes_name: ClassVar[str] = ""

    identities: Mapping[str, Any] | None = None
    send_time: EventTime | None = None
    product_id: str | None = None
    data_source_id: str | None = None

    def check(self, now_ms: int) -> LeftOut:
        """See :meth:`Message.check`."""
        self.identities = {
            text_name(key, "identities' key"): required(value, f"identities[{key!r}]")
            for key, value in pairs(self.identities, "identities")
        }
        if not self.identities:
            raise GrowingParamException("identities must hold at least one user key and id")
        if self.send_time is not None:
            self.send_time = event_time_ms(self.send_time)
        return ()


def _checked_item(item: object) -> tuple[ResourceItem, LeftOut]:
    if not is_a(item, ResourceItem):
        raise GrowingParamException(f"item must be a ResourceItem, got {type(item).__name__}")
    return item.checked()

"""Messages, as a program passes them: their base class and builder, items and user mappings.

Fields are in the order of the constructors of 1.0.5; ``None`` is not sent. Messages are mutable and
belong to the caller. The tracker checks them as a whole, so that all mistakes are reported in one
place; builders check nothing.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, ClassVar, Final, Protocol, TypeVar

from msgspec import Struct

from growingio_tracker.model.arguments import (
    MISSING,
    NON_EMPTY,
    WRONG_TYPE,
    event_time_ms,
    required,
    text_name,
)
from growingio_tracker.model.losses import LeftOut
from growingio_tracker.model.values import Attributes, EventTime, pairs, sendable
from growingio_wire.errors import invalid, must_be
from growingio_wire.table import ITEM, LIST_SEPARATOR, MAPPING, Kind

_V = TypeVar("_V")
_B = TypeVar("_B", bound="MessageBuilder")


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
        """Add one attribute. The value is copied, so later changes to it have no effect.

        :raises GrowingParamException: if the key is invalid.
        """
        if self._attributes is None:
            self._attributes = {}
        try:
            self._attributes[key] = copied(value)
        except TypeError:
            raise must_be(NON_EMPTY, type(key).__name__, "key", code=WRONG_TYPE) from None
        return self

    def set_attributes(self: _B, map: Attributes | None) -> _B:  # noqa: A002 - 1.0.5's name
        """Add all attributes of ``map``; ``None`` adds nothing.

        :raises GrowingParamException: if it is not a mapping.
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
    """Return a copy of the caller's container, or ``value`` itself if it cannot be copied."""
    try:
        return copy.copy(value)
    except Exception:  # a generator, a lock: the check of the message says that it cannot be sent
        return value


CONNECTOR: Final = LIST_SEPARATOR
"""1.0.5's name for the separator of list values."""


class _Owned(Protocol):
    product_id: str | None
    data_source_id: str | None


class Message(Struct, omit_defaults=True):
    """Base class of all kinds of messages."""

    kind: ClassVar[Kind]
    attributes_name: ClassVar[str] = "attributes"
    attributes_argument: ClassVar[str] = "attributes"
    """Name of the attributes' argument in the tracker's call."""

    def set_product_id(self: _Owned, product_id: str | None) -> None:
        """Set the project id. The tracker that sends the message sets its own."""
        self.product_id = product_id

    def set_data_source_id(self: _Owned, data_source_id: str | None) -> None:
        """Set the data source id. The tracker that sends the message sets its own."""
        self.data_source_id = data_source_id

    def check(self, now_ms: int) -> LeftOut:
        """Normalize every field in place, and return the attributes that had to be left out.

        ``now_ms`` is the time of an event that has none.

        :raises GrowingParamException: if the message cannot be sent.
        """
        raise NotImplementedError


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
        """1.0.5's name for ``item_key``."""
        return self.item_key

    @key.setter
    def key(self, item_key: str | None) -> None:
        self.item_key = item_key

    @property
    def id(self) -> str | None:
        """1.0.5's name for ``item_id``."""
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
            """Replace all attributes with those of ``map``, as in 1.0.5; ``None`` removes them.

            :raises GrowingParamException: if it is not a mapping.
            """
            self._attributes = None if map is None else {}
            return super().set_attributes(map)

        def build(self) -> ItemMessage:
            """Return a new message with the fields set so far."""
            fields = self._built()
            return ItemMessage(attrs=fields.pop("attributes"), **fields)


class UserMappingMessage(Message, rename=MAPPING.json_names):
    """Ids of several kinds that belong to one person (用户融合).

    :param identities: user key → user id, for example ``{"phone": "…", "email": "…"}``.
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
            raise invalid(
                "identities must hold at least one user key and id",
                "identities 必须至少包含一组用户 key 和 ID",
                "identities",
                code=MISSING,
            )
        if self.send_time is not None:
            self.send_time = event_time_ms(self.send_time)
        return ()

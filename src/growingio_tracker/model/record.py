"""Records: encoding of checked messages, and decoding of plain events.

The JSON keys of a record are in the order of the message's fields. A plain event is encoded without
a message, in the order given here, which is the same.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, Final

import msgspec

from growingio_tracker.core import EVENT_ARGUMENTS, NOT_PLAIN, PlainEvents
from growingio_tracker.model import ItemMessage, Message, UserMappingMessage
from growingio_tracker.model.arguments import valid_text
from growingio_tracker.model.events import CustomEventMessage, ResourceItem, UserLoginMessage
from growingio_tracker.model.losses import LeftOut, unsendable
from growingio_tracker.model.subject import PLATFORM
from growingio_wire import VERSION
from growingio_wire.clock import MICROSECONDS_FROM, MILLISECONDS_FROM
from growingio_wire.clock import now_ms as _now_ms
from growingio_wire.errors import GrowingParamException, invalid
from growingio_wire.table import EVENT, Kind, camel

encode: Final = msgspec.json.Encoder().encode
"""Return the record of a checked message."""

_EVENT_TAG: Final = ("eventType", "CUSTOM")

_TYPES: Final[Mapping[Kind, Any]] = {
    Kind.EVENT: CustomEventMessage | UserLoginMessage,
    Kind.ITEM: ItemMessage,
    Kind.MAPPING: UserMappingMessage,
}


@cache
def _decoder(kind: Kind) -> Callable[[bytes], Message]:
    """Return a decoder for records of a kind, created at the first use: few programs need one."""
    return msgspec.json.Decoder(_TYPES[kind]).decode


def decode(kind: Kind, record: bytes) -> Message:
    """Return the message of ``record``."""
    return _decoder(kind)(record)


def plain_events(product_id: str, data_source_id: str, max_bytes: int) -> PlainEvents:
    """Return an encoder of plain events, which can be sent unchanged, as nearly all can.

    It neither changes nor rejects anything: events that are not plain, or longer than
    ``max_bytes``, are left to the slower path, which creates and checks a message.
    """
    names = EVENT.json_names
    constants = {
        "product_id": product_id,
        "data_source_id": data_source_id,
        "sdk_version": VERSION,
        "platform": PLATFORM,
    }
    return PlainEvents(
        _EVENT_TAG,
        tuple(names[name] for name in EVENT_ARGUMENTS),
        tuple((names[name], value) for name, value in constants.items()),
        max_bytes,
    )


_SEND_TIME: Final = camel("send_time").encode()
_PLAIN_VALUES: Final = 7
"""Values of a plain event: five of its own, and the project and data source of all."""


class PlainRecords:
    """Makes records of plain events from their values by name, as rows of imports have them."""

    def __init__(self, product_id: str, data_source_id: str, max_bytes: int) -> None:
        self._encode = plain_events(product_id, data_source_id, max_bytes).encode
        # What all records have follows the attributes and the time of sending.
        shortest = self._encode("e", None, "u", None, None, 1)
        self._tail = b"" if shortest is NOT_PLAIN else shortest.partition(b'"u"')[2]
        self._behind = -len(self._tail)

    def record(
        self, values: Mapping[str, Any], attributes: dict[str, Any] | None, now: int
    ) -> bytes | None:
        """Return the record of an event; ``None`` if a message has to be created and checked.

        :param values: fields of the event, including those that all events of the import have.
        """
        get = values.get
        name, key, user = get("event_name"), get("login_user_key"), get("login_user_id")
        visitor, time = get("anonymous_id"), get("event_time")
        missing = (name, key, user, visitor, time).count(None)
        if len(values) + missing > _PLAIN_VALUES:  # it has preset properties
            return None
        if time is None:
            found = self._encode(name, key, user, visitor, attributes, now)
            return None if found is NOT_PLAIN else found
        if type(time) is not int or not MILLISECONDS_FROM <= time < MICROSECONDS_FROM:
            return None
        found = self._encode(name, key, user, visitor, attributes, time)
        if found is NOT_PLAIN or not self._tail:
            return None
        return b'%b,"%b":%d%b' % (found[: self._behind], _SEND_TIME, time, self._tail)


def to_record(message: Message, now_ms: int) -> tuple[bytes, LeftOut]:
    """Check ``message`` in place; return its record, and the attributes that were left out.

    ``now_ms`` is the time of an event that has none.

    :raises GrowingParamException: if the message cannot be sent.
    """
    left_out = message.check(now_ms)
    try:
        return encode(message), left_out
    except (TypeError, ValueError):
        # Text that is not valid Unicode, an int with thousands of digits, a dict that another
        # thread has changed since the check: too rare to look for on every call.
        return _encode_without_culprits(message, left_out, now_ms)


def _encode_without_culprits(
    message: Message, left_out: LeftOut, now_ms: int
) -> tuple[bytes, LeftOut]:
    for name in message.__struct_fields__:
        value = getattr(message, name)
        if isinstance(value, str):
            valid_text(value, name)
    _look_closely(message, message.attributes_name)
    if isinstance(message, CustomEventMessage) and message.resource_item is not None:
        _look_closely(message.resource_item, "attributes")
    losses = message.check(now_ms)
    try:
        return encode(message), (*left_out, *losses)
    except (TypeError, ValueError) as error:
        raise invalid(
            f"message: it cannot be encoded: {error}",
            f"message 无法编码：{error}",
            "message",
            code="unencodable",
        ) from error


def _look_closely(holder: Message | ResourceItem, name: str) -> None:
    """Force the next check to look at every attribute, since only an exact dict is trusted."""
    attributes = getattr(holder, name, None)
    if attributes is not None:
        setattr(holder, name, MappingProxyType(dict(attributes)))


def record_of(message: Message) -> bytes:
    """Return the record of a message, checked or not, without changing the message.

    :raises GrowingParamException: if it, or one of its attributes, cannot be sent.
    """
    record, left_out = to_record(copy.copy(message), _now_ms())
    if left_out:
        raise GrowingParamException(unsendable(left_out), left_out[0].path, code="unsendable")
    return record

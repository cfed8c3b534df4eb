"""From a checked message to its record, and back."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from growingio_tracker._clock import now_ms as _now_ms
from growingio_tracker.arguments import valid_text
from growingio_tracker.checks import LeftOut
from growingio_tracker.exceptions import GrowingParamException
from growingio_tracker.message import (
    CustomEventMessage,
    ItemMessage,
    Message,
    ResourceItem,
    UserLoginMessage,
    UserMappingMessage,
)
from growingio_tracker.wire import Kind

encode: Final = msgspec.json.Encoder().encode
"""Return the record of a checked message."""

_DECODE: Final[Mapping[Kind, Callable[[bytes], Message]]] = {
    Kind.EVENT: msgspec.json.Decoder(CustomEventMessage | UserLoginMessage).decode,
    Kind.ITEM: msgspec.json.Decoder(ItemMessage).decode,
    Kind.MAPPING: msgspec.json.Decoder(UserMappingMessage).decode,
}


def decode(kind: Kind, record: bytes) -> Message:
    """Return the message that ``record`` was made from."""
    return _DECODE[kind](record)


def to_record(message: Message, now_ms: int) -> tuple[bytes, LeftOut]:
    """Check ``message`` in place and return its record, and the attributes that were left out.

    ``now_ms`` becomes the time of an event that has none.

    :raises GrowingParamException: when the message cannot be sent.
    """
    left_out = message.check(now_ms)
    try:
        return encode(message), left_out
    except (TypeError, ValueError):
        # Text that is not valid Unicode, an int with thousands of digits, a dict that another
        # thread has changed since the check: all too rare to look for on every call.
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
        raise GrowingParamException(f"message: it cannot be encoded: {error}") from error


def _look_closely(holder: Message | ResourceItem, name: str) -> None:
    """Make the next check look at every attribute: only a real dict is passed as it stands."""
    attributes = getattr(holder, name, None)
    if attributes is not None:
        setattr(holder, name, MappingProxyType(dict(attributes)))


def record_of(message: Message) -> bytes:
    """Return the record of a message that may not have been checked; it is not changed.

    :raises GrowingParamException: when it, or one of its attributes, cannot be sent.
    """
    record, left_out = to_record(copy.copy(message), _now_ms())
    if left_out:
        raise GrowingParamException("; ".join(map(str, left_out)))
    return record

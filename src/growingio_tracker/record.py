"""From a checked message to its record, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from growingio_tracker.arguments import valid_text
from growingio_tracker.message import (
    CustomEventMessage,
    ItemMessage,
    LeftOut,
    Message,
    UserLoginMessage,
    UserMappingMessage,
)
from growingio_tracker.values import normalise
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
    except ValueError:
        # Text that is not valid Unicode, or an int with thousands of digits: both too rare to
        # look for on every call.
        return _encode_without_culprits(message, left_out)


def _encode_without_culprits(message: Message, left_out: LeftOut) -> tuple[bytes, LeftOut]:
    for name in message.__struct_fields__:
        value = getattr(message, name)
        if isinstance(value, str):
            valid_text(value, name)
    attributes = getattr(message, message.attributes_name)
    sendable, losses = normalise(attributes or {}, message.attributes_name)
    setattr(message, message.attributes_name, sendable)
    return encode(message), (*left_out, *losses)

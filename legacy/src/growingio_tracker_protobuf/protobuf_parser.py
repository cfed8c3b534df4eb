"""Protobuf bodies, without the protobuf package."""

from growingio_tracker._compat import text_type
from growingio_tracker.data_parser import DataParser
from growingio_tracker.values import as_text
from growingio_tracker.version import VERSION
from growingio_tracker.wire import EVENT_TYPE, EVENT_TYPES, INTEGER, TEXT_MAP, present

__all__ = ["VERSION", "DataParser", "ProtobufParser"]

_VARINT, _DELIMITED = 0, 2


class ProtobufParser(DataParser):
    """Sends protobuf; every attribute value is sent as its text."""

    def get_bytes(self, messages, stm=None):
        """Return the list message of ``messages``, all of one kind."""
        return b"".join(
            _delimited(message.kind.list_number, _message(message)) for message in messages
        )

    def get_headers(self):
        """Return the content type."""
        return {"content-type": "application/protobuf"}


def _message(message):
    return b"".join(_field(number, how, value) for value, _, number, how in present(message))


def _field(number, how, value):
    if how == INTEGER:
        return _varint(number << 3 | _VARINT) + _varint(value)
    if how == EVENT_TYPE:
        return _field(number, INTEGER, EVENT_TYPES[value])
    if how == TEXT_MAP:
        return b"".join(_delimited(number, _entry(key, value[key])) for key in value)
    return _delimited(number, text_type(value).encode("utf-8"))


def _entry(key, value):
    return _delimited(1, key.encode("utf-8")) + _delimited(2, as_text(value).encode("utf-8"))


def _delimited(number, content):
    return _varint(number << 3 | _DELIMITED) + _varint(len(content)) + content


def _varint(number):
    number &= 0xFFFFFFFFFFFFFFFF
    encoded = bytearray()
    while number >= 0x80:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)

"""Protobuf bodies, without the protobuf package."""

from growingio_tracker._compat import integers
from growingio_tracker.data_parser import DataParser
from growingio_tracker.message import present
from growingio_tracker.values import as_text

_EVENT_TYPES = {"CUSTOM": 1, "LOGIN_USER_ATTRIBUTES": 3}
_VARINT, _DELIMITED = 0, 2


class ProtobufParser(DataParser):
    """Sends protobuf; every attribute value is sent as its text."""

    def get_bytes(self, messages, stm=None):
        return b"".join(
            _delimited(message.kind.list_number, _content(message)) for message in messages)

    def get_headers(self):
        return {"content-type": "application/protobuf"}


def _content(message):
    return b"".join(_field(number, _EVENT_TYPES[value] if key == "eventType" else value)
                    for value, key, number in present(message))


def _field(number, value):
    if isinstance(value, dict):
        return b"".join(_delimited(number, _field(1, key) + _field(2, as_text(value[key])))
                        for key in value)
    if isinstance(value, integers):
        return _varint(number << 3 | _VARINT) + _varint(value)
    return _delimited(number, value.encode("utf-8"))


def _delimited(number, content):
    return _varint(number << 3 | _DELIMITED) + _varint(len(content)) + content


def _varint(number):
    encoded = bytearray()
    while number >= 0x80:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)

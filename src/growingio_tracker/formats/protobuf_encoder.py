"""Records to protobuf, driven by the field table, without the protobuf package.

A record's keys decide what is written, so a message costs what it holds and not what the
schema could hold. Fields may stand in any order on the wire.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import msgspec

from growingio_tracker.values import text
from growingio_tracker.wire import EVENT_TYPES, RESOURCE_ITEM, SCHEMAS, Field, Kind, Schema, Type

_Write: TypeAlias = Callable[[Any], bytes]

_VARINT: Final = 0
_LENGTH_DELIMITED: Final = 2
_SMALL: Final = tuple(bytes((number,)) for number in range(0x80))

_decode_json: Final = msgspec.json.Decoder().decode

_MOST_REMEMBERED: Final = 256
_LONGEST_REMEMBERED: Final = 64


def varint(number: int) -> bytes:
    """Return ``number`` as a base-128 varint; a negative one as its 64-bit two's complement."""
    if 0 <= number < 0x80:
        return _SMALL[number]
    number &= 0xFFFF_FFFF_FFFF_FFFF
    encoded = bytearray()
    while number >= 0x80:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def _tag(number: int, wire_type: int) -> bytes:
    return varint(number << 3 | wire_type)


def _delimited(tag: bytes, content: bytes) -> bytes:
    return tag + varint(len(content)) + content


def _string(number: int) -> _Write:
    tag = _tag(number, _LENGTH_DELIMITED)

    def write(value: str) -> bytes:
        content = value.encode()
        size = len(content)  # nearly always small, and then this spares a call
        return tag + (_SMALL[size] if size < 0x80 else varint(size)) + content

    return write


class _Remembered(dict[str, bytes]):
    """Remembers what was written for short texts, because most come again in the next record.

    It begins anew when it is full, so that it keeps up with texts that change, and stays small.
    """

    def __init__(self, write: _Write) -> None:
        super().__init__()
        self._write = write

    def __missing__(self, value: str) -> bytes:
        written = self._write(value)
        if len(value) <= _LONGEST_REMEMBERED:
            if len(self) >= _MOST_REMEMBERED:
                self.clear()
            self[value] = written
        return written


def _repeated_string(number: int) -> _Write:
    return _Remembered(_string(number)).__getitem__


def _integer(number: int) -> _Write:
    tag = _tag(number, _VARINT)
    return lambda value: tag + varint(value)


def _event_type(number: int) -> _Write:
    tag = _tag(number, _VARINT)
    written = {name: tag + varint(code) for name, code in EVENT_TYPES.items()}
    return written.__getitem__


def _string_map(number: int) -> _Write:
    tag, write_key, write_value = _tag(number, _LENGTH_DELIMITED), _repeated_string(1), _string(2)

    def write(value: Mapping[str, Any]) -> bytes:
        entries: list[bytes] = []
        for key, entry in value.items():
            content = write_key(key) + write_value(entry if type(entry) is str else text(entry))
            size = len(content)
            entries.append(tag + (_SMALL[size] if size < 0x80 else varint(size)) + content)
        return b"".join(entries)

    return write


def _resource_item(number: int) -> _Write:
    tag, write_fields = _tag(number, _LENGTH_DELIMITED), _writers(RESOURCE_ITEM)
    return lambda value: _delimited(tag, _fields(value, write_fields))


_WRITERS: Final[Mapping[Type, Callable[[int], _Write]]] = {
    Type.STRING: _string,
    Type.INT32: _integer,
    Type.INT64: _integer,
    Type.EVENT_TYPE: _event_type,
    Type.STRING_MAP: _string_map,
    Type.RESOURCE_ITEM: _resource_item,
}


# What is the same in most records of a program, unlike who they are about.
_REPEATED: Final = frozenset(
    {
        *("data_source_id", "event_name", "key", "language", "platform", "project_key"),
        *("sdk_version", "user_key", "domain", "app_name", "app_version", "device_type"),
    }
)


def _writers(fields: Iterable[Field]) -> dict[str, _Write]:
    # Only a client with a screen has coordinates; no message of ours holds a double.
    return {
        field.json: (_repeated_string if field.name in _REPEATED else _WRITERS[field.type])(
            field.number
        )
        for field in fields
        if field.type is not Type.DOUBLE
    }


def _fields(values: Mapping[str, Any], writers: Mapping[str, _Write]) -> bytes:
    return b"".join([writers[key](value) for key, value in values.items()])


class _ListEncoder:
    """Encodes a batch of one kind as the list message that the wire has for it."""

    def __init__(self, schema: Schema) -> None:
        self._tag = _tag(schema.list_number, _LENGTH_DELIMITED)
        self._writers = _writers(schema.fields)

    def encode(self, records: Sequence[bytes]) -> bytes:
        return b"".join(
            [_delimited(self._tag, _fields(_decode_json(r), self._writers)) for r in records]
        )


_ENCODERS: Final = {kind: _ListEncoder(schema) for kind, schema in SCHEMAS.items()}


def encode_list(kind: Kind, records: Sequence[bytes]) -> bytes:
    """Return the protobuf list message of ``records``, all of ``kind``."""
    return _ENCODERS[kind].encode(records)

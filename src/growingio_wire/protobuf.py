"""Encoder and decoder of protobuf bodies by the field table, without the protobuf package.

Encoding visits only the keys of a record, so its cost depends on the message and not on the schema.
Fields may be in any order on the wire. Decoding skips fields that are not in the table, so nesting
cannot be deeper than that of the table.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias, cast

import msgspec

from growingio_wire.errors import DecodeError
from growingio_wire.protobuf_fields import (
    FIXED64,
    LENGTH,
    SMALL,
    VARINT,
    Budget,
    delimited,
    fields,
    tag,
    varint,
)
from growingio_wire.table import (
    EVENT_TYPES,
    RESOURCE_ITEM,
    SCHEMAS,
    Field,
    Kind,
    Schema,
    Type,
    text,
)

_Write: TypeAlias = Callable[[Any], bytes]

_decode_json: Final = msgspec.json.Decoder().decode

_MOST_REMEMBERED: Final = 256
_LONGEST_REMEMBERED: Final = 64


def _string(number: int) -> _Write:
    before = tag(number, LENGTH)

    def write(value: str) -> bytes:
        content = value.encode()
        size = len(content)  # nearly always small, which saves a call
        return before + (SMALL[size] if size < 0x80 else varint(size)) + content

    return write


class _Remembered(dict[str, bytes]):
    """Cache of encoded short texts, because most are repeated in the next record.

    It is cleared when full, which keeps it small and up to date.
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
    before = tag(number, VARINT)
    return lambda value: before + varint(value)


def _event_type(number: int) -> _Write:
    before = tag(number, VARINT)
    written = {name: before + varint(code) for name, code in EVENT_TYPES.items()}
    return written.__getitem__


def _string_map(number: int) -> _Write:
    before, write_key, write_value = tag(number, LENGTH), _repeated_string(1), _string(2)

    def write(value: Mapping[str, Any]) -> bytes:
        entries: list[bytes] = []
        for key, entry in value.items():
            content = write_key(key) + write_value(entry if type(entry) is str else text(entry))
            size = len(content)
            entries.append(before + (SMALL[size] if size < 0x80 else varint(size)) + content)
        return b"".join(entries)

    return write


def _resource_item(number: int) -> _Write:
    before, write_fields = tag(number, LENGTH), _writers(RESOURCE_ITEM)
    return lambda value: delimited(before, _written(value, write_fields))


_WRITERS: Final[Mapping[Type, Callable[[int], _Write]]] = {
    "string": _string,
    "int32": _integer,
    "int64": _integer,
    "event type": _event_type,
    "map<string, string>": _string_map,
    "ResourceItem": _resource_item,
}


# Fields with few different values in a program, unlike those about users.
_REPEATED: Final = frozenset(
    {
        *("data_source_id", "event_name", "key", "language", "platform", "project_key"),
        *("sdk_version", "user_key", "domain", "app_name", "app_version", "device_type"),
    }
)


def _writers(table: Iterable[Field]) -> dict[str, _Write]:
    # Only clients with a screen send coordinates; server-side messages have no doubles.
    return {
        field.json: (_repeated_string if field.name in _REPEATED else _WRITERS[field.type])(
            field.number
        )
        for field in table
        if field.type != "double"
    }


def _written(values: Mapping[str, Any], writers: Mapping[str, _Write]) -> bytes:
    return b"".join([writers[key](value) for key, value in values.items()])


class _ListWriter:
    """Encodes a batch of one kind as its list message."""

    def __init__(self, schema: Schema) -> None:
        self._tag = tag(schema.list_number, LENGTH)
        self._writers = _writers(schema.fields)

    def message(self, record: bytes) -> bytes:
        return _written(_decode_json(record), self._writers)

    def write(self, records: Sequence[bytes]) -> bytes:
        return b"".join([delimited(self._tag, message) for message in map(self.message, records)])


_LISTS: Final = {kind: _ListWriter(schema) for kind, schema in SCHEMAS.items()}


def encode_message(kind: Kind, record: bytes) -> bytes:
    """Return the protobuf message of one record of ``kind``."""
    return _LISTS[kind].message(record)


def encode_list(kind: Kind, records: Sequence[bytes]) -> bytes:
    """Return the protobuf list message of ``records``, all of ``kind``."""
    return _LISTS[kind].write(records)


_Read: TypeAlias = Callable[[Any, object, Budget], object]
"""Takes the raw value, the previous value of the field, and the body's budget."""


class _Reading(NamedTuple):
    """How one field is read: its JSON name, its wire type and its reader."""

    json: str
    wire: int
    read: _Read


_Readings: TypeAlias = Mapping[int, _Reading]

TYPE_NAMES: Final[Mapping[int, str]] = {number: name for name, number in EVENT_TYPES.items()}
"""Number → event type; protobuf omits number 0."""


def _read_text(value: bytes, _held: object, _budget: Budget) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise DecodeError("not_protobuf", detail="text_not_utf8") from None


def _signed(value: int, bits: int) -> int:
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def _read_int32(value: int, _held: object, _budget: Budget) -> int:
    return _signed(value, 32)


def _read_int64(value: int, _held: object, _budget: Budget) -> int:
    return _signed(value, 64)


def _read_double(value: bytes, _held: object, _budget: Budget) -> float | str:
    number: float = struct.unpack("<d", value)[0]
    # JSON cannot represent it as a number; as a string, it stays visible.
    return number if math.isfinite(number) else str(number)


def _read_event_type(value: int, _held: object, _budget: Budget) -> str | int:
    number = _signed(value, 32)
    return TYPE_NAMES.get(number, number)


def _read_string_map(value: bytes, held: object, budget: Budget) -> dict[str, object]:
    entry = _read(_ENTRY, value, budget, {"key": "", "value": ""})
    entries = cast("dict[str, object]", held or {})
    entries[str(entry["key"])] = entry["value"]
    return entries


def _read_resource_item(value: bytes, held: object, budget: Budget) -> dict[str, object]:
    return _read(_RESOURCE_ITEM, value, budget, cast("dict[str, object]", held or {}))


_READERS: Final[Mapping[Type, tuple[int, _Read]]] = {
    "string": (LENGTH, _read_text),
    "int32": (VARINT, _read_int32),
    "int64": (VARINT, _read_int64),
    "double": (FIXED64, _read_double),
    "event type": (VARINT, _read_event_type),
    "map<string, string>": (LENGTH, _read_string_map),
    "ResourceItem": (LENGTH, _read_resource_item),
}


def _readings(table: tuple[Field, ...]) -> _Readings:
    return {field.number: _Reading(field.json, *_READERS[field.type]) for field in table}


_ENTRY: Final = _readings((Field(1, "key"), Field(2, "value")))
_RESOURCE_ITEM: Final = _readings(RESOURCE_ITEM)
_MESSAGES: Final = {kind: _readings(schema.fields) for kind, schema in SCHEMAS.items()}


def _read(
    readings: _Readings, data: bytes, budget: Budget, into: dict[str, object]
) -> dict[str, object]:
    for number, wire, value in fields(data, budget):
        reading = readings.get(number)
        # A known number with another wire type is an unknown field, as in the official library.
        if reading is not None and reading.wire == wire:
            into[reading.json] = reading.read(value, into.get(reading.json), budget)
    return into


def split_list(kind: Kind, body: bytes, budget: Budget) -> list[bytes]:
    """Return the messages of a list message, each still encoded.

    :raises DecodeError: if the list cannot be read, or holds no message.
    """
    schema = SCHEMAS[kind]
    wanted: list[bytes] = []
    others: set[int] = set()
    # Not a list of all fields: collecting that much garbage would block every thread.
    for number, wire, value in fields(body, budget):
        if wire == LENGTH and number == schema.list_number:
            wanted.append(cast("bytes", value))
        elif wire == LENGTH:
            others.add(number)
    if not wanted:
        raise _no_messages(schema, sorted(others))
    return wanted


def read_message(kind: Kind, data: bytes, budget: Budget) -> dict[str, object]:
    """Return one message with its JSON names. Values that are not on the wire are absent.

    :raises DecodeError: if it cannot be read.
    """
    return _read(_MESSAGES[kind], data, budget, {})


def _no_messages(schema: Schema, numbers: list[int]) -> DecodeError:
    if not numbers:
        return DecodeError("no_messages")
    kind, wanted = schema.kind.value, schema.list_number
    return DecodeError("wrong_list_field", found=numbers[0], kind=kind, wanted=wanted)

"""A protobuf list of messages, read by the field table of the wire.

Nesting cannot exceed the table's own: fields that it does not name are skipped unread.
"""

import math
import struct
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import msgspec

from growingio_tracker.collector.decode.errors import DecodeError
from growingio_tracker.collector.decode.json_list import too_many
from growingio_tracker.collector.decode.limits import MAX_EVENTS
from growingio_tracker.collector.decode.message import Message
from growingio_tracker.collector.decode.protobuf_fields import (
    FIXED64,
    LENGTH,
    VARINT,
    Budget,
    fields,
)
from growingio_tracker.collector.problems.problem import Problem
from growingio_tracker.collector.rows import as_object
from growingio_tracker.wire import (
    EVENT_TYPES,
    RESOURCE_ITEM,
    SCHEMAS,
    Field,
    Kind,
    Schema,
    Type,
)

_Reader = Callable[[int | bytes, object, Budget], object]
"""Takes the value as it came, what the field held before, and the body's budget."""


class _Plan(NamedTuple):
    """How one field is read: its JSON name, its wire type and its reader."""

    json: str
    wire: int
    read: _Reader


_Plans = Mapping[int, _Plan]

_TYPE_NAMES: Final = {number: name for name, number in EVENT_TYPES.items()}


def _text(value: int | bytes, _held: object, _budget: Budget) -> str:
    try:
        return bytes(value).decode()
    except UnicodeDecodeError:
        raise DecodeError("not_protobuf", detail="a text is not UTF-8") from None


def _signed(value: int, bits: int) -> int:
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def _int32(value: int | bytes, _held: object, _budget: Budget) -> int:
    return _signed(int(value), 32)


def _int64(value: int | bytes, _held: object, _budget: Budget) -> int:
    return _signed(int(value), 64)


def _double(value: int | bytes, _held: object, _budget: Budget) -> float | str:
    number: float = struct.unpack("<d", bytes(value))[0]
    # JSON has no word for it; as text it stays visible.
    return number if math.isfinite(number) else str(number)


def _event_type(value: int | bytes, _held: object, _budget: Budget) -> str | int:
    number = _signed(int(value), 32)
    return _TYPE_NAMES.get(number, number)


def _string_map(value: int | bytes, held: object, budget: Budget) -> dict[str, object]:
    entry = _read(_ENTRY, bytes(value), budget, {"key": "", "value": ""})
    entries = as_object(held) or {}
    entries[str(entry["key"])] = entry["value"]
    return entries


def _resource_item(value: int | bytes, held: object, budget: Budget) -> dict[str, object]:
    return _read(_RESOURCE_ITEM, bytes(value), budget, as_object(held) or {})


_READERS: Final[Mapping[Type, tuple[int, _Reader]]] = {
    Type.STRING: (LENGTH, _text),
    Type.INT32: (VARINT, _int32),
    Type.INT64: (VARINT, _int64),
    Type.DOUBLE: (FIXED64, _double),
    Type.EVENT_TYPE: (VARINT, _event_type),
    Type.STRING_MAP: (LENGTH, _string_map),
    Type.RESOURCE_ITEM: (LENGTH, _resource_item),
}


def _plans(table: tuple[Field, ...]) -> _Plans:
    return {field.number: _Plan(field.json, *_READERS[field.type]) for field in table}


_ENTRY: Final = _plans((Field(1, "key"), Field(2, "value")))
_RESOURCE_ITEM: Final = _plans(RESOURCE_ITEM)
_MESSAGES: Final = {kind: _plans(schema.fields) for kind, schema in SCHEMAS.items()}


def _read(plans: _Plans, data: bytes, budget: Budget, into: dict[str, object]) -> dict[str, object]:
    for number, wire, value in fields(data, budget):
        plan = plans.get(number)
        # A known number with another wire type is an unknown field, as in the official library.
        if plan is not None and plan.wire == wire:
            into[plan.json] = plan.read(value, into.get(plan.json), budget)
    return into


def read_message(kind: Kind, data: bytes, budget: Budget) -> dict[str, object]:
    """Return one message with its JSON names; ``data`` is without the list around it.

    Values that are not on the wire are absent.

    :raises DecodeError: when it cannot be read.
    """
    return _read(_MESSAGES[kind], data, budget, {})


def _message(kind: Kind, data: bytes, budget: Budget) -> Message:
    try:
        message = read_message(kind, data, budget)
    except DecodeError as error:
        return Message(None, (error.problem,))
    problems = _fill_in_type(message) if kind is Kind.EVENT else ()
    return Message(msgspec.json.encode(message), problems)


def _fill_in_type(message: dict[str, object]) -> tuple[Problem, ...]:
    """Name the type that protobuf leaves off the wire because its number is 0."""
    if "eventType" in message:
        return ()
    message["eventType"] = _TYPE_NAMES[0]
    if "eventName" not in message:
        return ()
    return (Problem("name_without_type", "eventType", {"meaning": _TYPE_NAMES[0]}),)


def read_protobuf(kind: Kind, body: bytes) -> list[Message]:
    """Return the messages of ``body``, a list of messages of one kind.

    A message that cannot be read is returned as its problem; its neighbours are not affected.

    :raises DecodeError: when the list itself cannot be read, or holds too many messages or none.
    """
    budget = Budget()
    schema = SCHEMAS[kind]
    found = [field for field in fields(body, budget) if field.wire == LENGTH]
    wanted = [bytes(field.value) for field in found if field.number == schema.list_number]
    if len(wanted) > MAX_EVENTS:
        raise too_many(len(wanted))
    if not wanted:
        raise _no_messages(schema, sorted({field.number for field in found}))
    return [_message(kind, data, budget) for data in wanted]


def _no_messages(schema: Schema, numbers: list[int]) -> DecodeError:
    if not numbers:
        return DecodeError("no_messages")
    return DecodeError(
        "wrong_list_field",
        found=numbers[0],
        kind=schema.kind.value,
        wanted=schema.list_number,
    )

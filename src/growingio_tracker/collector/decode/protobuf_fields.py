"""The protobuf wire format: bytes to numbered fields, within a budget."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from growingio_tracker.collector.decode.errors import DecodeError
from growingio_tracker.collector.decode.limits import MAX_FIELDS

VARINT: Final = 0
FIXED64: Final = 1
LENGTH: Final = 2
FIXED32: Final = 5

_MAX_VARINT_BYTES = 10
_MAX_TAG = 0xFFFF_FFFF
_MAX_UINT64 = 0xFFFF_FFFF_FFFF_FFFF


def _error(detail: str, offset: int) -> DecodeError:
    return DecodeError("not_protobuf", offset=offset, detail=detail)


class Budget:
    """Counts the fields of one body, so that small bodies cannot become large objects."""

    def __init__(self, fields: int = MAX_FIELDS) -> None:
        self._left = fields

    def spend(self) -> None:
        """Take one field.

        :raises DecodeError: when the body has used up its fields.
        """
        self._left -= 1
        if self._left < 0:
            raise DecodeError("too_many_fields", most=MAX_FIELDS)


class WireField(NamedTuple):
    """A field as it came: an int for a varint, bytes for everything else."""

    number: int
    wire: int
    value: int | bytes


def fields(data: bytes, budget: Budget) -> Iterator[WireField]:
    """Yield the fields of one message in their order.

    :raises DecodeError: at the first byte that cannot be right. Groups, which proto3 does not
        have, are not read.
    """
    position = 0
    while position < len(data):
        budget.spend()
        tag, position = _varint(data, position)
        number, wire = tag >> 3, tag & 7
        if number == 0 or tag > _MAX_TAG:
            raise _error(f"field number {number} before byte {position}", position)
        value, position = _value(data, position, wire)
        yield WireField(number, wire, value)


def _value(data: bytes, position: int, wire: int) -> tuple[int | bytes, int]:
    if wire == VARINT:
        return _varint(data, position)
    if wire == LENGTH:
        length, position = _varint(data, position)
    elif wire == FIXED64:
        length = 8
    elif wire == FIXED32:
        length = 4
    else:
        raise _error(f"wire type {wire} before byte {position}", position)
    end = position + length
    if end > len(data):
        raise _error(
            f"{length:,} bytes announced at byte {position}, {len(data) - position:,} left",
            position,
        )
    return data[position:end], end


def _varint(data: bytes, position: int) -> tuple[int, int]:
    # Most tags and lengths are one byte.
    if position < len(data) and (byte := data[position]) < 0x80:
        return byte, position + 1
    result = shift = 0
    for place in range(position, min(len(data), position + _MAX_VARINT_BYTES)):
        byte = data[place]
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result & _MAX_UINT64, place + 1
        shift += 7
    if len(data) - position < _MAX_VARINT_BYTES:
        raise _error("it ends within a number", position)
    raise _error(f"a number longer than {_MAX_VARINT_BYTES} bytes at byte {position}", position)

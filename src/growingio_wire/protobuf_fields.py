"""Wire format of protobuf, both ways: varints, tags and fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from growingio_wire.errors import DecodeError

VARINT: Final = 0
FIXED64: Final = 1
LENGTH: Final = 2
FIXED32: Final = 5

SMALL: Final = tuple(bytes((number,)) for number in range(0x80))
"""The numbers that fit into one byte, as nearly every tag and length does."""

_MAX_VARINT_BYTES: Final = 10
_MAX_TAG: Final = 0xFFFF_FFFF
_MAX_UINT64: Final = 0xFFFF_FFFF_FFFF_FFFF


def varint(number: int) -> bytes:
    """Return ``number`` as a base-128 varint; a negative one as its 64-bit two's complement."""
    if 0 <= number < 0x80:
        return SMALL[number]
    number &= _MAX_UINT64
    encoded = bytearray()
    while number >= 0x80:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def tag(number: int, wire: int) -> bytes:
    """Return the tag before the value of a field."""
    return varint(number << 3 | wire)


def delimited(written_tag: bytes, content: bytes) -> bytes:
    """Return a field that consists of its tag, its length and ``content``."""
    return written_tag + varint(len(content)) + content


class Budget:
    """Limit on the fields of one body, so that a small body cannot become large objects."""

    def __init__(self, fields: int) -> None:
        self._fields = self._left = fields

    def spend(self) -> None:
        """Take one field.

        :raises DecodeError: if the body has used up its fields.
        """
        self._left -= 1
        if self._left < 0:
            raise DecodeError("too_many_fields", most=self._fields)


class WireField(NamedTuple):
    """A raw field: an int for a varint, bytes for everything else."""

    number: int
    wire: int
    value: int | bytes


def fields(data: bytes, budget: Budget) -> Iterator[WireField]:
    """Yield the fields of one message in their order.

    :raises DecodeError: at the first invalid byte. Groups, which proto3 does not have, are
        invalid.
    """
    position = 0
    while position < len(data):
        budget.spend()
        found, position = _read_varint(data, position)
        number, wire = found >> 3, found & 7
        if number == 0 or found > _MAX_TAG:
            raise _error("field_number", position, number=number)
        value, position = _value(data, position, wire)
        yield WireField(number, wire, value)


def _value(data: bytes, position: int, wire: int) -> tuple[int | bytes, int]:
    if wire == VARINT:
        return _read_varint(data, position)
    if wire == LENGTH:
        length, position = _read_varint(data, position)
    elif wire == FIXED64:
        length = 8
    elif wire == FIXED32:
        length = 4
    else:
        raise _error("wire_type", position, wire=wire)
    end = position + length
    if end > len(data):
        left = len(data) - position
        raise _error("announces_too_much", position, announced=length, left=left)
    return data[position:end], end


def _read_varint(data: bytes, position: int) -> tuple[int, int]:
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
        raise _error("ends_in_number", position)
    raise _error("number_too_long", position, most=_MAX_VARINT_BYTES)


def _error(detail: str, offset: int, **values: int) -> DecodeError:
    return DecodeError("not_protobuf", offset, detail=detail, at=offset, **values)

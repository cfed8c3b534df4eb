"""Binary formats: snappy, with or without XOR, and protobuf.

A program that sends plain JSON does not import them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from growingio_tracker.core import ProtobufList
from growingio_tracker.core.inputs import FieldForm, FieldOf
from growingio_tracker.delivery.formats import DataParser, JsonParser, as_bytes
from growingio_tracker.model import Message
from growingio_tracker.model.option_types import FLAG
from growingio_tracker.model.record import record_of
from growingio_wire import snappy, xor
from growingio_wire.protobuf import encode_message
from growingio_wire.table import (
    COMPRESS_HEADER,
    CRYPT_HEADER,
    EVENT_TYPES,
    RESOURCE_ITEM,
    SCHEMAS,
    Field,
    Kind,
    Type,
)


class SnappyParser(JsonParser):
    """Sends snappy-compressed JSON (header ``X-Compress-Codec: 2``).

    :param crypt_data: also XOR every byte with the low byte of the request's ``stm`` (header
        ``X-Crypt-Codec: 1``). This hides the text from a glance; it is not encryption.
    :raises MissingExtraError: if neither cramjam nor python-snappy is installed.
    """

    def __init__(self, crypt_data: bool = False) -> None:
        super().__init__()
        FLAG.check(crypt_data, "crypt_data")
        self._crypt_data = crypt_data
        self._compress = snappy.compressor()

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled; what compresses is looked up where it arrives."""
        return {name: one for name, one in vars(self).items() if name != "_compress"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._compress = snappy.compressor()

    def encode_records(self, kind: Kind, records: Sequence[bytes], stm: int) -> bytes:
        """Return the compressed JSON array of ``records``."""
        return self._pack(super().encode_records(kind, records, stm), stm)

    def get_bytes(self, messages: Sequence[Message], stm: int | None = None) -> str | bytes:
        """Return the compressed JSON array of ``messages``; ``stm`` is the XOR key."""
        return self._pack(as_bytes(super().get_bytes(messages, stm)), stm or 0)

    def get_headers(self) -> dict[str, str]:
        """Return the content type and the codecs."""
        headers = {**super().get_headers(), COMPRESS_HEADER: snappy.CODEC}
        return {**headers, CRYPT_HEADER: xor.CODEC} if self._crypt_data else headers

    def _pack(self, body: bytes, stm: int) -> bytes:
        compressed = self._compress(body)
        return xor.xor(compressed, stm) if self._crypt_data else compressed


_FORMS: Final[Mapping[Type, FieldForm]] = {
    "string": "text",
    "int32": "integer",
    "int64": "integer",
    "event type": "code",
    "map<string, string>": "texts",
    "ResourceItem": "message",
}


def protobuf_fields(table: tuple[Field, ...]) -> tuple[FieldOf, ...]:
    """Return the fields of a table as the core writes them."""
    # Only clients with a screen send coordinates; server-side messages have no doubles.
    return tuple(
        FieldOf(field.json, field.number, _FORMS[field.type], _more(field.type))
        for field in table
        if field.type != "double"
    )


def _more(form: Type) -> Mapping[str, int] | tuple[FieldOf, ...] | None:
    if form == "event type":
        return EVENT_TYPES
    return protobuf_fields(RESOURCE_ITEM) if form == "ResourceItem" else None


_LISTS: Final = {
    kind: ProtobufList(
        schema.list_number, protobuf_fields(schema.fields), partial(encode_message, kind)
    )
    for kind, schema in SCHEMAS.items()
}


class ProtobufParser(DataParser):
    """Sends protobuf. It needs no other package; every attribute value is sent as its text."""

    def encode_records(self, kind: Kind, records: Sequence[bytes], stm: int) -> bytes:
        """Return the list message of ``records``."""
        return _LISTS[kind].encode(records)

    def get_bytes(self, messages: Sequence[Message], stm: int | None = None) -> str | bytes:
        """Return the list message of ``messages``, all of one kind."""
        return _LISTS[messages[0].kind].encode(list(map(record_of, messages)))

    def get_headers(self) -> dict[str, str]:
        """Return the content type."""
        return {"content-type": "application/protobuf"}

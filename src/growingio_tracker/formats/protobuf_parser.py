"""Protobuf bodies."""

from __future__ import annotations

from collections.abc import Sequence

from growingio_tracker.formats.base import DataParser
from growingio_tracker.formats.protobuf_encoder import encode_list
from growingio_tracker.message import Message
from growingio_tracker.record import record_of
from growingio_tracker.wire import Kind


class ProtobufParser(DataParser):
    """Sends protobuf. It needs no other package; every attribute value is sent as its text."""

    def encode_records(self, kind: Kind, records: Sequence[bytes], stm: int) -> bytes:
        """Return the list message of ``records``."""
        return encode_list(kind, records)

    def get_bytes(self, messages: Sequence[Message], stm: int | None = None) -> str | bytes:
        """Return the list message of ``messages``, all of one kind."""
        return encode_list(messages[0].kind, list(map(record_of, messages)))

    def get_headers(self) -> dict[str, str]:
        """Return the content type."""
        return {"content-type": "application/protobuf"}

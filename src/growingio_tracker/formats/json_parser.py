"""The default format: a JSON array of the records, joined without decoding anything."""

from __future__ import annotations

from collections.abc import Sequence
from json import JSONEncoder, dumps, loads
from typing import Any, ClassVar

from growingio_tracker.formats.base import DataParser
from growingio_tracker.message import Message
from growingio_tracker.record import record_of
from growingio_tracker.wire import Kind


class JsonParser(DataParser):
    """Sends JSON.

    A subclass that overrides :meth:`get_bytes`, :meth:`json` or :meth:`json_dumps`, as 1.0.5
    allowed, gets messages as it always did.
    """

    _MESSAGE_METHODS: ClassVar = frozenset({"get_bytes", "json", "json_dumps"})

    def encode_records(self, kind: Kind, records: Sequence[bytes], stm: int) -> bytes:
        """Return the JSON array of ``records``."""
        return json_array(records)

    def get_bytes(self, messages: Sequence[Message], stm: int | None = None) -> str | bytes:
        """Return the JSON array of ``messages`` as ASCII text."""
        return "[{}]".format(",".join(map(self.json, messages)))

    def get_headers(self) -> dict[str, str]:
        """Return the content type."""
        return {"content-type": "application/json"}

    def json(self, message: Message) -> str:
        """Return one message as a JSON object."""
        return self.json_dumps(loads(record_of(message)))

    @staticmethod
    def json_dumps(data: Any, cls: type[JSONEncoder] | None = None) -> str:
        """Return ``data`` as compact ASCII JSON."""
        return dumps(data, separators=(",", ":"), cls=cls)


def json_array(records: Sequence[bytes]) -> bytes:
    """Return the JSON array of ``records``."""
    return b"[" + b",".join(records) + b"]"

"""Messages that a relay consumes: their records, or what is wrong with them.

A message holds one record; a raw message may hold an array of them. What can never be delivered is
recognised here, and becomes a dead letter without a request.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, Protocol

import msgspec

from growingio_tracker.consumers.tracker_options import MAX_EVENT_BYTES
from growingio_tracker.kafka.topic import RECORD, Headers, Origin, read
from growingio_wire.errors import DecodeError

if TYPE_CHECKING:
    from confluent_kafka import KafkaError


class ConsumedMessage(Protocol):
    """The methods of a consumed message that are used here."""

    def key(self) -> bytes | None:
        """Return its key."""
        ...

    def value(self) -> bytes | None:
        """Return its value; ``None`` in a tombstone."""
        ...

    def headers(self) -> Headers | None:
        """Return its headers, in order."""
        ...

    def topic(self) -> str:
        """Return its topic."""
        ...

    def partition(self) -> int:
        """Return the number of its partition."""
        ...

    def offset(self) -> int:
        """Return its offset there."""
        ...

    def error(self) -> KafkaError | None:
        """Return the error, if it is not a message."""
        ...


class ConsumedRecord(msgspec.Struct, gc=False):
    """One record of a message.

    :param origin: ``None`` if it cannot be delivered.
    :param fault: why not: a fixed identifier.
    :param detail: more about that; it never contains what was tracked.
    """

    message: ConsumedMessage
    offset: int
    record: bytes
    origin: Origin | None
    fault: str = ""
    detail: str = ""


class _AnyObject(msgspec.Struct):
    """Any JSON object: msgspec skips its members, and checks the syntax on the way."""


_check_object: Final = msgspec.json.Decoder(_AnyObject).decode
_elements: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode
_members: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_encode: Final = msgspec.json.Encoder().encode

_WHITE_SPACE: Final = b" \t\r\n"


class Incoming:
    """Reads messages.

    :param product_id: the project of raw messages without one; if ``None``, those are faulty.
    :param data_source_id: their data source, likewise.
    :param max_event_bytes: a longer record is faulty.
    """

    def __init__(
        self,
        product_id: str | None = None,
        data_source_id: str | None = None,
        max_event_bytes: int = MAX_EVENT_BYTES,
    ) -> None:
        given = {
            "no_project": ("projectKey", product_id),
            "no_data_source": ("dataSourceId", data_source_id),
        }
        self._defaults = {code: (key, value) for code, (key, value) in given.items() if value}
        self._max_event_bytes = max_event_bytes

    def entries(self, message: ConsumedMessage) -> Iterable[ConsumedRecord]:
        """Return the records of a message, at least one."""
        value, headers, offset = message.value() or b"", message.headers() or (), message.offset()
        if value[:1] == b"[" or value[:1] in _WHITE_SPACE:
            value = value.lstrip(_WHITE_SPACE)
            if value[:1] == b"[" and _is_raw(headers):
                return self._of_array(message, offset, value)
        return (self._entry(message, offset, value, headers),)

    def _entry(
        self, message: ConsumedMessage, offset: int, value: bytes, headers: Headers
    ) -> ConsumedRecord:
        try:
            record, origin = self._read(value, headers)
        except DecodeError as error:
            return _faulty(message, offset, value, error)
        except RecursionError:
            return _faulty(
                message, offset, value, DecodeError("not_json", detail="nested too deep")
            )
        return ConsumedRecord(message, offset, record, origin)

    def _of_array(
        self, message: ConsumedMessage, offset: int, value: bytes
    ) -> Iterable[ConsumedRecord]:
        try:
            elements = _elements(value)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return (_faulty(message, offset, value, DecodeError("not_json")),)
        if not elements:
            return (_faulty(message, offset, value, DecodeError("no_value")),)
        return [self._entry(message, offset, bytes(one), ()) for one in elements]

    def _read(self, value: bytes, headers: Headers) -> tuple[bytes, Origin]:
        if len(value) > self._max_event_bytes:
            raise DecodeError("too_large", size=len(value))
        try:
            origin = read(value, headers).origin
        except DecodeError as error:
            if error.code not in self._defaults or not _is_raw(headers):
                raise
            return self._read(self._completed(value, *self._defaults[error.code]), ())
        _check(value)
        return value, origin

    def _completed(self, value: bytes, key: str, default: str) -> bytes:
        """Return a raw message with the default project and data source."""
        return _encode({**_members(value), key: default})


def _is_raw(headers: Headers) -> bool:
    return not any(name == RECORD for name, _ in headers)


def _check(record: bytes) -> None:
    """Check that a record is a JSON object in UTF-8.

    :raises DecodeError: when it is not.
    """
    try:
        str(record, "utf-8")
        _check_object(record)
    except ValueError as error:  # msgspec's own, or Unicode's
        raise DecodeError("not_json") from error


def _faulty(
    message: ConsumedMessage, offset: int, value: bytes, error: DecodeError
) -> ConsumedRecord:
    detail = ", ".join(f"{name}: {one}" for name, one in error.values.items())
    return ConsumedRecord(message, offset, value, None, error.code, detail)

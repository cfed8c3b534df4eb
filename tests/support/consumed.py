"""Messages as librdkafka returns them, without a broker."""

from __future__ import annotations

from collections.abc import Sequence

from growingio_tracker.kafka.incoming import ConsumedRecord, Incoming
from growingio_tracker.kafka.topic import Header, Origin, TopicRecord, headers_of
from growingio_wire.table import Kind

EVENTS = Origin(Kind.EVENT, "project-1", "source-1")
ITEMS = Origin(Kind.ITEM, "project-1", "source-1")
LABELS = headers_of(TopicRecord(EVENTS, b"", "event-1"))


class FakeMessage:
    """A message that was consumed."""

    def __init__(
        self,
        value: bytes | None,
        headers: Sequence[Header] | None = None,
        *,
        partition: int = 0,
        offset: int = 0,
    ) -> None:
        self._value = value
        self._headers = headers
        self._partition = partition
        self._offset = offset

    def key(self) -> bytes | None:
        return b"u1"

    def value(self) -> bytes | None:
        return self._value

    def headers(self) -> Sequence[Header] | None:
        return self._headers

    def topic(self) -> str:
        return "topic"

    def partition(self) -> int:
        return self._partition

    def offset(self) -> int:
        return self._offset

    def error(self) -> None:
        return None


def entries(*values: bytes | None, partition: int = 0, begin: int = 0) -> list[ConsumedRecord]:
    """Return the entries of messages that stand one behind the other."""
    read = Incoming().entries
    found: list[ConsumedRecord] = []
    for offset, value in enumerate(values, begin):
        found += read(FakeMessage(value, LABELS, partition=partition, offset=offset))
    return found


def numbered(begin: int, end: int, partition: int = 0) -> list[ConsumedRecord]:
    """Return entries whose event is called like its offset."""
    values = (b'{"eventName":"%d"}' % offset for offset in range(begin, end))
    return entries(*values, partition=partition, begin=begin)

"""What a broker holds, read by nobody's group: every message of a topic, and committed offsets."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, cast

from confluent_kafka import Consumer, KafkaError, Message, TopicPartition
from msgspec import Struct

from chaos.records import id_of
from delivering.waiting import DEADLINE_S
from growingio_tracker.kafka.topic import EVENT_ID

_AT_ONCE: Final = 10_000
_POLL_S: Final = 0.2
_ADMITS_S: Final = 60.0
COOPERATIVE: Final = {"partition_assignment_strategy": "cooperative-sticky"}


class Placed(Struct, frozen=True):
    """One message of a topic.

    :param id: the run's own name of the event.
    :param event_id: what the header of that name says; empty without one.
    """

    id: str
    event_id: str
    partition: int
    offset: int


class Topic:
    """One topic of a broker."""

    def __init__(self, address: str, name: str, partitions: int) -> None:
        self._address = address
        self._name = name
        self._numbers = range(partitions)

    def placed(self) -> list[Placed]:
        """Return every message."""
        return [_placed(message) for message in self.messages()]

    def messages(self) -> Iterator[Message]:
        """Yield every message that is there by now."""
        with self._reader("nobody") as reader:
            yield from _read(reader, [TopicPartition(self._name, n, 0) for n in self._numbers])

    def is_committed(self, group: str) -> bool:
        """Return whether a group has committed every message."""
        with self._reader(group) as reader:
            return next(_read(reader, self._committed(reader)), None) is None

    def behind(self, group: str) -> Counter[int]:
        """Return how many messages a group has not committed, by partition."""
        with self._reader(group) as reader:
            return Counter(_partition(one) for one in _read(reader, self._committed(reader)))

    def carry_over(self, group: str, to: str) -> None:
        """Let a group that has no members begin where another has come to."""
        with self._reader(group) as reader:
            places = self._committed(reader)
        with self._reader(to) as reader:
            reader.commit(offsets=places, asynchronous=False)

    def _committed(self, reader: Consumer) -> list[TopicPartition]:
        places = reader.committed(
            [TopicPartition(self._name, number) for number in self._numbers], DEADLINE_S
        )
        for one in places:
            one.offset = max(0, one.offset)
        return places

    def admits_to(self, group: str) -> bool:
        """Return whether a group gives a new member something to read."""
        with self._reader(group, **COOPERATIVE) as reader:
            reader.subscribe([self._name])
            deadline = time.monotonic() + _ADMITS_S
            while not reader.assignment() and time.monotonic() < deadline:
                reader.poll(_POLL_S)
            return bool(reader.assignment())

    @contextmanager
    def _reader(self, group: str, **more: str) -> Generator[Consumer, None, None]:
        reader = Consumer(
            {
                "bootstrap.servers": self._address,
                "group.id": group,
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                **{name.replace("_", "."): value for name, value in more.items()},
            }
        )
        try:
            yield reader
        finally:
            reader.close()


def _read(reader: Consumer, places: Sequence[TopicPartition]) -> Iterator[Message]:
    """Yield what comes from these places on, up to the end of each partition."""
    reader.assign(list(places))
    left = {one.partition for one in places}
    moved_at = time.monotonic()
    while left:
        for message in reader.consume(_AT_ONCE, _POLL_S):
            moved_at = time.monotonic()
            error = message.error()
            if error is None:
                yield message
            else:
                assert error.code() == KafkaError._PARTITION_EOF, error
                left.discard(_partition(message))
        assert time.monotonic() < moved_at + DEADLINE_S, f"partitions {left} do not end"


def _placed(message: Message) -> Placed:
    value = message.value()
    assert value is not None
    headers = dict(message.headers() or [])
    event_id = headers.get(EVENT_ID) or b""
    said = event_id.decode() if isinstance(event_id, bytes) else event_id
    return Placed(id_of(value), said, _partition(message), _offset(message))


def _partition(message: Message) -> int:
    return cast("int", message.partition())


def _offset(message: Message) -> int:
    return cast("int", message.offset())

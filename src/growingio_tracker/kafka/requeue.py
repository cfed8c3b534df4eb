"""Dead letters on their topic: reading them, and putting them back.

Kafka does not delete messages, so a marker after a dead letter tells that it was put back. The
message and its marker are one transaction: each letter is put back once, even if a run is killed or
several run at the same time. Relays read only committed messages.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import Final, cast

import msgspec
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.cimpl import OFFSET_BEGINNING

from growingio_tracker.kafka.client import Client, OptionValue
from growingio_tracker.kafka.dead_letters import (
    DETAIL,
    OWN_HEADERS,
    REASON,
    SOURCE_OFFSET,
    SOURCE_PARTITION,
    SOURCE_TOPIC,
    STATUS,
    TIME,
    for_producer,
)
from growingio_tracker.kafka.incoming import ConsumedMessage
from growingio_tracker.kafka.topic import Header
from growingio_wire.errors import GrowingIOException
from growingio_wire.said import Said

REQUEUED: Final = "growingio-requeued"
"""Header of a marker: ``partition:offset`` of the dead letter that was put back."""

_UNUSABLE: Final = Said(
    "the topic {topic} cannot be used: {said}; check the address, the topic and the options of "
    "Kafka",
    "topic {topic} 无法使用：{said}；请检查地址、topic 和 Kafka 的选项",
)
_SILENT: Final = Said("the brokers did not answer in time", "broker 没有及时响应")
_ANSWER_S: Final = 30.0
_AT_ONCE: Final = 500
_FIXED: Final[Mapping[str, object]] = {"acks": "all", "enable.idempotence": True}
_READING: Final[Mapping[str, OptionValue]] = {
    "auto.offset.reset": "earliest",
    "fetch.wait.max.ms": 50,  # the end of a partition is known after an empty fetch
}


class TopicPlace(msgspec.Struct, frozen=True, order=True):
    """Position of a dead letter on its topic."""

    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.partition}:{self.offset}"

    @staticmethod
    def parsed(text: str) -> TopicPlace:
        """Parse ``partition:offset``.

        :raises ValueError: if it is not written so.
        """
        partition, _, offset = text.partition(":")
        return TopicPlace(int(partition), int(offset))


class DeadRecord(msgspec.Struct, frozen=True):
    """A dead letter.

    :param at_ms: when it was given up, in Unix milliseconds.
    :param reason: a fixed identifier, for example ``status_400``.
    :param status: the HTTP status; 0 if it was not sent.
    :param detail: the server's response, or what is wrong.
    :param source: the topic, partition and offset of its message.
    :param headers: the headers of its message.
    """

    place: TopicPlace
    at_ms: int
    reason: str
    status: int
    detail: str
    source: tuple[str, int, int]
    key: bytes | None
    value: bytes | None
    headers: tuple[Header, ...]


class DeadLetterTopic:
    """Dead letters of a topic, except those that were put back.

    :param topic: the dead-letter topic.
    """

    def __init__(self, client: Client, topic: str) -> None:
        self._client = client
        self.topic = topic

    def __iter__(self) -> Iterator[DeadRecord]:
        """Yield them by partition, the oldest first.

        :raises GrowingIOException: if the topic cannot be read.
        """
        requeued = {place for one in self._messages() if (place := _requeued(one)) is not None}
        for message in self._messages():
            letter = _letter(message)
            if letter is not None and letter.place not in requeued:
                yield letter

    def put_back(self, letters: Iterable[DeadRecord]) -> Iterator[int]:
        """Put dead letters back on their topics, in order; yield the number done after each step.

        :raises GrowingIOException: if that fails. Exactly the number last yielded was put back.
        """
        waiting = iter(letters)
        done = 0
        with self._reporting():
            producer = self._producer()
            while part := list(islice(waiting, _AT_ONCE)):
                self._put_back(producer, part)
                done += len(part)
                yield done

    def _producer(self) -> Producer:
        own = {**_FIXED, "transactional.id": f"growingio-requeue-{self.topic}"}
        producer = Producer(for_producer(self._client.configuration({}, own)))
        producer.init_transactions(_ANSWER_S)
        return producer

    def _put_back(self, producer: Producer, letters: Collection[DeadRecord]) -> None:
        producer.begin_transaction()
        try:
            for one in letters:
                headers = list(one.headers)
                producer.produce(one.source[0], one.value, one.key, headers=headers)
                marker: list[Header] = [(REQUEUED, str(one.place).encode())]
                place = one.place.partition
                producer.produce(self.topic, None, b"requeued", place, headers=marker)
            producer.commit_transaction(_ANSWER_S)
        except KafkaException:
            producer.abort_transaction(_ANSWER_S)
            raise

    def _messages(self) -> Iterator[ConsumedMessage]:
        own = {"group.id": "growingio-kafka", "enable.auto.commit": False}
        eof = {"enable.partition.eof": True}
        with self._reporting():
            consumer = Consumer(self._client.configuration(_READING, {**own, **eof}))
            try:
                numbers = self._partitions(consumer)
                consumer.assign([TopicPartition(self.topic, n, OFFSET_BEGINNING) for n in numbers])
                yield from _until_ends(consumer, len(numbers))
            finally:
                consumer.close()

    def _partitions(self, consumer: Consumer) -> list[int]:
        found = consumer.list_topics(self.topic, _ANSWER_S).topics[self.topic]
        if found.error is not None:
            raise KafkaException(found.error)
        return sorted(found.partitions)

    @contextmanager
    def _reporting(self) -> Generator[None, None, None]:
        try:
            yield
        except KafkaException as error:
            said = self._client.said(error.args[0])
            raise GrowingIOException(_UNUSABLE.with_values(topic=self.topic, said=said)) from error


def _until_ends(consumer: Consumer, partitions: int) -> Iterator[ConsumedMessage]:
    """Yield messages until every partition has been read to its end."""
    ends = 0
    while ends < partitions:
        message = cast("ConsumedMessage | None", consumer.poll(_ANSWER_S))
        if message is None:
            raise GrowingIOException(_SILENT)
        error = message.error()
        if error is None:
            yield message
        elif error.code() == KafkaError._PARTITION_EOF:
            ends += 1
        elif not error.retriable():
            raise KafkaException(error)


def _named(message: ConsumedMessage) -> dict[str, str]:
    headers = message.headers() or ()
    return {
        name: value.decode("utf-8", "replace")
        for name, value in headers
        if isinstance(value, bytes)
    }


def _requeued(message: ConsumedMessage) -> TopicPlace | None:
    if message.value() is not None:
        return None
    try:
        return TopicPlace.parsed(_named(message).get(REQUEUED, ""))
    except ValueError:  # not a marker
        return None


def _letter(message: ConsumedMessage) -> DeadRecord | None:
    """Return a message as a dead letter; ``None`` if it is not one."""
    named = _named(message)
    if REASON not in named or not named.get(SOURCE_TOPIC):
        return None
    return DeadRecord(
        place=TopicPlace(message.partition(), message.offset()),
        at_ms=_number(named.get(TIME)),
        reason=named[REASON],
        status=_number(named.get(STATUS)),
        detail=named.get(DETAIL, ""),
        source=(
            named[SOURCE_TOPIC],
            _number(named.get(SOURCE_PARTITION)),
            _number(named.get(SOURCE_OFFSET)),
        ),
        key=message.key(),
        value=message.value(),
        headers=tuple(one for one in message.headers() or () if one[0] not in OWN_HEADERS),
    )


def _number(text: str | None) -> int:
    return int(text) if text is not None and text.isdecimal() else 0

"""Relays of Kafka topics in tests: what is put on a topic, and what became of it."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, cast

from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
from confluent_kafka.cimpl import OFFSET_BEGINNING

from brokers import QUICK_GROUP, Broker
from delivering.waiting import DEADLINE_S, until
from growingio_tracker.kafka.client import Client
from growingio_tracker.kafka.options import RelayOptions
from growingio_tracker.kafka.relay import Relay
from growingio_tracker.kafka.topic import Header, Headers, Origin, TopicRecord, headers_of
from growingio_tracker.model.losses import Problem
from growingio_wire.table import Kind
from mock_cluster import MockCluster

EVENTS = Origin(Kind.EVENT, "project-1", "source-1")
_KEYS = {"eventType": "CUSTOM", "userId": "u1", "timestamp": 1_700_000_000_000}


def record(name: str, origin: Origin = EVENTS) -> bytes:
    """Return the record of an event with this name."""
    whose = {"projectKey": origin.product_id, "dataSourceId": origin.data_source_id}
    return json.dumps({**_KEYS, "eventName": name, **whose}).encode()


def put(
    broker: Broker, topic: str, names: Iterable[str], origin: Origin = EVENTS, partition: int = 0
) -> None:
    """Put an event of each name on a partition, in order."""
    values = ((record(name, origin), headers_of(TopicRecord(origin, b"", None))) for name in names)
    put_raw(broker, topic, values, partition)


def put_raw(
    broker: Broker | MockCluster,
    topic: str,
    values: Iterable[tuple[bytes | None, list[Header]]],
    partition: int = 0,
) -> None:
    """Put values with their headers on a partition, in order."""
    producer = Producer({"bootstrap.servers": broker.address, "log_level": 0})
    for value, headers in values:
        producer.produce(topic, value, key=b"u1", partition=partition, headers=headers)
    assert producer.flush(DEADLINE_S) == 0


class Running:
    """A relay that runs in a thread."""

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        self.problems: list[Problem] = []
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.relay.run()
        except BaseException as error:
            self.error = error

    def end(self) -> None:
        """End it in order."""
        self.relay.end()
        self._thread.join(DEADLINE_S)
        assert not self._thread.is_alive(), "the relay did not end"

    def wait_for(self, delivered: int, dead: int = 0) -> None:
        """Wait until so much became of what it has."""
        until(lambda: self._has(delivered, dead), f"{delivered} delivered, {dead} dead")

    def _has(self, delivered: int, dead: int) -> bool:
        stats = self.relay.stats()
        return stats.delivered >= delivered and sum(stats.rejected.values()) >= dead


@contextmanager
def relaying(
    broker: Broker, topic: str, server: str, **options: Any
) -> Generator[Running, None, None]:
    """Run a relay of the group that is called like the topic; it is ended in order."""
    problems: list[Problem] = []
    chosen = {"group": topic, "flush_after": 0.05, "on_error": problems.append, **options}
    kafka = chosen.pop("kafka", QUICK_GROUP)
    made = RelayOptions(server_host=server, topic=topic, **chosen)
    running = Running(Relay(made, Client(broker.address, kafka)))
    running.problems = problems
    try:
        yield running
    finally:
        running.end()
    assert_balanced(running.relay)


def assert_balanced(relay: Relay) -> None:
    """Check: consumed = delivered + dead letters + given back + pending."""
    stats = relay.stats()
    ended = stats.delivered + sum(stats.rejected.values()) + stats.handed_over
    assert stats.adopted == ended + stats.pending, stats


def committed(broker: Broker, topic: str, partitions: int = 1) -> list[int]:
    """Return the committed offset of each partition; a negative one is none."""
    consumer = Consumer({"bootstrap.servers": broker.address, "group.id": topic, "log_level": 0})
    places = [TopicPartition(topic, number) for number in range(partitions)]
    try:
        return [one.offset for one in consumer.committed(places, DEADLINE_S)]
    finally:
        consumer.close()


class Found(NamedTuple):
    """A message that is on a topic."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: dict[str, str]


def messages(broker: Broker, topic: str) -> list[Found]:
    """Return all that is on a topic."""
    consumer = Consumer(
        {
            "bootstrap.servers": broker.address,
            "group.id": "looks",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "log_level": 0,
        }
    )
    numbers = broker.admin().list_topics(topic, DEADLINE_S).topics[topic].partitions
    consumer.assign([TopicPartition(topic, one, OFFSET_BEGINNING) for one in numbers])
    try:
        return list(_read(consumer, len(numbers)))
    finally:
        consumer.close()


def _read(consumer: Consumer, partitions: int) -> Iterator[Found]:
    ends = 0
    while ends < partitions:
        message = consumer.poll(DEADLINE_S)
        assert message is not None, "the topic has no end"
        error = message.error()
        if error is not None:
            assert error.code() == KafkaError._PARTITION_EOF, error
            ends += 1
            continue
        headers = cast("Headers", message.headers() or ())
        yield Found(
            message.partition() or 0,
            message.offset() or 0,
            message.key(),
            message.value(),
            {name: value.decode() for name, value in headers if isinstance(value, bytes)},
        )

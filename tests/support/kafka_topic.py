"""What is on a topic, read to the end of every partition."""

from __future__ import annotations

import json
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaError, TopicPartition

from delivering.waiting import DEADLINE_S
from growingio_tracker.kafka.topic import TopicRecord, read


class Arrived(NamedTuple):
    """One message of a topic."""

    partition: int
    key: bytes | None
    record: TopicRecord

    @property
    def name(self) -> str:
        """The event's name."""
        name: str = json.loads(self.record.record)["eventName"]
        return name


def arrived(address: str, topic: str) -> list[Arrived]:
    """Return what is on a topic, in the order of each partition."""
    reader = Consumer(
        {
            "bootstrap.servers": address,
            "group.id": "reads",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "log_level": 0,
        }
    )
    try:
        partitions = reader.list_topics(topic, DEADLINE_S).topics[topic].partitions
        reader.assign([TopicPartition(topic, one, 0) for one in partitions])
        found: list[Arrived] = []
        unfinished = set(partitions)
        while unfinished:
            message = reader.poll(DEADLINE_S)
            assert message is not None, f"the topic did not end within {DEADLINE_S} s"
            partition = message.partition()
            assert partition is not None
            if (error := message.error()) is None:
                headers = message.headers() or []
                record = read(message.value(), dict(headers).items())
                found.append(Arrived(partition, message.key(), record))
            else:
                assert error.code() == KafkaError._PARTITION_EOF, error
                unfinished.discard(partition)
        return found
    finally:
        reader.close()


def names(address: str, topic: str) -> list[str]:
    """Return the sorted names of the events on a topic."""
    return sorted(one.name for one in arrived(address, topic))

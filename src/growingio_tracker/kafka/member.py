"""Member of a consumer group: the only user of librdkafka's consumer, in the polling thread.

In new releases the consumer's calls exclude one another, so no other thread may block in one.
"""

from __future__ import annotations

import math
import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final, cast

import msgspec
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from growingio_tracker.delivery.ledger import Ledger
from growingio_tracker.kafka.client import Client, OptionValue
from growingio_tracker.kafka.incoming import ConsumedMessage, ConsumedRecord, Incoming
from growingio_tracker.kafka.options import RelayOptions
from growingio_tracker.kafka.partitions import Assignment
from growingio_tracker.model.losses import Problem, Reporter
from growingio_wire.errors import GrowingIOException
from growingio_wire.logs import logger
from growingio_wire.said import Said, in_both

_log: Final = logger("growingio_tracker.kafka")

_MOST_AT_ONCE: Final = 5000
_LONGEST_HAND_OVER_S: Final = 10.0
_MAX_POLL_MS: Final = "max.poll.interval.ms"
_DEFAULT_MAX_POLL_MS: Final = 300_000
_COMMIT_AGAIN_S: Final = 1.0
_SAID_EVERY_S: Final = 60.0
_NOT_COMMITTED: Final = Said(
    "an offset was not committed and will be retried: {why}", "offset 提交失败，将会重试：{why}"
)
_REASSIGNED: Final = Said(
    "partitions were reassigned to other members; events in flight may be repeated",
    "分区已改由其他成员消费；发送中的事件可能会重复",
)

OURS: Final[Mapping[str, Said]] = {
    "group.id": Said("give the group instead", "请改为指定消费组"),
    "enable.auto.commit": Said(
        "an offset is committed once everything before it has an outcome",
        "某个 offset 之前的记录都有结果后，才会提交该 offset",
    ),
    "enable.auto.offset.store": Said("the same", "原因同 enable.auto.commit"),
    "stats_cb": Said("statistics are shown by the health endpoint", "统计由健康检查地址提供"),
}
"""Options of librdkafka that cannot be given to a relay, and why."""

_USUAL: Final[Mapping[str, OptionValue]] = {
    "partition.assignment.strategy": "cooperative-sticky",
    "auto.offset.reset": "earliest",
    # What librdkafka prefetches comes on top of the messages queued here.
    "queued.min.messages": 20_000,
    "queued.max.messages.kbytes": 16_384,
    "fetch.queue.backoff.ms": 10,  # by default, a full queue is filled again after a whole second
    "statistics.interval.ms": 5000,
    "socket.timeout.ms": 10_000,  # also for commits, on which the polling thread waits
}
_FIXED: Final[Mapping[str, object]] = {
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
}


class _PartitionStatistics(msgspec.Struct):
    consumer_lag: int = -1


class _TopicStatistics(msgspec.Struct):
    partitions: dict[str, _PartitionStatistics] = {}


class _Statistics(msgspec.Struct):
    """The part of librdkafka's periodic statistics that is used."""

    topics: dict[str, _TopicStatistics] = {}


_read_statistics: Final = msgspec.json.Decoder(_Statistics).decode


class Member:
    """A relay as Kafka sees it. Creating it does not connect.

    :param incoming: reads messages.
    :param assignment: takes what was consumed, and knows what to commit.
    :ivar has_joined: whether its group has assigned partitions to it, possibly none.
    :ivar lags: messages after the committed offset of each partition, as of some seconds ago.
    """

    def __init__(
        self,
        options: RelayOptions,
        client: Client,
        incoming: Incoming,
        assignment: Assignment,
        ledger: Ledger,
        reporter: Reporter,
    ) -> None:
        self._topic = options.topic
        self._clock = options.clock
        self._client = client
        self._incoming = incoming
        self._assignment = assignment
        self._ledger = ledger
        self._reporter = reporter
        own = {
            "group.id": options.group,
            "error_cb": self._note_error,
            "stats_cb": self._note_statistics,
        }
        settings = client.configuration(_USUAL, {**_FIXED, **own})
        max_poll_s = int(settings.get(_MAX_POLL_MS, _DEFAULT_MAX_POLL_MS)) / 1000
        self._hand_over_s = min(_LONGEST_HAND_OVER_S, max_poll_s / 3)
        self._consumer = Consumer(settings)
        self._paused: set[int] = set()
        # librdkafka returns partitions paused if they were paused when revoked.
        self._unsure: set[int] = set()
        self._commit_at = 0.0
        self._said_at: dict[Said, float] = {}
        self.has_joined = False
        self.lags: Mapping[int, int] = {}

    def join(self) -> None:
        """Ask the group for partitions."""
        self._consumer.subscribe(
            [self._topic],
            on_assign=self._on_assign,
            on_revoke=self._on_revoke,
            on_lost=self._on_lost,
        )

    def leave(self, within_s: float) -> None:
        """Commit what is finished, and leave the group; give up after ``within_s`` seconds.

        Both need a broker, which may take longer to answer.
        """
        thread = threading.Thread(target=self._leave, daemon=True)
        thread.start()
        thread.join(within_s)

    def _leave(self) -> None:
        self.commit_finished(at_once=True)
        self._consumer.close()

    def consumed(self, most: int) -> Mapping[int, list[ConsumedRecord]]:
        """Return up to about ``most`` messages that have already arrived, by partition.

        :raises GrowingIOException: if Kafka refuses permanently.
        """
        messages = self._consumer.consume(min(most, _MOST_AT_ONCE), 0)
        found: defaultdict[int, list[ConsumedRecord]] = defaultdict(list)
        read = self._incoming.entries
        for message in cast("list[ConsumedMessage]", messages):
            if (error := message.error()) is not None:
                self._note_error(error)
                continue
            found[message.partition()] += read(message)
        return found

    def pause_only(self, wanted: set[int]) -> None:
        """Pause these partitions, and no others."""
        owned, was = self._assignment.numbers(), self._paused - self._unsure
        try:
            if begin := (wanted - was) & owned:
                self._paused |= begin
                self._consumer.pause(self._places(begin))
            for number in ((self._paused | self._unsure) - wanted) & owned:
                self._resume(number)
            self._unsure.clear()
        except KafkaException as error:  # a partition may have been revoked; the next poll tells
            _log.debug("a partition could not be paused or resumed: %s", error)

    def _resume(self, number: int) -> None:
        offset = self._assignment.to_reread(number)
        if offset is not None:
            self._consumer.seek(TopicPartition(self._topic, number, offset))
            self._assignment.reread(number, offset)
        self._consumer.resume(self._places([number]))
        self._paused.discard(number)

    def commit_finished(self, *, at_once: bool = False) -> None:
        """Commit the offsets of finished windows, and wait for the broker.

        :param at_once: even if the last commit has just failed.
        """
        windows = self._assignment.finished()
        if not windows or not (at_once or self._clock.monotonic() >= self._commit_at):
            return
        topic = self._topic
        places = [TopicPartition(topic, one.partition.number, one.end_offset) for one in windows]
        try:
            answers = self._consumer.commit(offsets=places, asynchronous=False)
        except KafkaException as error:
            self._note_uncommitted(error.args[0])
            return
        failed = {one.partition: one.error for one in answers if one.error is not None}
        for window in windows:
            if window.partition.number not in failed:
                self._assignment.done(window)
        if failed:
            self._note_uncommitted(next(iter(failed.values())))

    def _note_uncommitted(self, error: KafkaError) -> None:
        self._commit_at = self._clock.monotonic() + _COMMIT_AGAIN_S
        said = _NOT_COMMITTED.with_values(why=self._client.said(error))
        self._note("commit_failed", said)

    def _note(self, reason: str, said: Said) -> None:
        """Report an error of Kafka, the same one at most once a minute: librdkafka repeats it."""
        self._ledger.note_error(said)
        now = self._clock.monotonic()
        if now - self._said_at.get(said, -math.inf) >= _SAID_EVERY_S:
            self._said_at[said] = now
            self._reporter.report(Problem.of(reason, said))

    def _on_assign(self, _consumer: Consumer, places: list[TopicPartition]) -> None:
        self.has_joined = True
        numbers = [place.partition for place in places]
        self._unsure.update(numbers)
        self._assignment.assign(numbers)
        _log.info("partitions assigned: %s", numbers)

    def _on_revoke(self, _consumer: Consumer, places: list[TopicPartition]) -> None:
        numbers = [place.partition for place in places]
        has_ended = self._assignment.retire(numbers, self._hand_over_s)
        self.commit_finished(at_once=True)
        self._assignment.forget(numbers)
        if not has_ended:
            _log.warning("partitions %s were revoked while a batch was in flight", numbers)

    def _on_lost(self, _consumer: Consumer, places: list[TopicPartition]) -> None:
        numbers = [place.partition for place in places]
        self._assignment.forget(numbers)
        self._reporter.report(Problem.of("partitions_lost", _REASSIGNED))

    def _places(self, numbers: Iterable[int]) -> list[TopicPartition]:
        return [TopicPartition(self._topic, one) for one in sorted(numbers)]

    def _note_error(self, error: KafkaError) -> None:
        if error.fatal():
            why = self._client.said(error)
            raise GrowingIOException(
                Said(f"Kafka refuses permanently: {why}", f"Kafka 永久拒绝：{why}")
            )
        self._note("kafka", in_both(self._client.said(error)))

    def _note_statistics(self, statistics: str) -> None:
        """Keep the lags. librdkafka offers no other thread-safe call for them."""
        topic = _read_statistics(statistics).topics.get(self._topic, _TopicStatistics())
        known = {int(one): its.consumer_lag for one, its in topic.partitions.items()}
        self.lags = {number: lag for number, lag in known.items() if lag >= 0}

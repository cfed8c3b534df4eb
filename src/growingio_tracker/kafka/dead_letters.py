"""Dead letters of a topic: messages that can never be delivered, on a topic of their own.

A dead letter has the key, value and headers of its message, and these headers:

================================  ================================================================
header                            value, in UTF-8
================================  ================================================================
``growingio-dead-reason``         a fixed identifier, such as ``status_400`` or ``not_json``
``growingio-dead-status``         the HTTP status of the refusal; missing if it was not sent
``growingio-dead-detail``         what is wrong, and the server's response
``growingio-dead-time``           the time of giving up, in Unix milliseconds
``growingio-source-topic``        the topic that it was consumed from,
``growingio-source-partition``    its partition there,
``growingio-source-offset``       and its offset
================================  ================================================================

If a message is an array, only the refused records become dead letters, one each.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, Protocol, cast

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from growingio_tracker.delivery.waiting import Interrupt
from growingio_tracker.kafka.client import Client, OptionValue
from growingio_tracker.kafka.windows import Letter
from growingio_wire.clock import SYSTEM_CLOCK, Clock
from growingio_wire.errors import GrowingIOException
from growingio_wire.said import NOTHING, Said

REASON: Final = "growingio-dead-reason"
STATUS: Final = "growingio-dead-status"
DETAIL: Final = "growingio-dead-detail"
TIME: Final = "growingio-dead-time"
SOURCE_TOPIC: Final = "growingio-source-topic"
SOURCE_PARTITION: Final = "growingio-source-partition"
SOURCE_OFFSET: Final = "growingio-source-offset"
OWN_HEADERS: Final = frozenset(
    {REASON, STATUS, DETAIL, TIME, SOURCE_TOPIC, SOURCE_PARTITION, SOURCE_OFFSET}
)

_DETAIL_CHARACTERS: Final = 500
_POLL_S: Final = 0.1
_ADMIN_S: Final = 5.0
_MAX_BYTES: Final = 4 * 1024 * 1024
_KEPT_MS: Final = 30 * 24 * 3600 * 1000
_USUAL: Final[Mapping[str, OptionValue]] = {
    "linger.ms": 0,
    "message.max.bytes": _MAX_BYTES,  # the headers come on top of a message of the maximum size
    "message.timeout.ms": 10_000,
}
_MADE_WITH: Final = {"max.message.bytes": str(_MAX_BYTES), "retention.ms": str(_KEPT_MS)}
_FIXED: Final[Mapping[str, object]] = {"acks": "all", "enable.idempotence": True}
_OF_CONSUMERS: Final = (
    "auto.offset.reset",
    "fetch.",
    "group.",
    "heartbeat.interval.ms",
    "isolation.level",
    "max.poll.interval.ms",
    "partition.assignment.strategy",
    "queued.",
    "session.timeout.ms",
)
"""Prefixes of options that a producer does not have; it would warn of each."""


class WritesLetters(Protocol):
    """Destination of dead letters."""

    def write(self, letters: Collection[Letter]) -> list[Letter]:
        """Write dead letters; return those whose writing was acknowledged, in any order.

        :raises GrowingIOException: if none was.
        """
        ...


class LetterWriter:
    """A dead-letter topic to be written to. Any number of threads may write.

    :param client: the brokers, and how to reach them.
    :param topic: its name.
    :param interrupt: ends waiting for the broker when its deadline has passed.
    """

    def __init__(
        self,
        client: Client,
        topic: str,
        interrupt: Interrupt,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self.name = topic
        self._client = client
        self._producer = Producer(for_producer(client.configuration(_USUAL, _FIXED)))
        self._interrupt = interrupt
        self._clock = clock

    def make(self) -> Said:
        """Create the topic if it does not exist, with a retention of 30 days.

        Returns what went wrong; empty if the topic exists. A failure here does not stop the relay:
        who may not describe topics may still be allowed to write to this one.
        """
        admin = AdminClient(for_producer(self._client.configuration({}, {})))
        try:
            if admin.list_topics(self.name, _ADMIN_S).topics[self.name].error is None:
                return NOTHING
            topic = NewTopic(self.name, config=_MADE_WITH)
            made = admin.create_topics([topic])  # pyright: ignore
            cast("Mapping[str, Any]", made)[self.name].result(_ADMIN_S)
        except KafkaException as error:
            why: KafkaError = error.args[0]
            if why.code() != KafkaError.TOPIC_ALREADY_EXISTS:  # by another relay, meanwhile
                return _NOT_CREATED.with_values(topic=self.name, why=self._client.said(why))
        return NOTHING

    def write(self, letters: Collection[Letter]) -> list[Letter]:
        """See :meth:`WritesLetters.write`."""
        written: list[Letter] = []
        errors: list[str] = []
        begun = 0
        try:
            for letter in letters:
                self._begin(letter, written, errors)
                begun += 1
        except (BufferError, KafkaException) as error:
            errors.append(str(error))
        while len(written) + len(errors) < begun and self._interrupt.remaining_s() != 0.0:
            self._producer.poll(_POLL_S)
        if not written:
            raise GrowingIOException(_unwritten(self.name, errors))
        return written.copy()

    def close(self, timeout_s: float) -> None:
        """Wait for letters in flight, up to ``timeout_s``."""
        self._producer.flush(timeout_s)

    def _begin(self, letter: Letter, written: list[Letter], errors: list[str]) -> None:
        message = letter.entry.message
        self._producer.produce(
            self.name,
            value=letter.entry.record if message.value() is not None else None,
            key=message.key(),
            headers=_headers(letter, self._clock.now_ms()),
            on_delivery=_noting(letter, written, errors),
        )


def for_producer(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that a producer accepts."""
    return {name: one for name, one in settings.items() if not name.startswith(_OF_CONSUMERS)}


def _noting(
    letter: Letter, written: list[Letter], errors: list[str]
) -> Callable[[KafkaError | None, object], None]:
    def note(error: KafkaError | None, _message: object) -> None:
        if error is None:
            written.append(letter)
        else:
            errors.append(error.str())

    return note


def _headers(letter: Letter, now_ms: int) -> list[tuple[str, bytes | str | None]]:
    message = letter.entry.message
    own = {
        REASON: letter.reason,
        STATUS: str(letter.status) if letter.status else "",
        DETAIL: letter.detail[:_DETAIL_CHARACTERS],
        TIME: str(now_ms),
        SOURCE_TOPIC: message.topic() or "",
        SOURCE_PARTITION: str(message.partition()),
        SOURCE_OFFSET: str(letter.entry.offset),
    }
    kept = [one for one in message.headers() or () if one[0] not in OWN_HEADERS]
    return [
        *kept,
        *((name, value.encode("utf-8", "replace")) for name, value in own.items() if value),
    ]


_UNWRITTEN: Final = Said(
    "a record could not be written to the dead-letter topic {topic} and will be retried: {why}",
    "无法把记录写入死信 topic {topic}，稍后会重试：{why}",
)
_NOT_CREATED: Final = Said(
    "the topic {topic} was not created: {why}", "未能创建 topic {topic}：{why}"
)
_SILENT: Final = Said("the broker did not answer in time", "broker 没有及时响应")


def _unwritten(topic: str, errors: list[str]) -> Said:
    return _UNWRITTEN.with_values(topic=topic, why=errors[0] if errors else _SILENT)

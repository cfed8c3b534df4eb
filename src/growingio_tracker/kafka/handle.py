"""Handle of librdkafka's producer: what goes to brokers, and what they acknowledge.

librdkafka has threads of its own, which do not survive a fork. A handle that is not closed is never
freed, so that no forked child frees that of its parent, whose threads it would wait for.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

from msgspec import Struct

from growingio_tracker.kafka.client import Client, OptionValue, library
from growingio_tracker.kafka.refusals import Refusal, Refusals
from growingio_tracker.kafka.topic import Header

if TYPE_CHECKING:
    from confluent_kafka import KafkaError, Producer


class NoHandleError(Exception):
    """librdkafka cannot use its options together."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.said)
        self.refusal = refusal


class Handle(Protocol):
    """What takes messages to brokers."""

    def produce(
        self,
        topic: str,
        record: bytes,
        key: bytes | None,
        headers: list[Header],
        number: int,
        refusals: Refusals,
    ) -> None:
        """Give one message to librdkafka.

        :param number: of the message, by which its error gets into ``refusals``, if it has one.
        """
        ...

    def wait(self, patience_s: float, left_s: Callable[[], float]) -> bool:
        """Wait until every message has an outcome; return False when that takes too long.

        :param patience_s: seconds that may pass without an acknowledgement.
        :param left_s: returns the seconds that may pass from now on in any case.
        """
        ...

    def take_back(self) -> bool:
        """Let messages without an outcome fail; return whether each has one now."""
        ...

    def poll(self) -> None:
        """Let librdkafka say what it has to say, without waiting."""
        ...

    def close(self) -> None:
        """Free the handle as soon as nobody uses it."""
        ...


OURS: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("acks", "request.required.acks"),
        "an event is handed over once all in-sync replicas have it",
    ),
    **dict.fromkeys(
        ("enable.idempotence", "retries", "message.send.max.retries", "enable.gapless.guarantee"),
        "no lost acknowledgement may repeat an event, or change the order",
    ),
    **dict.fromkeys(("delivery.timeout.ms", "message.timeout.ms"), "give request_timeout instead"),
    **dict.fromkeys(
        ("queue.buffering.max.messages", "queue.buffering.max.kbytes"), "give queue instead"
    ),
    **dict.fromkeys(
        ("on_delivery", "delivery.report.only.error", "dr_cb", "dr_msg_cb"), "outcomes come from it"
    ),
    "transactional.id": "events are in no transaction",
}
"""Options that may not be given, and why."""

_DEFAULTS: Final[Mapping[str, OptionValue]] = {
    "compression.type": "lz4",
    "message.max.bytes": 8_000_000,  # whatever the topic takes; batches stay within batch.size
    "partitioner": "murmur2_random",  # that of the Java client: a user's events are in one place
    "topic.metadata.propagation.max.ms": 10_000,
}
_FIXED: Final[Mapping[str, object]] = {
    "acks": "all",
    "enable.idempotence": True,
    "delivery.timeout.ms": 0,  # as long as we wait; what we take back has an outcome then
    "delivery.report.only.error": True,
    "queue.buffering.max.messages": 0,
    "queue.buffering.max.kbytes": 2_147_483_647,
}
_STEP_S: Final = 0.1
_FULL_S: Final = 0.05
_GREENLET_STEP_S: Final = 0.005
_TAKEN_BACK_S: Final = 1.0


def producer_configuration(client: Client) -> dict[str, Any]:
    """Return what a handle is made with, but for callbacks."""
    return client.configuration(_DEFAULTS, _FIXED)


class _Immortal(Struct, gc=False):
    """A reference that lasts until the knot is undone: the garbage collector does not see it."""

    held: object
    knot: _Immortal | None = None


class ProducerHandle:
    """A handle of librdkafka. Several threads may use it, and each waits for the messages of all.

    :param on_trouble: told of errors that are about no message, by whoever waits.
    :raises NoHandleError: if librdkafka cannot use the options together.
    """

    def __init__(self, client: Client, on_trouble: Callable[[Refusal], None]) -> None:
        self._kafka = library("KafkaConsumer")
        self._client = client
        make: type[Producer] = self._kafka.Producer
        tell = partial(_tell, client, on_trouble)  # nothing of self, which then freed nothing
        try:
            self._producer = make({**producer_configuration(client), "error_cb": tell})
        except self._kafka.KafkaException as error:
            raise NoHandleError(client.refusal(error.args[0])) from None
        self._immortal = _Immortal(self._producer)
        self._immortal.knot = self._immortal

    def produce(
        self,
        topic: str,
        record: bytes,
        key: bytes | None,
        headers: list[Header],
        number: int,
        refusals: Refusals,
    ) -> None:
        """Give one message to librdkafka; see :meth:`Handle.produce`."""
        note: Any = partial(self._note, refusals, number)
        while True:
            try:
                self._producer.produce(topic, record, key, on_delivery=note, headers=headers)
            except BufferError:  # other handles' messages may take all its memory
                self._producer.poll(_FULL_S)
            except self._kafka.KafkaException as error:
                self._note(refusals, number, error.args[0], None)
                return
            else:
                return

    def wait(self, patience_s: float, left_s: Callable[[], float]) -> bool:
        """Wait until every message has an outcome; see :meth:`Handle.wait`."""
        until, before = time.monotonic() + patience_s, sys.maxsize
        while waiting := self._serve(max(0.0, min(_STEP_S, left_s()))):
            now = time.monotonic()
            if waiting < before:
                before, until = waiting, now + patience_s
            if now >= until or left_s() <= 0:
                return False
        return True

    def take_back(self) -> bool:
        """Let messages without an outcome fail; return whether each has one now."""
        self._producer.purge()
        return self._producer.flush(_TAKEN_BACK_S) == 0

    def poll(self) -> None:
        """Let librdkafka say what it has to say, without waiting."""
        self._producer.poll(0)

    def close(self) -> None:
        """Free the handle as soon as nobody uses it."""
        self._immortal.knot = None

    def _note(
        self, refusals: Refusals, number: int, error: KafkaError | None, _message: object
    ) -> None:
        if error is not None:
            refusals[number] = self._client.refusal(error)

    def _serve(self, wait_s: float) -> int:
        """Call back for up to ``wait_s``; return how many messages have no outcome."""
        if not _threads_are_greenlets():
            return self._producer.flush(wait_s)
        self._producer.poll(0)
        if waiting := len(self._producer):
            time.sleep(_GREENLET_STEP_S)  # which lets others run, as no wait of librdkafka does
        return waiting


def _tell(client: Client, on_trouble: Callable[[Refusal], None], error: KafkaError) -> None:
    on_trouble(client.refusal(error))


def _threads_are_greenlets() -> bool:
    is_patched = getattr(sys.modules.get("gevent.monkey"), "is_module_patched", None)
    return is_patched is not None and is_patched("threading")

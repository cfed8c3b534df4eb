"""Handle of librdkafka's producer: messages to brokers, and their acknowledgements.

librdkafka has threads of its own, which do not survive a fork. A handle that is not closed is never
freed: a forked child that freed its parent's handle would wait for threads that do not exist.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

from msgspec import Struct

from growingio_tracker.kafka.client import Client, OptionValue, instead, library
from growingio_tracker.kafka.refusals import Refusal, Refusals
from growingio_tracker.kafka.topic import Header
from growingio_wire.said import Said

if TYPE_CHECKING:
    from confluent_kafka import KafkaError, Producer


class NoHandleError(Exception):
    """librdkafka cannot use its options together."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.said.en)
        self.refusal = refusal


class Handle(Protocol):
    """Produces messages."""

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

        :param number: the message's key in ``refusals``, if it fails.
        """
        ...

    def wait(self, patience_s: float, left_s: Callable[[], float]) -> bool:
        """Wait until every message has an outcome; return False if that takes too long.

        :param patience_s: maximum seconds without an acknowledgement.
        :param left_s: returns the maximum seconds from now on in any case.
        """
        ...

    def take_back(self) -> bool:
        """Make messages without an outcome fail; return whether all have one now."""
        ...

    def poll(self) -> None:
        """Let librdkafka run its callbacks, without waiting."""
        ...

    def close(self) -> None:
        """Free the handle once it is not in use."""
        ...


OURS: Final[Mapping[str, Said]] = {
    **dict.fromkeys(
        ("acks", "request.required.acks"),
        Said(
            "an event is handed over once all in-sync replicas have it",
            "所有同步副本都收到后，事件才算送达",
        ),
    ),
    **dict.fromkeys(
        ("enable.idempotence", "retries", "message.send.max.retries", "enable.gapless.guarantee"),
        Said(
            "a lost acknowledgement must not repeat an event or change the order",
            "确认丢失时，事件不能重复，顺序也不能改变",
        ),
    ),
    **dict.fromkeys(("delivery.timeout.ms", "message.timeout.ms"), instead("request_timeout")),
    **dict.fromkeys(
        ("queue.buffering.max.messages", "queue.buffering.max.kbytes"), instead("queue")
    ),
    **dict.fromkeys(
        ("on_delivery", "delivery.report.only.error", "dr_cb", "dr_msg_cb"),
        Said("it is needed for the outcomes of events", "需要用它得知事件的结果"),
    ),
    "transactional.id": Said("events are not part of transactions", "事件不属于任何事务"),
}
"""Options that may not be given, and the reason."""

_DEFAULTS: Final[Mapping[str, OptionValue]] = {
    "compression.type": "lz4",
    "message.max.bytes": 8_000_000,  # whatever the topic allows; batches stay within batch.size
    "partitioner": "murmur2_random",  # that of the Java client: a user's events share a partition
    "topic.metadata.propagation.max.ms": 10_000,
}
_FIXED: Final[Mapping[str, object]] = {
    "acks": "all",
    "enable.idempotence": True,
    "delivery.timeout.ms": 0,  # unlimited; what is taken back has an outcome then
    "delivery.report.only.error": True,
    "queue.buffering.max.messages": 0,
    "queue.buffering.max.kbytes": 2_147_483_647,
}
_STEP_S: Final = 0.1
_FULL_S: Final = 0.05
_GREENLET_STEP_S: Final = 0.005
_TAKEN_BACK_S: Final = 1.0


def producer_configuration(client: Client) -> dict[str, Any]:
    """Return the configuration of a handle, without callbacks."""
    return client.configuration(_DEFAULTS, _FIXED)


class _Immortal(Struct, gc=False):
    """A reference to itself and an object, invisible to the garbage collector until it is cut."""

    held: object
    knot: _Immortal | None = None


class ProducerHandle:
    """A handle of librdkafka. Threads that share it wait for the messages of all of them.

    :param on_trouble: called with errors that are not about a message, in a thread that waits.
    :raises NoHandleError: if librdkafka cannot use the options together.
    """

    def __init__(self, client: Client, on_trouble: Callable[[Refusal], None]) -> None:
        self._kafka = library("KafkaConsumer")
        self._client = client
        make: type[Producer] = self._kafka.Producer
        tell = partial(_tell, client, on_trouble)  # without self, which would keep the handle alive
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
            except BufferError:  # messages of other threads may fill its memory
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
        """Make messages without an outcome fail; return whether all have one now."""
        self._producer.purge()
        return self._producer.flush(_TAKEN_BACK_S) == 0

    def poll(self) -> None:
        """Let librdkafka run its callbacks, without waiting."""
        self._producer.poll(0)

    def close(self) -> None:
        """Free the handle once it is not in use."""
        self._immortal.knot = None

    def _note(
        self, refusals: Refusals, number: int, error: KafkaError | None, _message: object
    ) -> None:
        if error is not None:
            refusals[number] = self._client.refusal(error)

    def _serve(self, wait_s: float) -> int:
        """Run callbacks for up to ``wait_s``; return the number of messages without an outcome."""
        if not _threads_are_greenlets():
            return self._producer.flush(wait_s)
        self._producer.poll(0)
        if waiting := len(self._producer):
            time.sleep(
                _GREENLET_STEP_S
            )  # lets other greenlets run, unlike librdkafka's own waiting
        return waiting


def _tell(client: Client, on_trouble: Callable[[Refusal], None], error: KafkaError) -> None:
    on_trouble(client.refusal(error))


def _threads_are_greenlets() -> bool:
    is_patched = getattr(sys.modules.get("gevent.monkey"), "is_module_patched", None)
    return is_patched is not None and is_patched("threading")

"""What Kafka costs: a call of ``KafkaConsumer`` beside librdkafka's own ``produce()``.

``python -m benchmarks.kafka`` starts a broker in memory and prints, for both ways, the CPU time of
a call in its thread, and how many events a second reach the broker, acknowledged.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
import uuid
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec
from confluent_kafka import KafkaError, Message, Producer

from growingio_tracker import GrowingTracker, KafkaConsumer, QueueLimits
from growingio_tracker.kafka.client import Client
from growingio_tracker.kafka.handle import producer_configuration
from growingio_tracker.kafka.topic import Header, Origin, TopicRecord, headers_of
from growingio_wire.table import Kind

ROOT = Path(__file__).parents[1]
HOUR_S = 3600
CALLS = 5_000
ROUNDS = 20
EVENTS = 300_000
DEADLINE_S = 120.0
MOST_NS = 2_000
"""What a call may take beyond librdkafka's own."""
ATTRIBUTES = {"amount": 12.5, "channel": "web", "coupon": "ABCD"}


class CallCosts(NamedTuple):
    """Nanoseconds of CPU time that a call takes in its thread, the least of many rounds."""

    ours: float
    librdkafka: float


class Rates(NamedTuple):
    """Acknowledged events a second, and the CPU seconds of this process for 100,000 of them."""

    events_per_s: float
    cpu_s: float


@contextmanager
def a_topic(given: str | None = None) -> Generator[tuple[str, str], None, None]:
    """Yield the address of brokers, and a topic that is new there.

    :param given: an address; ``None`` starts a broker in memory.
    """
    topic = f"benchmark-{uuid.uuid4().hex[:8]}"
    if given is not None:
        yield given, topic
        return
    support = str(ROOT / "tests" / "support")
    if support not in sys.path:
        sys.path.insert(0, support)
    from brokers import running_broker

    with running_broker() as broker:
        broker.make_topic(topic)
        yield broker.address, topic


class Ours:
    """A consumer whose events wait until they are flushed."""

    def __init__(self, brokers: str, topic: str, *, flush_after: float = HOUR_S) -> None:
        self.consumer = KafkaConsumer(
            *("p", "d", "http://127.0.0.1:9"),
            bootstrap_servers=brokers,
            topic=topic,
            flush_after=flush_after,
            max_size=2 * CALLS if flush_after == HOUR_S else 1000,
            queue=QueueLimits(overflow="block", block_s=DEADLINE_S),
        )
        self._track = GrowingTracker.consumer(self.consumer).track_custom_event

    def call(self) -> None:
        """Track one event."""
        self._track("order_paid", login_user_id="user-1", attributes=ATTRIBUTES)

    def finish(self) -> None:
        """Return when the broker has everything."""
        assert self.consumer.flush(DEADLINE_S), self.consumer.stats()


class Librdkafka:
    """A producer of the same options, which is given the ready bytes of such an event."""

    def __init__(self, brokers: str, topic: str) -> None:
        self._producer = Producer(producer_configuration(Client(brokers)))
        self._topic = topic
        self._errors: list[KafkaError] = []
        self._value = _record()
        origin = Origin(Kind.EVENT, "p", "d")
        self._headers: list[Header] = headers_of(TopicRecord(origin, b"", "0" * 40))

    def call(self) -> None:
        """Produce one event."""
        self._producer.produce(
            self._topic, self._value, b"user-1", on_delivery=self._note, headers=self._headers
        )

    def finish(self) -> None:
        """Return when the broker has everything."""
        assert self._producer.flush(DEADLINE_S) == 0
        assert not self._errors, self._errors[0]

    def _note(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._errors.append(error)


def _record() -> bytes:
    fields = {
        "eventType": "CUSTOM", "timestamp": 1795966627203, "eventName": "order_paid",
        "userId": "user-1", "attributes": ATTRIBUTES, "projectKey": "p", "dataSourceId": "d",
        "sdkVersion": "2.0.0", "platform": "python",
    }  # fmt: skip
    return msgspec.json.encode(fields)


def call_costs(brokers: str, topic: str, rounds: int = ROUNDS, calls: int = CALLS) -> CallCosts:
    """Measure both ways in turn, so that a busy machine slows down both."""
    ours, theirs = Ours(brokers, topic), Librdkafka(brokers, topic)
    pairs = [(_round(ours, calls), _round(theirs, calls)) for _ in range(rounds)]
    ours.consumer.close()
    return CallCosts(min(one for one, _ in pairs), min(one for _, one in pairs))


def _round(subject: Ours | Librdkafka, calls: int) -> float:
    call: Callable[[], None] = subject.call
    call()
    gc.collect()
    gc.disable()
    begin = time.thread_time_ns()
    for _ in range(calls):
        call()
    spent = time.thread_time_ns() - begin
    gc.enable()
    subject.finish()
    return spent / calls


def rates(subject: Ours | Librdkafka, events: int) -> Rates:
    """Measure how fast events reach the broker, from the first call to the last acknowledgement."""
    subject.call()
    subject.finish()
    begin, cpu = time.perf_counter(), time.process_time()
    for _ in range(events):
        subject.call()
    subject.finish()
    took, spent = time.perf_counter() - begin, time.process_time() - cpu
    return Rates(events / took, spent / events * 100_000)


def _tell(name: str, found: Rates) -> None:
    print(f"{name}: {found.events_per_s:,.0f} events/s, {found.cpu_s:.2f} s of CPU per 100,000")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kafka", description=__doc__)
    parser.add_argument("--brokers", help="the address of brokers, instead of one in memory")
    parser.add_argument("--events", type=int, default=EVENTS)
    asked = parser.parse_args()
    with a_topic(asked.brokers) as where:
        costs = call_costs(*where)
        more = costs.ours - costs.librdkafka
        print(f"call: {costs.ours:,.0f} ns; librdkafka's own produce(): {costs.librdkafka:,.0f} ns")
        print(f"a call takes {more:+,.0f} ns; it may take {MOST_NS:+,} ns")
        _tell("KafkaConsumer", rates(Ours(*where, flush_after=0.05), asked.events))
        _tell("librdkafka alone", rates(Librdkafka(*where), asked.events))
    return int(more > MOST_NS)


if __name__ == "__main__":
    sys.exit(main())

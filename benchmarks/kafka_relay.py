"""What a relay of a Kafka topic delivers: events a second of one core, and its memory.

``python -m benchmarks.kafka_relay`` puts events on a topic of a broker in memory, and lets a relay
in a process of its own deliver them to the local sink. Broker and sink share the machine, so that
the rate of one core is that of the relay's own processor time, librdkafka's threads included.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path
from typing import Final, NamedTuple

from confluent_kafka import Producer

from benchmarks.environments import ROOT
from benchmarks.kafka import a_topic
from benchmarks.measure import running_sink
from growingio_tracker.kafka.client import Client
from growingio_tracker.kafka.options import RelayOptions
from growingio_tracker.kafka.relay import Relay
from growingio_tracker.kafka.topic import Origin, TopicRecord, headers_of
from growingio_wire.table import Kind

EVENTS: Final = 500_000
AIM_EVENTS_S: Final = 100_000
MOST_GROWTH: Final = 1.25
"""How much more memory the second half of a run may take than the first."""
_SAMPLE_S: Final = 0.1
_QUICK: Final = {"session.timeout.ms": 2000, "heartbeat.interval.ms": 300}
_RECORD: Final = json.dumps(
    {
        "eventType": "CUSTOM",
        "timestamp": 1_700_000_000_000,
        "eventName": "order_paid",
        "userId": "u1234567",
        "attributes": {"sku": "sku-12", "price": "15.5", "count": "2", "note": "some text here"},
        "projectKey": "91eaf9b283361032",
        "dataSourceId": "a390a68c7b25638c",
        "platform": "python",
    }
).encode()


class Relayed(NamedTuple):
    """What a run came to.

    :param cpu_s: processor time of the relay's process.
    :param memory: megabytes, sampled in even intervals.
    """

    events: int
    wall_s: float
    cpu_s: float
    memory: list[float]

    @property
    def growth(self) -> float:
        """The most of the second half by the most of the first, without the start."""
        kept = self.memory[len(self.memory) // 4 :]
        middle = max(1, len(kept) // 2)
        return max(kept[middle:] or kept) / max(kept[:middle])


def fill(brokers: str, topic: str, events: int) -> None:
    """Put events on a topic."""
    origin = Origin(Kind.EVENT, "91eaf9b283361032", "a390a68c7b25638c")
    headers = headers_of(TopicRecord(origin, b"", "0" * 40))
    many = {"linger.ms": 50, "batch.num.messages": 5000, "queue.buffering.max.messages": 1_000_000}
    producer = Producer({"bootstrap.servers": brokers, **many})
    for number in range(events):
        producer.produce(topic, _RECORD, b"u%d" % (number % 1000), headers=headers)
        if number % 1000 == 0:
            producer.poll(0)
    assert producer.flush(120) == 0


def relay(brokers: str, topic: str, server: str, events: int) -> Relayed:
    """Deliver in this process, and measure from the first delivered event to the last."""
    running = Relay(
        RelayOptions(server_host=server, topic=topic, group="benchmark"), Client(brokers, _QUICK)
    )
    thread = threading.Thread(target=running.run)
    thread.start()
    while not (begun := running.stats().delivered):
        time.sleep(0.001)
    memory: list[float] = []
    wall, cpu = time.perf_counter(), time.process_time()
    while running.stats().delivered < events:
        memory.append(_resident_mb())
        time.sleep(_SAMPLE_S)
    took = Relayed(events - begun, time.perf_counter() - wall, time.process_time() - cpu, memory)
    running.end()
    thread.join()
    return took


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def in_a_process(brokers: str, topic: str, server: str, events: int) -> Relayed:
    """Do the same in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.kafka_relay", "--events", str(events)]
    done = subprocess.run(
        [*command, "--child", brokers, topic, server],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return Relayed(*json.loads(done.stdout))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kafka_relay", description=__doc__)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        brokers, topic, server = asked.child
        print(json.dumps(relay(brokers, topic, server, asked.events)))
        return 0
    with a_topic() as (brokers, topic), running_sink() as server:
        urllib.request.urlopen(f"{server}/?marker=order_paid&answer=ok", timeout=10).close()
        fill(brokers, topic, asked.events)
        found = in_a_process(brokers, topic, server, asked.events)
        with urllib.request.urlopen(server, timeout=10) as answer:
            arrived = json.load(answer)[0]
    assert arrived == asked.events, arrived
    per_core = found.events / found.cpu_s
    print(
        f"{found.events / found.wall_s:,.0f} events/s, {per_core:,.0f} on one core "
        f"({found.cpu_s / found.events * 1e6:.1f} µs each), load {os.getloadavg()[0]:.1f}"
    )
    print(f"memory: {min(found.memory):.0f} to {max(found.memory):.0f} MB, ×{found.growth:.2f}")
    return int(per_core < AIM_EVENTS_S or found.growth > MOST_GROWTH)


if __name__ == "__main__":
    sys.exit(main())

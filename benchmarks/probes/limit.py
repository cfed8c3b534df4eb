"""What this machine allows at best: encoding alone, and posting prepared bodies alone."""

from __future__ import annotations

import socket
import time
from urllib.parse import urlsplit

import msgspec
from benchmarks.clients import ATTRIBUTES, NAME, USER, Client
from benchmarks.probes.support import SinkCounts, Task, run

from growingio_tracker.delivery.binary import ProtobufParser
from growingio_wire.table import Kind

BATCH = 500


class Event(msgspec.Struct):
    """An event with the keys of the wire."""

    eventName: str  # noqa: N815
    userId: str  # noqa: N815
    dataSourceId: str  # noqa: N815
    eventType: str  # noqa: N815
    timestamp: int
    attributes: dict[str, str | int | float]


def probe(task: Task) -> dict[str, float]:
    SinkCounts(task.server).start(Client(one_event, one_event))
    encode = encode_s(task.events)
    post = post_s(task.server, task.events // BATCH)
    return {
        "encode_us": encode * 1e6,
        "post_us": post * 1e6,
        "protobuf_us": protobuf_s(task.events) * 1e6,
        "per_cpu_s": 1 / (encode + post / BATCH),
    }


def one_event() -> Event:
    return Event(NAME, USER, "d", "CUSTOM", time.time_ns() // 1_000_000, ATTRIBUTES)  # type: ignore[arg-type]


def encode_s(events: int) -> float:
    """Return the CPU seconds that making and encoding one event takes."""
    encode, begin = msgspec.json.Encoder().encode, time.process_time()
    for _ in range(events):
        encode(one_event())
    return (time.process_time() - begin) / events


def protobuf_s(events: int) -> float:
    """Return the CPU seconds that this SDK takes to make protobuf of one record."""
    records = [msgspec.json.encode(one_event())] * events
    begin = time.process_time()
    ProtobufParser().encode_records(Kind.EVENT, records, 0)
    return (time.process_time() - begin) / events


def post_s(server: str, requests: int) -> float:
    """Return the CPU seconds that one exchange of a whole batch takes on a socket."""
    body = b"[" + b",".join([msgspec.json.encode(one_event())] * BATCH) + b"]"
    request = b"POST / HTTP/1.1\r\nhost: sink\r\ncontent-length: %d\r\n\r\n" % len(body) + body
    address = urlsplit(server)
    assert address.hostname is not None
    assert address.port is not None
    with socket.create_connection((address.hostname, address.port)) as connection:
        begin = time.process_time()
        for _ in range(requests):
            connection.sendall(request)
            connection.recv(4096)
        return (time.process_time() - begin) / requests


if __name__ == "__main__":
    run(probe)

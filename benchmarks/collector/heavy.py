"""Bodies that take long to read, by name, and how long each holds other clients up."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from benchmarks.collector.load import Client, Load
from benchmarks.collector.measure import Server, server

_SEED_SIZE = 9_000_000
_PAUSE_S = 0.005
_TARGET = "/v3/projects/p/collect?stm=1"


def _event(**changes: object) -> dict[str, object]:
    now = time.time_ns() // 1_000_000
    return {
        "eventType": "CUSTOM",
        "eventName": "heavy",
        "userId": "u",
        "timestamp": now,
        "dataSourceId": "d",
        **changes,
    }


def _snappy_bomb(size: int) -> bytes:
    """Return a block of one bracket, repeated by the densest copies."""
    declared, left = bytearray(), size
    while left >= 0x80:
        declared.append(left & 0x7F | 0x80)
        left >>= 7
    copy = bytes([63 << 2 | 2, 1, 0])
    return bytes([*declared, left, 0, ord("[")]) + copy * (size // 64)


def _printed(number: int) -> dict[str, object]:
    """Return an event with much to say about each of its values."""
    return _event(attributes={f"k{number}_{i}": f"[{i}, None]" for i in range(20)})


def bodies() -> Iterator[tuple[str, bytes, dict[str, str]]]:
    """Yield what each is, the body, and its headers."""
    many = b",".join(b'"%d":1' % key for key in range(199_000))
    yield "199,000 attributes", b'[{"attributes":{' + many + b"}}]", {}
    many = b",".join(b'"%d":1' % key for key in range(700_000))
    yield "700,000 attributes", b'[{"attributes":{' + many + b"}}]", {}
    yield "5,000 printed events", json.dumps([_printed(i) for i in range(5000)]).encode(), {}
    different = [_event(eventName=f"e{i}", attributes={"a": i}) for i in range(5000)]
    yield "5,000 names", json.dumps(different).encode(), {}
    numbers = b",".join(b'{"a":%s}' % (b"9" * 1900) for _ in range(5000))
    yield "5,000 long numbers", b"[" + numbers + b"]", {}
    yield "one long number", b'[{"a":' + b"9" * 9_900_000 + b"}]", {}
    yield "NaN", b"[" + b"NaN," * 240_000 + b"1]", {}
    yield "deep", b"[" * 5_000_000, {}
    yield "commas", b"[" + b"1," * 4_900_000 + b"1]", {}
    yield "one string", b'[{"a":"' + b"x" * 9_900_000 + b'"}]', {}
    yield "escapes", b'[{"attributes":{"a":"' + rb"\u0041" * 1_600_000 + b'"}}]', {}
    yield "cut off", b'[{"a":"' + b"x" * 9_900_000, {}
    protobuf = {"Content-Type": "application/protobuf"}
    yield "protobuf fields", b"\x0a\x00" * 3_000_000, protobuf
    yield "protobuf attributes", b"\x0a\xfe\xff\xff\x03" + b"\xc2\x01\x00" * 2_796_202, protobuf
    yield "snappy", _snappy_bomb(15_900_000), {"X-Compress-Codec": "2"}
    yield "LZ4", b"\x1f[\x01\x00" + b"\xff" * 9_000_000 + b"\x00", {"X-Compress-Codec": "3"}
    yield "LZ4 steps", b"\x10[\x01\x00" * 2_000_000, {"X-Compress-Codec": "3"}
    noise = os.urandom(_SEED_SIZE)
    for codec in ("1", "2", "3"):
        yield f"noise as codec {codec}", noise, {"X-Compress-Codec": codec}
    yield "noise, encrypted", noise, {"X-Crypt-Codec": "1"}
    yield "noise", noise, {}


class Hold(NamedTuple):
    """The longest wait of another client: its seconds, and those of the collector's processor.

    The latter are what the wait takes on an idle machine, and what a busy one shows, too.
    """

    wait_s: float
    cpu_s: float


class _Probe:
    """A client that sends one event again and again, and notes the longest answer."""

    def __init__(self, running: Server) -> None:
        self._server = running
        self._client = Client(running.port)
        self._ending = threading.Event()
        self.longest = Hold(0.0, 0.0)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        load = Load()
        while not self._ending.wait(_PAUSE_S):
            [request] = load.requests(1, 1)
            cpu_s = self._server.cpu_s()
            now = Hold(self._client.send([request]), self._server.cpu_s() - cpu_s)
            self.longest = Hold(*map(max, self.longest, now))

    def stop(self) -> None:
        self._ending.set()
        self._thread.join()
        self._client.close()


@contextmanager
def _probing(running: Server) -> Iterator[_Probe]:
    probe = _Probe(running)
    try:
        yield probe
    finally:
        probe.stop()


def _post(port: int, body: bytes, headers: dict[str, str]) -> None:
    fields = {"Host": "127.0.0.1", "Connection": "close", "Content-Length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in {**fields, **headers}.items())
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(f"POST {_TARGET} HTTP/1.1\r\n{head}\r\n".encode() + body)
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 204"), answer


def holds() -> dict[str, Hold]:
    """Return for how long each body holds another client up, at the longest."""
    found: dict[str, Hold] = {}
    with server() as running:
        for name, body, headers in bodies():
            with _probing(running) as probe:
                _post(running.port, body, headers)
            found[name] = probe.longest
    return found

"""Recorded clients once more, byte for byte, and the odd requests that they can make."""

import base64
import json
import socket
import time
from collections.abc import Iterator
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import cramjam
import pytest

from growingio_collector import Collector, Event
from lz_packing import as_uri, as_utf16
from tree import CAPTURES

CAPTURED = sorted(CAPTURES.glob("*.json"))
CLIENTS = {
    "go-direct": {"Go", "Go 1.0.1"},
    "java-gdp": {"Java"},
    "minip-4.6.0-wechat-compress": {"Mini-program 4.6.0"},
    "minip-4.6.0-wechat-plain": {"Mini-program 4.6.0"},
    "php-op-http": {"PHP"},
    "python-1.0.5-json": {"Python", "Python 1.0.5"},
    "python-1.0.5-protobuf": {"Python", "Python 1.0.5"},
    "python-1.0.5-snappy_crypt": {"Python", "Python 1.0.5"},
    "qt-1.0.0": {"Qt 1.0.0"},
    "web-3.3-beacon-plain": {"Web 3.3.19"},
    "web-4.3.1-beacon": {"Web 4.3.1"},
    "web-4.3.1-beacon-plain": {"Web 4.3.1"},
    "web-4.3.1-image": {"Web 4.3.1"},
}
"""Items and user mappings do not tell the release of Go and Python."""

NOW_MS = time.time_ns() // 1_000_000
EVENT = {
    "eventType": "CUSTOM",
    "eventName": "支付&stm=1",
    "timestamp": NOW_MS,
    "userId": "u1",
    "dataSourceId": "d1",
    "attributes": {"a": "x&data=y"},
}
TEXT = json.dumps([EVENT], ensure_ascii=False, separators=(",", ":"))
COLLECT = "/v3/projects/p1/collect"
SENT = f"{COLLECT}?stm={NOW_MS}"


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as running:
        yield running


def _exchange(collector: Collector, method: str, request: bytes) -> tuple[int, dict[str, str]]:
    with socket.create_connection(("127.0.0.1", collector.port), timeout=60) as client:
        client.sendall(request)
        with HTTPResponse(client, method=method) as answer:
            answer.begin()
            answer.read()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}


def _recorded(request: dict[str, Any]) -> bytes:
    lines = [f"{request['method']} {request['target']} {request['http_version']}"]
    lines += [f"{name}: {value}" for name, value in request["headers"]]
    body = base64.b64decode(request["body_base64"])
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def _get(collector: Collector, target: str) -> Event:
    head = f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode("latin-1")
    status, headers = _exchange(collector, "GET", head)
    assert (status, headers["content-type"]) == (200, "image/gif")
    [event] = collector.events(limit=1)
    return event


def _post(collector: Collector, body: bytes, target: str = COLLECT, headers: str = "") -> Event:
    head = f"POST {target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n{headers}"
    status, _ = _exchange(collector, "POST", head.encode() + b"\r\n" + body)
    assert status == 204
    [event] = collector.events(limit=1)
    return event


@pytest.mark.parametrize("path", CAPTURED, ids=lambda path: path.stem)
def test_client(collector: Collector, path: Path) -> None:
    """Every recorded request is answered 204 (images 200), read as declared, and named."""
    count = 0
    for request in json.loads(path.read_text("utf-8"))["requests"]:
        status, _ = _exchange(collector, request["method"], _recorded(request))
        count += request["target"] != "/"
        assert status == (204 if request["method"] == "POST" else 200)
    requests = collector.requests()
    assert len(requests) == count
    assert {request.client for request in requests} == CLIENTS[path.stem]
    assert all(step.ok for request in requests for step in request.steps)
    unread = [request.reason.code for request in requests if request.reason]
    assert unread == (["empty_body"] if path.stem == "php-op-http" else [])


class TestImages:
    """The Web SDK's image requests."""

    def test_compressed(self, collector: Collector) -> None:
        """LZ-String in the URI alphabet is read from the query."""
        data = as_uri(TEXT).decode()
        assert _get(collector, f"{SENT}&compress=11&data={data}").message == EVENT

    def test_plus_became_a_space(self, collector: Collector) -> None:
        """The alphabet's plus is read however a tool on the way wrote it."""
        data = as_uri(TEXT).decode().replace("+", "%20").replace("-", "%2D")
        assert _get(collector, f"{SENT}&compress=11&data={data}").message == EVENT

    def test_plain(self, collector: Collector) -> None:
        """JSON that is escaped as a browser does is read to its end, ampersands included."""
        data = "".join(c if " " < c < "\x7f" and c != '"' else _escaped(c) for c in TEXT)
        event = _get(collector, f"{SENT}&compress=0&data={data}")
        assert (event.message, event.verdict) == (EVENT, "warn")

    @pytest.mark.parametrize(
        ("data", "compress"), [(as_uri(TEXT).decode(), "11"), ('[{"eventName":"a"}]', "0")]
    )
    def test_data_first(self, collector: Collector, data: str, compress: str) -> None:
        """Web 3.3's order, data before stm and compress, is read too."""
        event = _get(collector, f"{COLLECT}?data={data}&stm=1&compress={compress}")
        assert event.kind == "event"
        assert event.name in ("a", EVENT["eventName"])

    def test_without_data(self, collector: Collector) -> None:
        """An image request without data is bad for that reason."""
        event = _get(collector, f"{SENT}&compress=0&mydata=[]")
        assert [problem.code for problem in event.issues] == ["no_data"]

    def test_items(self, collector: Collector) -> None:
        """There are no image requests for items."""
        head = b"GET /projects/p1/collect/item?data=[] HTTP/1.1\r\nHost: localhost\r\n\r\n"
        assert _exchange(collector, "GET", head)[0] == 405


def _codes(event: Event) -> list[str]:
    return [problem.code for problem in event.issues]


def _escaped(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode())


class TestCompressions:
    """Compressions of clients of which no recording exists."""

    def test_lz4(self, collector: Collector) -> None:
        """iOS's LZ4 with XOR is read with the key from stm, not from its X-Timestamp."""
        block = bytes(cramjam.lz4.compress_block(TEXT.encode(), store_size=False))
        masked = bytes(byte ^ (NOW_MS & 0xFF) for byte in block)
        headers = "X-Compress-Codec: 3\r\nX-Crypt-Codec: 1\r\nX-Timestamp: 1700000000999\r\n"
        event = _post(collector, masked, SENT, headers)
        assert (event.message, event.verdict) == (EVENT, "warn")

    def test_packing_by_header(self, collector: Collector) -> None:
        """With both, X-Compress-Codec and not compress says how LZ-String is packed."""
        headers = "X-Compress-Codec: 1\r\n"
        event = _post(collector, as_utf16(TEXT), f"{SENT}&compress=1", headers)
        assert (event.message, event.verdict) == (EVENT, "warn")

    def test_key_from_header(self, collector: Collector) -> None:
        """Without stm the key is taken from X-Timestamp, with a warning."""
        masked = bytes(byte ^ 0x7B for byte in TEXT.encode())
        headers = f"X-Crypt-Codec: 1\r\nX-Timestamp: {0x1007B}\r\n"
        event = _post(collector, masked, headers=headers)
        assert event.message == EVENT
        assert "xor_key_from_header" in _codes(event)


def test_expect_continue(collector: Collector) -> None:
    """A client that waits for 100 Continue gets it, and then its answer."""
    body = TEXT.encode()
    head = (
        f"POST {COLLECT} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
        "Expect: 100-continue\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", collector.port), timeout=60) as client:
        client.sendall(head.encode())
        interim = client.recv(4096)
        client.sendall(body)
        final = client.recv(4096)
    assert interim.startswith(b"HTTP/1.1 100 ")
    assert final.startswith(b"HTTP/1.1 204 ")
    assert [event.message for event in collector.events()] == [EVENT]


@pytest.mark.parametrize(
    "path", [COLLECT, "/projects/p1/collect/item", "/projects/p1/collect/user-mapping"]
)
def test_preflight(collector: Collector, path: str) -> None:
    """Every collect path allows a page what its preflight asks for, a private network too."""
    head = (
        f"OPTIONS {path} HTTP/1.1\r\nHost: localhost\r\nOrigin: https://shop.example\r\n"
        "Access-Control-Request-Method: POST\r\n"
        "Access-Control-Request-Headers: content-type,x-compress-codec\r\n"
        "Access-Control-Request-Private-Network: true\r\n\r\n"
    )
    status, headers = _exchange(collector, "OPTIONS", head.encode())
    assert status == 204
    assert headers["access-control-allow-origin"] == "https://shop.example"
    assert headers["access-control-allow-credentials"] == "true"
    assert headers["access-control-allow-headers"] == "content-type,x-compress-codec"
    assert headers["access-control-allow-private-network"] == "true"
    assert headers["vary"] == "Origin"


@pytest.mark.parametrize("body", [b"", b"[{", b"\xff" * 50])
def test_malformed_for_a_page(collector: Collector, body: bytes) -> None:
    """What cannot be read is answered 204, and the page may read that."""
    head = (
        f"POST {COLLECT}?stm=1&compress=1 HTTP/1.1\r\nHost: localhost\r\n"
        f"Origin: https://shop.example\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    status, headers = _exchange(collector, "POST", head.encode() + body)
    assert status == 204
    assert headers["access-control-allow-origin"] == "https://shop.example"
    assert collector.totals().bad == 1

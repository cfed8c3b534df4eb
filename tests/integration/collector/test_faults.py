"""Answers that go wrong on request, as clients see them."""

import logging
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
import urllib3

from chinese import assert_in_both_languages
from delivering.waiting import until
from growingio_collector import Collector
from growingio_tracker import GrowingTracker
from growingio_tracker.consumers.buffered import AsyncBufferedConsumer
from growingio_tracker.exceptions import GrowingParamException
from posted import event

TARGET = "/v3/projects/p1/collect?stm=1"
GUARD = {"X-Gio-Collector": "1"}


@pytest.fixture
def collector(caplog: pytest.LogCaptureFixture) -> Iterator[Collector]:
    """Run a collector of its own, which must log nothing."""
    with caplog.at_level(logging.INFO, "growingio_collector"), Collector() as running:
        yield running
    own = [one for one in caplog.get_records("call") if one.name.endswith(".collector")]
    assert own == []


def _exchange(collector: Collector, method: str = "POST", target: str = TARGET) -> bytes:
    """Send one event by hand and return every byte that comes until the connection ends."""
    body = b'[{"eventType":"CUSTOM","eventName":"a","timestamp":1,"userId":"u"}]'
    head = f"{method} {target} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", collector.port), 10) as connection:
        connection.sendall(head.encode() + body)
        connection.settimeout(1)
        received = b""
        try:
            while piece := connection.recv(65536):
                received += piece
        except TimeoutError:
            return received + b"<open>"
        return received


def _status(collector: Collector, **headers: str) -> int:
    url = collector.url + TARGET
    return urllib3.request("POST", url, json=[], headers=headers, retries=False).status


def _call(collector: Collector, method: str, **arguments: Any) -> dict[str, Any]:
    url = f"{collector.url}/api/v1/faults"
    answer = urllib3.request(method, url, headers=GUARD, retries=False, **arguments)
    return dict(answer.json(), http=answer.status)


def test_status(collector: Collector) -> None:
    """The next requests get the status, with CORS headers, are stored with it, and read."""
    collector.faults.fail_next(2, status=500)
    url = collector.url + TARGET
    answer = urllib3.request("POST", url, json=[event("a")], headers={"Origin": "http://x"})
    assert answer.status == 500
    assert answer.headers["access-control-allow-origin"] == "http://x"
    assert [_status(collector), _status(collector)] == [500, 204]
    assert [request.answered for request in collector.requests()] == [500, 500, 204]
    assert collector.events()[0].name == "a"


def test_usual_failure(collector: Collector) -> None:
    """Without options the next request is answered 503."""
    collector.faults.fail_next()
    assert [_status(collector), _status(collector)] == [503, 204]


@pytest.mark.parametrize("status", [200, 204, 304, 599])
def test_any_status(collector: Collector, status: int) -> None:
    """Statuses with and without a body leave the connection usable."""
    collector.faults.fail_next(1, status=status)
    with urllib3.HTTPConnectionPool("127.0.0.1", collector.port, maxsize=1) as pool:
        assert [pool.request("POST", TARGET, json=[]).status for _ in range(2)] == [status, 204]
        assert pool.num_connections == 1


def test_drop(collector: Collector) -> None:
    """A dropped request gets not one byte, and is stored as not answered."""
    collector.faults.fail_next(1, drop=True)
    assert _exchange(collector) == b""
    assert [request.answered for request in collector.requests()] == [0]
    assert [event.name for event in collector.events()] == ["a"]
    assert _exchange(collector).startswith(b"HTTP/1.1 204")


def test_truncate(collector: Collector) -> None:
    """A truncated answer is shorter than it announces, and the connection ends."""
    collector.faults.fail_next(1, truncate=True, status=500)
    head, _, body = _exchange(collector).partition(b"\r\n\r\n")
    [length] = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")]
    assert head.startswith(b"HTTP/1.1 500")
    assert 0 < len(body) < int(length.split(b":")[1])
    assert not body.endswith(b"<open>")
    assert [request.answered for request in collector.requests()] == [500]


def test_delay(collector: Collector) -> None:
    """A delayed answer is the usual one, later, and holds up no other request."""
    collector.faults.fail_next(1, delay_ms=2000)
    begun = time.monotonic()
    with socket.create_connection(("127.0.0.1", collector.port), 10) as slow:
        slow.sendall(f"POST {TARGET} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode())
        until(lambda: len(collector.requests()) == 1)
        assert _status(collector) == 204
        assert time.monotonic() - begun < 2
        assert slow.recv(100).startswith(b"HTTP/1.1 204")
    assert time.monotonic() - begun >= 2


def test_image(collector: Collector) -> None:
    """An image request fails like any other."""
    collector.faults.fail_next(1, status=503)
    assert urllib3.request("GET", f"{collector.url}{TARGET}&data=a", retries=False).status == 503


def test_own_pages_are_spared(collector: Collector) -> None:
    """The API and the health check go on while everything collected fails."""
    collector.faults.set(status=503)
    assert urllib3.request("GET", f"{collector.url}/healthy-check").status == 200
    assert _call(collector, "GET")["hit"] == 0
    assert _status(collector) == 503
    collector.faults.clear()
    assert _status(collector) == 204


def test_api(collector: Collector) -> None:
    """What is put is in force, counts down, is shown, and ends with DELETE."""
    put = _call(collector, "PUT", json={"next": 2, "status": 503, "path": "/collect"})
    assert (put["http"], put["active"], put["next"], put["hit"]) == (200, True, 2, 0)
    assert _status(collector) == 503
    shown = _call(collector, "GET")
    assert (shown["next"], shown["hit"], shown["status"]) == (1, 1, 503)
    assert _call(collector, "DELETE")["active"] is False
    assert _status(collector) == 204
    assert _call(collector, "GET")["active"] is False


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "status: nothing would go wrong"),
        (b"[", "The body cannot be used"),
        (b"[]", "The body cannot be used"),
        (b'{"status": 100}', "status: "),
        (b'{"status": "503"}', "$.status"),
        (b'{"stauts": 503}', "`stauts`"),
        (b'{"drop": true, "truncate": true}', "truncate: "),
    ],
)
def test_wrong_put(collector: Collector, body: bytes, said: str) -> None:
    """A body that cannot be used is refused by name, and changes nothing."""
    refused = _call(collector, "PUT", body=body)
    assert (refused["http"], _status(collector)) == (400, 204)
    assert said in refused["error"]
    assert_in_both_languages(refused)
    assert "Known are next, percent, status" in refused["error"]


def test_guarded(collector: Collector) -> None:
    """No foreign page can make the collector fail."""
    for method in ("PUT", "DELETE"):
        answer = urllib3.request(method, f"{collector.url}/api/v1/faults", body=b"{}")
        assert answer.status == 403


def test_wrong_options(collector: Collector) -> None:
    """Options that cannot be used are refused by name, in Python too."""
    with pytest.raises(GrowingParamException, match=r"^next: "):
        collector.faults.fail_next(0)
    with pytest.raises(GrowingParamException, match=r"^status: nothing"):
        collector.faults.set()
    assert _status(collector) == 204


@pytest.mark.parametrize(
    "wrong",
    [{"status": 503}, {"delay_ms": 400}, {"drop": True}, {"truncate": True, "status": 500}],
    ids=["status", "delay", "drop", "truncate"],
)
def test_our_client_delivers(wrong: Any) -> None:
    """AsyncBufferedConsumer delivers everything in the end when 30 % of the answers go wrong."""
    with Collector() as collector:
        collector.faults.set(percent=30, seed=7, **wrong)
        consumer = AsyncBufferedConsumer(
            "p1",
            "d1",
            collector.url,
            flush_after=0,
            max_size=5,
            request_timeout=0.2,
            retry_backoff_factor=0.01,
            close_timeout_s=30,
        )
        with GrowingTracker.consumer(consumer) as tracker:
            for number in range(100):
                tracker.track_custom_event(f"e{number}", login_user_id="u")
        names = {event.name for event in collector.events()}
        refused = [request for request in collector.requests() if request.answered != 204]
        stats = consumer.stats()
        hit = _call(collector, "GET")["hit"]
    assert names == {f"e{number}" for number in range(100)}
    assert (stats.delivered, stats.pending) == (100, 0)
    assert hit > 0
    assert bool(refused) is ("delay_ms" not in wrong)

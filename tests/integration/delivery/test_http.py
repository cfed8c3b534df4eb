"""D1, D5, D7 against a real server that behaves badly."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator

import pytest

from delivering.rig import track
from delivering.servers import BlackHole, Server, refused_url, reply, then_close
from delivering.waiting import DEADLINE_S, Running, in_threads, until
from growingio_tracker import (
    AsyncBufferedConsumer,
    BufferedConsumer,
    DefaultConsumer,
    Problem,
    RejectedError,
    TransportError,
)
from growingio_tracker.transport.base import Request
from growingio_tracker.transport.http import HttpTransport


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


def consumer(url: str, retry_limit: int = 0, timeout: float = 5) -> DefaultConsumer:
    return DefaultConsumer(
        "p", "d", url, retry_limit=retry_limit, request_timeout=timeout, retry_backoff_factor=0
    )


def post(transport: HttpTransport, url: str, timeout_s: float = 5.0) -> int:
    return transport.exchange(Request(f"{url}/path?stm=1", b"[]", {"a": "b"}, timeout_s)).status


def test_request_as_sent(server: Server) -> None:
    """A request has the path and query, the headers and the body that it was given."""
    transport = HttpTransport(server.url)
    assert post(transport, server.url) == 204
    [request] = server.received
    assert (request.method, request.target, request.body) == ("POST", "/path?stm=1", b"[]")
    assert request.headers["a"] == "b"
    assert request.headers["user-agent"].startswith("growingio-python/")
    transport.close()


def test_d1_counts(server: Server) -> None:
    """503, 503, 200 is three requests on the wire and one delivery."""
    server.answer_next(503, 503, 200)
    with consumer(server.url, retry_limit=3) as one:
        track(one, "a")
        assert one.stats().delivered == 1
    assert server.names == ["a", "a", "a"]


@pytest.mark.parametrize(
    "answer",
    [
        reply(200, body=b"{}"),
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        reply(204),
        reply(503, body=b"x" * 1000),
    ],
    ids=["length", "chunked", "empty", "error"],
)
def test_connections_are_kept_alive(server: Server, answer: bytes) -> None:
    """One connection serves many requests, however the server marks the end of its answers."""
    server.answer_next(*[answer] * 5)
    transport = HttpTransport(server.url)
    for _ in range(5):
        post(transport, server.url)
    assert server.connections == 1
    transport.close()


class TestDeadConnections:
    """D7"""

    def test_d7_closed_while_idle(self, server: Server) -> None:
        """A kept-alive connection that the server has closed is replaced without using a retry."""
        with consumer(server.url) as one:
            for name in "abc":
                track(one, name)
                server.drop_connections()
            assert (one.stats().delivered, one.stats().retries) == (3, 0)
        assert server.names == ["a", "b", "c"]

    def test_d7_closed_instead_of_an_answer(self, server: Server) -> None:
        """A kept-alive connection that dies under the request costs no retry, but a repeat."""
        server.answer_next(200, None, 200)
        with consumer(server.url) as one:
            track(one, "a")
            track(one, "b")
            assert (one.stats().delivered, one.stats().requests) == (2, 2)
        assert [(r.names, r.connection) for r in server.received] == [
            (["a"], 1),
            (["b"], 1),
            (["b"], 2),
        ]

    def test_d7_only_once(self, server: Server) -> None:
        """When the new connection dies as well, that is a failure."""
        server.answer_next(200, None, None)
        with consumer(server.url) as one:
            track(one, "a")
            with pytest.raises(TransportError):
                track(one, "b")
        assert len(server.received) == 3

    @pytest.mark.parametrize("before", [[], [reply(200, "connection: close")]])
    def test_d7_a_new_connection_that_dies(self, server: Server, before: list[bytes]) -> None:
        """A connection that dies and was not a kept-alive one is a failure and uses a retry."""
        server.answer_next(*[then_close(one) for one in before], None)
        with consumer(server.url) as one:
            for _ in before:
                track(one, "before")
            with pytest.raises(TransportError):
                track(one, "a")
        assert len(server.received) == len(before) + 1

    def test_d7_many_threads(self, server: Server) -> None:
        """Threads whose connections all die at once deliver everything, without a retry."""
        with consumer(server.url) as one:
            for _ in range(5):
                in_threads([lambda: track(one, "a", "b")] * 4)
                server.drop_connections()
            assert (one.stats().delivered, one.stats().retries) == (40, 0)

    def test_d7_closed_under_a_request(self, server: Server) -> None:
        """A request that finds the connections closed by another thread is sent on new ones."""
        transport = HttpTransport(server.url)
        transport._pool.close()
        assert post(transport, server.url) == 204
        transport.close()

    def test_d7_closing_while_others_send(self, server: Server) -> None:
        """A transport whose connections are closed by one thread goes on serving the others."""
        transport = HttpTransport(server.url)
        done = threading.Event()

        def close() -> None:
            while not done.wait(0.001):
                transport.close()

        def send() -> None:
            for _ in range(30):
                assert post(transport, server.url) == 204

        closing = Running(close)
        in_threads([send] * 2)
        done.set()
        closing.wait()
        transport.close()


class TestTimeOuts:
    """D7"""

    def test_d7_silence(self) -> None:
        """A server that says nothing is a failure after request_timeout."""
        with BlackHole() as hole:
            calling = Running(lambda: track(consumer(hole.url, timeout=0.05), "a"))
            with pytest.raises(TransportError, match="ReadTimeoutError"):
                calling.wait()

    def test_d7_half_an_answer(self, server: Server) -> None:
        """A server that stops in the midst of its headers is a failure after request_timeout."""
        server.answer_next(b"HTTP/1.1 200 OK\r\nx:")
        with pytest.raises(TransportError):
            track(consumer(server.url, timeout=0.05), "a")

    def test_d7_answer_without_end(self, server: Server) -> None:
        """A body that trickles for ever holds nobody up: the status has come, and it counts."""
        hold = threading.Event()

        def trickle(connection: socket.socket) -> bool:
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
            while not hold.wait(0.01):
                connection.sendall(b".")
            return False

        server.answer_next(trickle)
        one = consumer(server.url, timeout=0.2)
        Running(lambda: track(one, "a")).wait()
        hold.set()
        assert one.stats().delivered == 1

    def test_nobody_listens(self) -> None:
        """A refused connection is a TransportError that names the address and not the query."""
        with pytest.raises(TransportError, match=r"no answer from http://127\.0\.0\.1:") as raised:
            track(consumer(refused_url()), "a")
        assert "stm" not in str(raised.value)


class TestAnswers:
    def test_dies_in_the_midst_of_the_body(self, server: Server) -> None:
        """A batch that was answered 200 is not sent again, though the answer's body never ended."""
        server.answer_next(then_close(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"))
        one = consumer(server.url, retry_limit=3)
        track(one, "a")
        assert one.stats().delivered == 1
        track(one, "b")
        assert server.names == ["a", "b"]

    @pytest.mark.parametrize("raw", [b"garbage\r\n\r\n", b"HTTP/1.1 OK\r\n\r\n", b"\0" * 100])
    def test_no_http(self, server: Server, raw: bytes) -> None:
        """An answer that is no HTTP is a failure to deliver."""
        server.answer_next(then_close(raw))
        with pytest.raises(TransportError):
            track(consumer(server.url), "a")

    @pytest.mark.parametrize("length", ["content-length: 1000000000", "transfer-encoding: chunked"])
    def test_large_body_is_bounded(self, server: Server, length: str) -> None:
        """Of an endless answer 64 KiB are read, and its connection is not used again."""

        def endless(connection: socket.socket) -> bool:
            connection.sendall(f"HTTP/1.1 400 Bad\r\n{length}\r\n\r\n".encode())
            piece = b"x" * 65536
            while True:
                connection.sendall(piece if "content" in length else b"10000\r\n" + piece + b"\r\n")

        server.answer_next(endless)
        transport = HttpTransport(server.url)
        answer = transport.exchange(Request(server.url + "/", b"", {}, 5.0))
        assert (answer.status, len(answer.body)) == (400, 64 * 1024)
        assert post(transport, server.url) == 204
        assert server.connections == 2
        transport.close()

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_d3_redirects_are_not_followed(self, server: Server, status: int) -> None:
        """A redirect is no delivery, and nothing is sent to where it points."""
        with Server() as elsewhere:
            server.answer_next(reply(status, f"location: {elsewhere.url}/there"))
            with pytest.raises(RejectedError) as raised:
                track(consumer(server.url, retry_limit=3), "a")
            assert raised.value.status == status
            assert elsewhere.connections == 0
        assert len(server.received) == 1

    def test_headers_come_in_lower_case(self, server: Server) -> None:
        """Retry-After is found however the server writes it."""
        server.answer_next(reply(503, "RETRY-AFTER: 7"))
        transport = HttpTransport(server.url)
        answer = transport.exchange(Request(server.url + "/", b"", {}, 5.0))
        assert answer.headers["retry-after"] == "7"
        transport.close()


def test_many_threads_cause_no_warnings(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    """H3: many threads may send at the same time without a word in the log."""
    together = threading.Barrier(12)

    def answer(connection: socket.socket) -> bool:
        together.wait(DEADLINE_S)
        connection.sendall(reply(200))
        return True

    server.answer_next(*[answer] * 12)
    one = consumer(server.url)
    with caplog.at_level(logging.WARNING):
        in_threads([lambda: track(one, "a")] * 12)
    assert caplog.messages == []
    one.close()


def test_b5_black_hole() -> None:
    """B5: while the server holds a request for ever, thousands of calls return."""
    with BlackHole() as hole:
        one = AsyncBufferedConsumer("p", "d", hole.url, flush_after=0, max_size=10)
        track(one, "held")
        hole.wait(1)
        Running(lambda: track(one, *map(str, range(3000)))).wait()
        assert len(hole.received) == 1, "the first request still has no answer"
        assert one.stats().pending == 3001
        one.close(0)


@pytest.mark.parametrize("close_timeout_s", [0.2, 1.0])
def test_e2_silent_server(close_timeout_s: float) -> None:
    """E2: what closing leaves at a silent server is told of by its end, the batch in flight too."""
    problems: list[Problem] = []
    with BlackHole() as hole:
        one = AsyncBufferedConsumer(
            "p", "d", hole.url, flush_after=0, max_size=10, on_error=problems.append
        )
        track(one, *map(str, range(30)))
        hole.wait(1)
        assert not one.close(close_timeout_s)
        assert sum(problem.events for problem in problems) == 30
        stats = one.stats()
        assert stats.pending + stats.dropped.get("undelivered", 0) == 30


def test_d2_server_that_comes_back(server: Server) -> None:
    """Events tracked while the server was failing arrive once, in order, when it recovers."""
    server.answer_next(*[503] * 4, None, 503)
    one = AsyncBufferedConsumer(
        "p", "d", server.url, flush_after=0, retry_limit=1, retry_backoff_factor=0.01
    )
    for number in range(20):
        track(one, f"{number}")
    until(lambda: one.flush(0.05))
    arrived = [name for request in server.received[6:] for name in request.names]
    assert arrived == [str(number) for number in range(20)]
    assert one.close()


def test_buffered_at_a_dead_server() -> None:
    """D6: at an address where nobody listens, the call raises and the events stay queued."""
    one = BufferedConsumer("p", "d", refused_url(), max_size=2, retry_limit=0, close_timeout_s=0)
    with pytest.raises(TransportError, match="stays queued"):
        track(one, "a", "b")
    assert one.stats().pending == 2
    assert one.close() is False

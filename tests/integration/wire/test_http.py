"""D1, D5, D7 against a real server that behaves badly."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import socket
import threading
import time
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
from growingio_wire.http import Request
from growingio_wire.http.connections import Route
from growingio_wire.http.transport import HttpTransport, open_transport


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
    transport = open_transport(server.url)
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
    transport = open_transport(server.url)
    for _ in range(5):
        post(transport, server.url)
    assert server.connections == 1
    transport.close()


def test_work_while_the_response_is_awaited(server: Server) -> None:
    """It is done once the request has arrived, and before there is a response."""
    worked = threading.Event()

    def answer(connection: socket.socket) -> bool:
        connection.sendall(reply(200 if worked.wait(DEADLINE_S) else 500))
        return True

    def work() -> None:
        server.wait(1)
        worked.set()

    server.answer_next(answer)
    transport = open_transport(server.url)
    request = Request(f"{server.url}/path", b"[]", {}, DEADLINE_S, meanwhile=work)
    assert transport.exchange(request).status == 200
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

    def test_d7_closing_while_others_send(self, server: Server) -> None:
        """A transport whose connections are closed by one thread goes on serving the others."""
        transport = open_transport(server.url)
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


def test_f1_a_forked_child_leaves_connections_alone(server: Server) -> None:
    """F1: a child has connections of its own, and the parent's stay open and in order."""
    transport = open_transport(server.url)
    assert post(transport, server.url) == 204
    if (child := os.fork()) == 0:
        status = 1
        with contextlib.suppress(BaseException):
            status = 0 if post(transport, server.url) == 204 else 2
            transport.close()
        os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    assert post(transport, server.url) == 204
    assert [request.connection for request in server.received] == [1, 2, 1]
    transport.close()


@pytest.mark.parametrize("kept", [0, 100])
def test_connections_are_let_go(server: Server, kept: int) -> None:
    """A transport that is to keep none, or that nobody has any more, closes its connections."""
    closed = threading.Event()

    def answer(connection: socket.socket) -> bool:
        connection.sendall(reply(200))
        if not connection.recv(1):
            closed.set()
        return False

    server.answer_next(answer)
    transport = HttpTransport(Route(server.url), connections=kept)
    assert post(transport, server.url) == 200
    if kept:
        del transport
        gc.collect()
    assert closed.wait(DEADLINE_S)


@pytest.mark.parametrize("surplus", [b"HTTP/1.1 408 Idle\r\n\r\n", b"x", b"\r\n"])
def test_d7_unasked_answers(server: Server, surplus: bytes) -> None:
    """What a server says on an idle connection is taken for nobody's answer."""
    is_read, is_said = threading.Event(), threading.Event()

    def answer(connection: socket.socket) -> bool:
        connection.sendall(reply(200))
        is_read.wait(DEADLINE_S)
        connection.sendall(surplus)
        is_said.set()
        return True

    server.answer_next(answer)
    transport = open_transport(server.url)
    assert post(transport, server.url) == 200
    is_read.set()
    assert is_said.wait(DEADLINE_S)
    assert post(transport, server.url) == 204
    assert [request.connection for request in server.received] == [1, 2]
    transport.close()


class TestTimeOuts:
    """D7"""

    def test_d7_silence(self) -> None:
        """A server that says nothing is a failure after request_timeout."""
        with BlackHole() as hole:
            calling = Running(lambda: track(consumer(hole.url, timeout=0.05), "a"))
            with pytest.raises(TransportError, match="TimeoutError"):
                calling.wait()

    @pytest.mark.parametrize(
        ("first", "piece"),
        [
            (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
            (b"HTTP/1.1 ", b" "),
            (b"HTTP/1.1 204 No Content\r\nx: ", b"x"),
            (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"0"),
            (b"HTTP/1.1 503 Busy\r\ncontent-length: 9999\r\n\r\n", b"x"),
        ],
        ids=["interim", "status", "head", "chunk size", "body"],
    )
    def test_d7_trickle(self, server: Server, first: bytes, piece: bytes) -> None:
        """However a server trickles, an exchange ends at its deadline."""
        hold = threading.Event()

        def trickle(connection: socket.socket) -> bool:
            connection.sendall(first)
            while not hold.wait(0.02):
                connection.sendall(piece)
            return False

        server.answer_next(trickle)
        one, begin = consumer(server.url, timeout=1.0), time.monotonic()
        with contextlib.suppress(TransportError, RejectedError):
            track(one, "a")
        assert time.monotonic() - begin < 15
        assert one.stats().delivered == (b"20" in first)
        hold.set()

    def test_d7_nothing_is_read(self) -> None:
        """A server that does not read the request is a failure when the deadline comes."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            request = Request(url + "/", b"x" * 20_000_000, {}, 0.2)
            with pytest.raises(TransportError, match="timed out") as raised:
                open_transport(url).exchange(request)
        assert raised.value.code == "timed_out"

    @pytest.mark.parametrize("begun", [b"HTTP/1.1 200", b"HTTP/1.1 100 Continue\r\n\r\n"])
    def test_d7_half_an_answer(self, server: Server, begun: bytes) -> None:
        """A server that stops before its status line ends is a failure after request_timeout."""
        server.answer_next(begun)
        with pytest.raises(TransportError, match="timed out"):
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
        one = consumer(server.url, timeout=2.0)
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
        transport = open_transport(server.url)
        answer = transport.exchange(Request(server.url + "/", b"", {}, 5.0))
        assert (answer.status, len(answer.body)) == (400, 64 * 1024)
        assert post(transport, server.url) == 204
        assert server.connections == 2
        transport.close()

    @pytest.mark.parametrize("interim", [100, 102, 103, 199])
    def test_d7_interim(self, server: Server, interim: int) -> None:
        """Interim answers are read past, and none is taken for the answer to another request."""
        early = f"HTTP/1.1 {interim} Early\r\nlink: </x>; rel=preload\r\n\r\n".encode()
        server.answer_next(early + reply(204), early * 3 + reply(503), early + reply(200))
        one = consumer(server.url)
        track(one, "a")
        with pytest.raises(RejectedError) as raised:
            track(one, "b")
        track(one, "c")
        assert raised.value.status == 503
        assert (server.names, one.stats().delivered) == (["a", "b", "c"], 2)
        assert server.connections == 1

    @pytest.mark.parametrize(
        "headers",
        [
            b"".join(b"x-%d: 1\r\n" % number for number in range(500)),
            b"x: " + b"y" * 70_000 + b"\r\n",
            b"no colon\r\n: no name\r\n\xff\xfe: x\r\n",
            b"content-length: many\r\n",
            b"transfer-encoding: chunked\r\ncontent-length: 5\r\n",
        ],
        ids=["many", "long", "strange", "length", "both"],
    )
    def test_d7_accepted_is_accepted(self, server: Server, headers: bytes) -> None:
        """A 2xx status line has accepted, whatever the headers and the body behind it look like."""
        server.answer_next(then_close(b"HTTP/1.1 202 Accepted\r\n" + headers + b"\r\nzz\r\n"))
        one = consumer(server.url, retry_limit=3)
        track(one, "a")
        assert (one.stats().delivered, server.names) == (1, ["a"])

    def test_d4_refused_while_sending(self) -> None:
        """An answer that comes before the whole request is sent counts, and no reset hides it."""

        def refuse(connection: socket.socket) -> None:
            connection.recv(65536)
            connection.sendall(reply(413))
            connection.close()

        with socket.create_server(("127.0.0.1", 0)) as listener:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            serving = Running(lambda: refuse(listener.accept()[0]))
            answer = open_transport(url).exchange(Request(url + "/", b"x" * 20_000_000, {}, 5.0))
            serving.wait()
        assert answer.status == 413

    def test_sent_as_given(self, server: Server) -> None:
        """What stands behind the host is sent as it is."""
        target = "//v3/projects/p/collect?stm=1&a=%7b{[\"'%zz&b=+"
        transport = open_transport(server.url)
        transport.exchange(Request(server.url + target, b"", {}, 5.0, "GET"))
        transport.exchange(Request(server.url + "?x=/1", b"", {}, 5.0))
        transport.exchange(Request(server.url, b"", {}, 5.0))
        transport.close()
        assert [(one.method, one.target) for one in server.received] == [
            ("GET", target),
            ("POST", "/?x=/1"),
            ("POST", "/"),
        ]
        assert "content-length" not in server.received[0].headers
        assert server.received[1].headers["content-length"] == "0"

    def test_own_headers_are_replaced(self, server: Server) -> None:
        """Headers that a transport adds give way to those of the request, in any case."""
        transport = open_transport(server.url)
        given = {"User-Agent": "mine", "HOST": "elsewhere", "Content-Length": "7"}
        transport.exchange(Request(server.url + "/", b"[]", given, 5.0))
        transport.exchange(Request(server.url + "/", b"[]", {}, 5.0))
        transport.close()
        first, second = (one.headers for one in server.received)
        assert (first["user-agent"], first["host"]) == ("mine", "elsewhere")
        assert (first["content-length"], server.received[0].body) == ("2", b"[]")
        assert second["host"] == server.url.removeprefix("http://")
        assert second["user-agent"].startswith("growingio-python/")

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
        transport = open_transport(server.url)
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

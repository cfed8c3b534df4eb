"""Whatever reaches the collector's port leaves a row that says what was wrong with it."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
import urllib3

from delivering.waiting import until
from growingio_collector import Collector, Event, Handling, Serving
from growingio_wire.endpoints import DOCTOR

TARGET = "/v3/projects/p1/collect?stm=1"


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as running:
        yield running


def _raw(port: int, sent: bytes) -> bytes:
    """Send bytes and return everything that comes back until the end of the connection."""
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.sendall(sent)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def _request(line: str, *headers: str, body: str = "") -> bytes:
    fields = "".join(f"{header}\r\n" for header in ("Host: 127.0.0.1", *headers))
    return f"{line} HTTP/1.1\r\n{fields}\r\n{body}".encode()


def _only(collector: Collector) -> Event:
    until(lambda: collector.totals().bad > 0)
    [event] = collector.events()
    return event


class TestPaths:
    @pytest.mark.parametrize(
        ("line", "code"),
        [
            ("GET /v3/projects/p1/collekt?data=1", "unknown_path"),
            ("GET /collect", "unknown_path"),
            ("HEAD /v3", "unknown_path"),
            ("POST /", "unknown_path"),
            ("POST /healthy-check", "unknown_path"),
            ("POST /api/v1/v3/projects/p1/collect", "unknown_path"),
            ("POST /page/v3/projects/p1/collect", "unknown_path"),
            ("DELETE /v3/projects/p1/collect", "wrong_method"),
            ("GET /v3/projects/p1/collect", "no_data"),
            ("GET http://api.growingio.com/", "as_proxy"),
            ("POST http://127.0.0.1:1/v3/projects/p1/collect", "as_proxy"),
            ("CONNECT api.growingio.com:443", "as_proxy"),
        ],
    )
    def test_red_row(self, collector: Collector, line: str, code: str) -> None:
        """A request to a wrong address, by any method and in any form, is a bad row."""
        _raw(collector.port, _request(line, "Connection: close"))
        event = _only(collector)
        assert (event.kind, event.verdict, event.issues[0].code) == ("request", "bad", code)

    @pytest.mark.parametrize(
        "path",
        ["/", "/run/a/", "/healthy-check", "/favicon.ico", "/robots.txt", "/.well-known/x.json"],
    )
    def test_visits(self, collector: Collector, path: str) -> None:
        """What browsers and the Java SDK ask for by themselves leaves no row."""
        _raw(collector.port, _request(f"GET {path}", "Connection: close"))
        _raw(collector.port, _request("GET /api/v1/ready?wait=5", "Connection: close"))
        assert collector.events() == []


class TestBrokenHttp:
    def test_two_lengths(self, collector: Collector) -> None:
        """A request with two lengths is refused, and what seems to follow it is not answered."""
        smuggled = "0\r\n\r\nGET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        headers = ("Content-Length: 4", "Transfer-Encoding: chunked")
        answer = _raw(collector.port, _request(f"POST {TARGET}", *headers, body=smuggled))
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert answer.count(b"HTTP/1.1") == 1
        assert _only(collector).issues[0].code == "two_lengths"

    def test_two_lengths_of_the_api(self, collector: Collector) -> None:
        """The API refuses it, too."""
        headers = ("Content-Length: 0", "Transfer-Encoding: chunked")
        answer = _raw(collector.port, _request("GET /api/v1/info", *headers, body="0\r\n\r\n"))
        assert answer.startswith(b"HTTP/1.1 400 ")

    @pytest.mark.parametrize(
        ("sent", "said"),
        [
            (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "it begins like TLS (https://)"),
            (b"\x00\x01nonsense\r\n\r\n", r"it begins with '\x00\x01nonsense\r\n\r\n'"),
            (b"GET /\r\n\r\n", r"it begins with 'GET /\r\n\r\n'"),
        ],
    )
    def test_not_http(self, collector: Collector, sent: bytes, said: str) -> None:
        """An https client on the http port is told apart from other nonsense."""
        assert _raw(collector.port, sent).startswith(b"HTTP/1.1 400 ")
        [issue] = _only(collector).issues
        assert issue.code == "not_http"
        assert said in issue.sentence

    @pytest.mark.parametrize("target", ["/v3/projects/p/collect", "/v3/projects/p/collect?a=" * 9])
    @pytest.mark.parametrize(
        "header", ["Content-Length: 3", "Content-Length: -1", "Host: b", "A : b"]
    )
    def test_broken_http(self, collector: Collector, target: str, header: str) -> None:
        """A request that contradicts itself is told apart from what is no HTTP."""
        sent = _request(f"POST {target}", "Content-Length: 2", header)
        assert _raw(collector.port, sent).startswith(b"HTTP/1.1 400 ")
        [issue] = _only(collector).issues
        assert issue.code == "broken_http"
        assert "POST /v3/projects/p/collect" in issue.sentence

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            (b"[]", "no_messages"),
            (b" [ ] ", "no_messages"),
            ("[{}]".encode("utf-8-sig"), "not_json"),
            ("[{}]".encode("utf-16"), "not_json"),
        ],
    )
    def test_nothing_in_it(self, collector: Collector, body: bytes, code: str) -> None:
        """A list without messages, and text in another encoding, are bad and say why."""
        urllib3.request("POST", collector.url + TARGET, body=body)
        assert _only(collector).issues[0].code == code

    @pytest.mark.parametrize(
        ("agent", "body", "code"),
        [
            (f"growingio-python/2.0.0 {DOCTOR}", b"[]", "doctor_probe"),
            (f"growingio-python/2.0.0 {DOCTOR}", b"[", "not_json"),
            ("growingio-python/2.0.0", b"[]", "no_messages"),
            (f"Mozilla/5.0 {DOCTOR}s", b"[]", "no_messages"),
        ],
    )
    def test_doctor_probe(self, collector: Collector, agent: str, body: bytes, code: str) -> None:
        """Only the empty list of ``growingio doctor`` is no mistake, and it is marked as such."""
        urllib3.request("POST", collector.url + TARGET, body=body, headers={"User-Agent": agent})
        until(lambda: collector.totals().requests)
        [row] = collector.events()
        assert [issue.code for issue in row.issues] == [code]
        assert row.verdict == ("warn" if code == "doctor_probe" else "bad")


class TestCredentials:
    SENT = ("Cookie: session=s3cret", "Authorization: Bearer s3cret", "Proxy-Authorization: s3cret")

    def _stored(self, collector: Collector, query: str = "", *headers: str) -> str:
        line = f"POST {TARGET}{query}"
        _raw(collector.port, _request(line, "Connection: close", "Content-Length: 0", *headers))
        until(lambda: collector.totals().requests > 0)
        [request] = collector.requests()
        return f"{request.target} {request.headers}"

    def test_masked(self, collector: Collector) -> None:
        """Only the names of a client's credentials are kept."""
        stored = self._stored(collector, "", *self.SENT)
        assert "s3cret" not in stored
        assert stored.count("'***'") == 3

    def test_kept(self) -> None:
        """They are kept by those who ask for it."""
        with Collector(handling=Handling(credentials=True)) as collector:
            assert self._stored(collector, "", *self.SENT).count("s3cret") == 3

    @pytest.mark.parametrize("credentials", [False, True])
    def test_own_token(self, credentials: bool) -> None:
        """The collector's own token is never stored, wherever a client puts it."""
        serving, handling = Serving(bind="0.0.0.0"), Handling(credentials=credentials)
        with Collector(serving=serving, handling=handling) as collector:
            token = collector.token or ""
            cookie = f"Cookie: a=1; gio_collector_{collector.port}={token}"
            referer = f"Referer: {collector.page_url}"
            assert token not in self._stored(collector, f"&token={token}", cookie, referer)

"""The gateway, between a client and a real server."""

import base64
import json
import socket
import sqlite3
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import trustme
import urllib3

from chinese import assert_in_both_languages
from delivering.proxies import Proxy
from delivering.servers import BlackHole, Server, reply
from delivering.waiting import Running, until
from growingio_collector import Collector, Forwarding, StoredRequest
from growingio_tracker.exceptions import GrowingParamException
from posted import event
from tree import CAPTURES

TARGET = "/v3/projects/p1/collect?stm=1700000000123"
GUARD = {"X-Gio-Collector": "1"}


@pytest.fixture
def upstream() -> Iterator[Server]:
    with Server() as server:
        yield server


def _gateway(url: str, db: Path | None = None, **options: Any) -> Collector:
    return Collector(db=db, forwarding=Forwarding(url=url, **options))


def _track(collector: Collector, *names: str, project: str = "p1") -> int:
    url = f"{collector.url}/v3/projects/{project}/collect"
    events = [event(name) for name in names]
    return urllib3.request("POST", url, json=events, retries=False).status


def _call(collector: Collector, method: str, path: str, **arguments: Any) -> Any:
    url = f"{collector.url}/api/v1{path}"
    answer = urllib3.request(method, url, headers=GUARD, retries=False, **arguments)
    return answer.json() | {"http": answer.status}


def _forwards(collector: Collector) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = _call(collector, "GET", "/forward")["recent"]
    return found[::-1]


class TestBytes:
    def test_unchanged(self, upstream: Server) -> None:
        """Method, path, query, body and codec headers arrive as the client sent them."""
        body = bytes(range(256)) * 20
        sent = {
            "X-Compress-Codec": "2",
            "X-Crypt-Codec": "1",
            "Content-Type": "application/protobuf",
            "User-Agent": "Go-http-client/1.1",
        }
        target = "//v3/projects/p1/collect?stm=1&a=%7b{[\"'%zz&b=+"
        with _gateway(upstream.url) as collector:
            _raw(collector, "POST", target, sent, body)
            [received] = upstream.wait(1)
        assert (received.method, received.target, received.body) == ("POST", target, body)
        assert received.headers == {
            "host": f"127.0.0.1:{upstream.port}",
            "content-length": str(len(body)),
            **{name.lower(): value for name, value in sent.items()},
        }

    @pytest.mark.parametrize("capture", sorted(CAPTURES.glob("*.json")), ids=lambda path: path.stem)
    def test_recorded(self, capture: Path) -> None:
        """What real clients have sent arrives at the next collector as it came to the first."""
        recorded = json.loads(capture.read_text(encoding="utf-8"))["requests"]
        with Collector() as second, _gateway(second.url) as first:
            for one in recorded:
                body = base64.b64decode(one["body_base64"])
                left_out = ("host", "content-length", "expect", "connection")
                headers = {
                    key: value for key, value in one["headers"] if key.lower() not in left_out
                }
                _raw(first, one["method"], one["target"], headers, body)
            sent = [request for request in first.requests() if request.method != "OPTIONS"]
            until(lambda: first.forward_counts()["waiting"] == 0)
            arrived = second.requests()
            assert [_essence(request) for request in arrived] == [
                _essence(request) for request in sent if 200 <= request.answered < 300
            ]
            assert [event.message for event in second.events()] == [
                event.message for event in first.events()
            ]

    def test_prefix(self, upstream: Server) -> None:
        """The path of the URL comes before the path of the request."""
        with _gateway(f"{upstream.url}/behind/") as collector:
            _track(collector, "a")
            [received] = upstream.wait(1)
        assert received.target == "/behind/v3/projects/p1/collect"

    def test_image(self, upstream: Server) -> None:
        """An image request goes on as the GET it is."""
        target = f"{TARGET}&compress=11&data=Nobw"
        with _gateway(upstream.url) as collector:
            urllib3.request("GET", collector.url + target)
            [received] = upstream.wait(1)
        assert (received.method, received.target, received.body) == ("GET", target, b"")

    def test_what_stays(self, upstream: Server) -> None:
        """Preflights, wrong paths and visits are not the server's business."""
        with _gateway(upstream.url) as collector:
            urllib3.request("OPTIONS", collector.url + TARGET)
            urllib3.request("POST", f"{collector.url}/wrong", body=b"[]")
            urllib3.request("GET", f"{collector.url}/favicon.ico")
            _track(collector, "a")
            upstream.wait(1)
            until(lambda: collector.forward_counts()["done"] == 1)
        assert upstream.names == ["a"]

    def test_proxy(self, upstream: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        """The environment's proxy is used, and the target arrives as it came all the same."""
        proxy = Proxy()
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        target = "/v3/projects/p1/collect?stm=1&a={"
        with _gateway(upstream.url) as collector:
            _raw(collector, "POST", target, {}, b"[]")
            [received] = upstream.wait(1)
        assert received.target == target
        assert [request.target for request in proxy.received] == [upstream.url + target]
        proxy.close()

    def test_wrong_proxy(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A proxy that cannot be used is refused at the start, without its address."""
        monkeypatch.setenv("HTTP_PROXY", "socks5://user:secret@127.0.0.1:9")
        with pytest.raises(GrowingParamException, match="HTTP_PROXY") as refused:
            _gateway("http://h")
        assert "secret" not in str(refused.value)

    def test_own_authority(self, tmp_path: Path) -> None:
        """A server whose certificate a private authority signed is forwarded to with its file."""
        authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        path = tmp_path / "ca.pem"
        authority.cert_pem.write_to_path(str(path))
        with (
            Server(tls=context) as server,
            _gateway(server.url, verify_cert=str(path)) as collector,
        ):
            _track(collector, "a")
            assert server.wait(1)[0].names == ["a"]

    def test_certificate_is_checked(self) -> None:
        """A server whose certificate nobody vouches for gets nothing."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
        with Server(tls=context) as server, _gateway(server.url) as collector:
            assert _track(collector, "a") == 204
            until(lambda: _forwards(collector)[0]["tries"] >= 1)
            assert "CERTIFICATE_VERIFY_FAILED" in _forwards(collector)[0]["error"]
            assert server.received == []


def _essence(request: StoredRequest) -> tuple[object, ...]:
    headers = [pair for pair in request.headers if pair[0] not in ("host", "content-length")]
    return request.method, request.target, headers, request.body


def _raw(
    collector: Collector, method: str, target: str, headers: dict[str, str], body: bytes
) -> None:
    """Send a request whose target no library touches."""
    lines = [f"{method} {target} HTTP/1.1", "host: 127.0.0.1", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    with socket.create_connection(("127.0.0.1", collector.port), 10) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        assert connection.recv(100).startswith(b"HTTP/1.1 20")


class TestQueue:
    def test_slow_server(self) -> None:
        """A client is answered at once however slow the server is."""
        with BlackHole() as server, _gateway(server.url) as collector:
            assert [_track(collector, str(number)) for number in range(20)] == [204] * 20
            server.wait(1)
            assert collector.forward_counts()["waiting"] == 20
            server.release.set()
            until(lambda: collector.forward_counts()["done"] == 20)

    def test_order(self, upstream: Server) -> None:
        """Requests arrive in the order of receipt, also when some have to be tried again."""
        upstream.answer_next(204, 503, None, 204, 500)
        names = [str(number) for number in range(30)]
        with _gateway(upstream.url) as collector:
            for name in names:
                _track(collector, name)
            until(lambda: collector.forward_counts()["done"] == 30)
            assert max(forward["tries"] for forward in _forwards(collector)) >= 2
        assert list(dict.fromkeys(upstream.names)) == names
        assert len(upstream.names) == 33

    def test_final_failure(self, upstream: Server) -> None:
        """A refusal is not tried again, is kept with its words, and holds up nothing."""
        upstream.answer_next(reply(400, body="坏请求".encode() + b"x" * 5000), 204)
        with _gateway(upstream.url) as collector:
            _track(collector, "a")
            _track(collector, "b")
            until(lambda: collector.forward_counts()["done"] == 1)
            refused, done = _forwards(collector)
            assert collector.events()[0].verdict == "ok"
        assert (refused["state"], refused["tries"], refused["status"]) == ("failed", 1, 400)
        assert refused["answer"].startswith("坏请求xxx")
        assert len(refused["answer"].encode()) == 1024
        assert (done["state"], done["status"], done["error"]) == ("done", 204, None)

    def test_retry_after(self, upstream: Server) -> None:
        """A server that names a time is left alone until then, by all requests."""
        upstream.answer_next(reply(429, "retry-after: 3000"))
        with _gateway(upstream.url) as collector:
            _track(collector, "a")
            until(lambda: _forwards(collector)[0]["tries"] == 1)
            _track(collector, "b")
            assert [forward["state"] for forward in _forwards(collector)] == ["waiting"] * 2
        assert upstream.names == ["a"]

    def test_given_up(self, upstream: Server) -> None:
        """A request that has waited longer than the limit is not tried again."""
        upstream.answer_next(500, 204)
        with _gateway(upstream.url, keep_trying_s=0) as collector:
            _track(collector, "a")
            until(lambda: collector.forward_counts()["failed"] == 1)
            assert _forwards(collector)[0]["status"] == 500

    def test_server_restarts(self) -> None:
        """What is received while the server is down arrives when it is back, once each."""
        first = Server()
        with _gateway(first.url) as collector:
            _track(collector, "0")
            until(lambda: collector.forward_counts()["done"] == 1)
            first.close()
            for number in range(1, 10):
                assert _track(collector, str(number)) == 204
            until(lambda: _forwards(collector)[1]["tries"] >= 1)
            with Server(port=first.port) as second:
                until(lambda: collector.forward_counts()["done"] == 10)
            assert second.names == [str(number) for number in range(1, 10)]

    @pytest.mark.parametrize(
        "wrong", [{"status": 503}, {"drop": True}, {"truncate": True, "status": 500}], ids=str
    )
    def test_failing_server(self, wrong: Any) -> None:
        """Everything arrives, in order, at a server that fails three times in ten."""
        names = [str(number) for number in range(20)]
        with Collector() as server, _gateway(server.url) as collector:
            server.faults.set(percent=30, seed=3, **wrong)
            for name in names:
                _track(collector, name)
            until(lambda: collector.forward_counts()["done"] == 20)
            assert list(dict.fromkeys(event.name for event in server.events())) == names
            assert len(server.events()) > 20

    def test_collector_restarts(self, tmp_path: Path) -> None:
        """With the same file, what waited goes on after a restart, and what arrived does not."""
        names: list[str] = []
        healthy = threading.Event()

        def after_two(connection: socket.socket) -> bool:
            well = healthy.is_set() or len(server.received) <= 2
            names.extend(server.received[-1].names if well else [])
            connection.sendall(reply(204 if well else 503))
            return True

        db = tmp_path / "a.db"
        with Server(*[after_two] * 100) as server:
            with _gateway(server.url, db) as collector:
                for name in "abcd":
                    _track(collector, name)
                until(lambda: _forwards(collector)[2]["tries"] >= 1)
            healthy.set()
            with _gateway(server.url, db) as collector:
                _track(collector, "e")
                until(lambda: collector.forward_counts()["done"] == 5)
        assert names == list("abcde")

    def test_poison(self, upstream: Server, tmp_path: Path) -> None:
        """A request that has failed eight times lets the others pass, and still waits."""
        upstream.answer_next(500, 500)
        db = tmp_path / "a.db"
        with _gateway(upstream.url, db) as collector:
            _track(collector, "a")
            until(lambda: _forwards(collector)[0]["tries"] == 1)
            with closing(sqlite3.connect(db)) as connection, connection:
                connection.execute("UPDATE forward SET tries = 7")
            _track(collector, "b")
            until(lambda: collector.forward_counts()["done"] == 1)
            stuck, passed = _forwards(collector)
        assert (stuck["state"], stuck["tries"], passed["state"]) == ("waiting", 8, "done")
        assert upstream.names == ["a", "a", "b"]

    def test_cleared_while_waiting(self, upstream: Server) -> None:
        """What is forgotten is not forwarded."""
        upstream.answer_next(503)
        with _gateway(upstream.url) as collector:
            _track(collector, "a")
            upstream.wait(1)
            collector.clear()
            _track(collector, "b")
            until(lambda: collector.forward_counts()["done"] == 1)
        assert upstream.names == ["a", "b"]


class TestOnly:
    def test_good(self, upstream: Server) -> None:
        """A request with one bad event is held back as a whole, shown, and can be let go."""
        with _gateway(upstream.url, only="good") as collector:
            _track(collector, "a", "")
            _track(collector, "b")
            until(lambda: collector.forward_counts()["done"] == 1)
            held, _ = _forwards(collector)
            assert (held["state"], held["tries"]) == ("held", 0)
            asked = {"requests": [held["request_id"]]}
            assert _call(collector, "POST", "/forward/replay", json=asked)["queued"] == 1
            until(lambda: collector.forward_counts()["done"] == 2)
        assert upstream.names == ["b", "a", ""]


class TestSync:
    def test_answer(self, upstream: Server) -> None:
        """The client gets the server's status and words, which are stored too; nothing repeats."""
        upstream.answer_next(reply(200, "content-type: text/plain", body=b"fine"), 503, 204)
        with _gateway(upstream.url, sync=True) as collector:
            answer = urllib3.request(
                "POST", collector.url + TARGET, json=[event("a")], headers={"Origin": "http://x"}
            )
            assert (answer.status, answer.data) == (200, b"fine")
            assert answer.headers["access-control-allow-origin"] == "http://x"
            assert [_track(collector, "b"), _track(collector, "c")] == [503, 204]
            assert [request.answered for request in collector.requests()] == [200, 503, 204]
            assert [one["state"] for one in _forwards(collector)] == ["done", "failed", "done"]
        assert upstream.names == ["a", "b", "c"]

    def test_no_answer(self, upstream: Server) -> None:
        """Where the server gives no answer the client gets a 502, and the event is stored."""
        upstream.answer_next(None)
        with _gateway(upstream.url, sync=True) as collector:
            assert _track(collector, "a") == 502
            [event], [request] = collector.events(), collector.requests()
            assert (event.name, request.answered) == ("a", 502)
            assert _forwards(collector)[0]["state"] == "failed"

    def test_stored_first(self) -> None:
        """While the server thinks, the event is already there."""
        with BlackHole() as server, _gateway(server.url, sync=True) as collector:
            client = Running(lambda: _track(collector, "a"))
            server.wait(1)
            assert [event.name for event in collector.events()] == ["a"]
            assert collector.forward_counts()["sending"] == 1
            server.release.set()
            assert client.wait() == 204

    def test_killed_while_sending(self, tmp_path: Path, upstream: Server) -> None:
        """What was being sent when a collector died is sent by the next one."""
        db = tmp_path / "a.db"
        with _gateway(upstream.url, db) as collector:
            _track(collector, "a")
            until(lambda: collector.forward_counts()["done"] == 1)
        with closing(sqlite3.connect(db)) as connection, connection:
            connection.execute("UPDATE forward SET state = 'sending'")
        with _gateway(upstream.url, db, sync=True) as collector:
            until(lambda: collector.forward_counts()["done"] == 1)
        assert upstream.names == ["a", "a"]

    def test_with_a_fault(self, upstream: Server) -> None:
        """A delay leaves the server's answer; a fault's own answer is stored, and all arrives."""
        upstream.answer_next(reply(202), reply(202))
        with _gateway(upstream.url, sync=True) as collector:
            collector.faults.fail_next(1, delay_ms=1)
            assert _track(collector, "a") == 202
            collector.faults.fail_next(1, status=201)
            assert _track(collector, "b") == 201
            until(lambda: collector.forward_counts()["done"] == 2)
            assert [request.answered for request in collector.requests()] == [202, 201]

    def test_held(self, upstream: Server) -> None:
        """A request that is held back is answered by the collector."""
        with _gateway(upstream.url, sync=True, only="good") as collector:
            assert _track(collector, "") == 204
        assert upstream.received == []


class TestApi:
    def test_status(self, upstream: Server) -> None:
        """It says where to and how, what is in which state, and the newest requests first."""
        with _gateway(upstream.url, only="good") as collector:
            _track(collector, "a")
            _track(collector, "b")
            until(lambda: collector.forward_counts()["done"] == 2)
            shown = _call(collector, "GET", "/forward")
        assert (shown["url"], shown["sync"], shown["only"]) == (upstream.url, False, "good")
        assert shown["counts"] == {"waiting": 0, "sending": 0, "done": 2, "failed": 0, "held": 0}
        assert [one["request_id"] for one in shown["recent"]] == [2, 1]

    def test_without_forwarding(self) -> None:
        """Without --forward the status is empty, and sending again says what is missing."""
        with Collector() as collector:
            _track(collector, "a")
            shown = _call(collector, "GET", "/forward")
            assert (shown["url"], shown["recent"]) == (None, [])
            for path in ("/forward/replay", "/requests/1/replay"):
                refused = _call(collector, "POST", path)
                assert refused["http"] == 400
                assert "--forward URL" in refused["error"]
                assert_in_both_languages(refused)

    def test_failed_again(self, upstream: Server) -> None:
        """Without a list, all that failed are sent again, and only those."""
        upstream.answer_next(400, 204, 404)
        with _gateway(upstream.url) as collector:
            for name in "abc":
                _track(collector, name)
            until(lambda: collector.forward_counts()["failed"] == 2)
            assert _call(collector, "POST", "/forward/replay")["queued"] == 2
            until(lambda: collector.forward_counts()["done"] == 3)
        assert upstream.names == ["a", "b", "c", "a", "c"]

    def test_replay(self, upstream: Server) -> None:
        """One request goes to any server, and its answer comes back."""
        upstream.answer_next(reply(418, body=b"short"), None)
        with Collector() as collector:
            _track(collector, "a")
            shown = _call(collector, "POST", "/requests/1/replay", json={"to": upstream.url})
            assert (shown["status"], shown["answer"], shown["error"]) == (418, "short", None)
            shown = _call(collector, "POST", "/requests/1/replay", json={"to": upstream.url})
            assert shown["status"] is None
            assert_in_both_languages(shown)
            assert _forwards(collector) == []
        assert upstream.names == ["a", "a"]

    def test_replay_where_it_failed(self, upstream: Server) -> None:
        """A request sent again by hand counts as done; one that waits is not sent twice."""
        upstream.answer_next(400, 204, reply(503, "retry-after: 3000"))
        with _gateway(upstream.url) as collector:
            _track(collector, "a")
            until(lambda: collector.forward_counts()["failed"] == 1)
            assert _call(collector, "POST", "/requests/1/replay")["status"] == 204
            assert _forwards(collector)[0]["state"] == "done"
            _track(collector, "b")
            until(lambda: _forwards(collector)[1]["tries"] == 1)
            assert _call(collector, "POST", "/requests/2/replay")["http"] == 400
        assert upstream.names == ["a", "a", "b"]

    @pytest.mark.parametrize(
        ("path", "body", "status", "said"),
        [
            ("/forward/replay", b'{"request": [1]}', 400, "Known are requests"),
            ("/forward/replay", b'{"requests": ["1"]}', 400, "requests"),
            ("/forward/replay", b'{"requests": [99999999999999999999]}', 400, "requests"),
            ("/forward/replay?x=1", b"", 400, "'x'"),
            ("/requests/9/replay", b'{"to": "http://127.0.0.1:1"}', 404, "no request 9"),
            ("/requests/99999999999999999999/replay", b"", 404, "no request"),
            ("/requests/1/replay", b'{"to": "file:///etc/passwd"}', 400, "to: "),
            ("/requests/1/replay", b"[", 400, "The body cannot be used"),
        ],
    )
    def test_wrong_calls(self, path: str, body: bytes, status: int, said: str) -> None:
        """A wrong call is told what is wrong with it."""
        with Collector() as collector:
            _track(collector, "a")
            shown = _call(collector, "POST", path, body=body)
        assert shown["http"] == status
        assert said in shown["error"]

    @pytest.mark.parametrize("path", ["/forward/replay", "/requests/1/replay"])
    def test_guarded(self, path: str) -> None:
        """No foreign page can make the collector send."""
        with Collector() as collector:
            assert urllib3.request("POST", f"{collector.url}/api/v1{path}").status == 403


def test_itself() -> None:
    """A collector that is told to forward to itself refuses to start."""
    with Server() as probe:
        port = probe.port
    with pytest.raises(GrowingParamException, match=r"^forward: .* itself"):
        Collector(port, forwarding=Forwarding(url=f"http://localhost:{port}"))


def test_quick_end() -> None:
    """Closing does not wait for what waits."""
    with _gateway("http://127.0.0.1:1") as collector:
        _track(collector, "a")
        until(lambda: _forwards(collector)[0]["tries"] >= 1)
    assert not [one for one in threading.enumerate() if "forwarder" in one.name]

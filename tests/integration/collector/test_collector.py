"""The collector over HTTP and as an object."""

import base64
import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, Literal

import cramjam
import pytest
import urllib3

from delivering.servers import free_port
from growingio_collector import Collector, WaitTimeoutError
from growingio_collector.rules.bodies import MAX_BODY_BYTES
from growingio_tracker.exceptions import GrowingError, GrowingParamException
from tree import CAPTURES

NOW_MS = time.time_ns() // 1_000_000
COLLECT = "/v3/projects/p1/collect"

PHASES: Final[tuple[Literal["setup", "call", "teardown"], ...]] = ("setup", "call", "teardown")


@pytest.fixture
def collector(caplog: pytest.LogCaptureFixture) -> Iterator[Collector]:
    """Run a collector of its own, which must log nothing."""
    with caplog.at_level(logging.INFO), Collector() as running:
        yield running
    assert [record for phase in PHASES for record in caplog.get_records(phase)] == []


@pytest.fixture
def http() -> Iterator[urllib3.PoolManager]:
    """Send requests exactly once."""
    with urllib3.PoolManager(retries=False, timeout=60, maxsize=25) as pool:
        yield pool


def _event(name: str = "pay", user: str = "u1", **more: object) -> dict[str, object]:
    event = {"eventType": "CUSTOM", "eventName": name, "timestamp": NOW_MS, "userId": user}
    return {**event, "dataSourceId": "d1", **more}


def _send(
    http: urllib3.PoolManager, collector: Collector, *events: object, **headers: str
) -> urllib3.BaseHTTPResponse:
    body = json.dumps(events).encode()
    return http.request("POST", collector.url + COLLECT, body=body, headers=headers)


def _eventually(condition: Callable[[], bool], within: float = 5.0) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.01)


class TestCollecting:
    def test_stored_before_answered(self, collector: Collector, http: urllib3.PoolManager) -> None:
        """Whatever was answered is there at once, without any waiting."""
        for number in range(20):
            assert _send(http, collector, _event(f"e{number}")).status == 204
            assert collector.events()[-1].name == f"e{number}"

    def test_row(self, collector: Collector, http: urllib3.PoolManager) -> None:
        """A row holds the project of the path, the identity and the decoded message."""
        sent = _event("pay", deviceId="d1", userKey="email", attributes={"金额": 3})
        _send(http, collector, sent)
        [event] = collector.events()
        assert (event.project, event.kind, event.type, event.name) == (
            "p1",
            "event",
            "CUSTOM",
            "pay",
        )
        assert (event.user_id, event.user_key, event.device_id) == ("u1", "email", "d1")
        assert (event.timestamp, event.verdict, event.issues) == (NOW_MS, "ok", ())
        assert abs(event.received_ms - time.time() * 1000) < 60_000
        assert event.message == sent
        assert event.attributes == {"金额": 3}

    def test_three_kinds(self, collector: Collector, http: urllib3.PoolManager) -> None:
        """Events, items and mappings are rows of one list."""
        _send(http, collector, _event())
        for path, message in (
            ("item", {"id": "1", "key": "goods"}),
            ("user-mapping", {"identifies": {"phone": "1"}}),
        ):
            url = f"{collector.url}/projects/p1/collect/{path}"
            assert http.request("POST", url, json=[message]).status == 204
        assert [event.kind for event in collector.events()] == ["event", "item", "mapping"]
        assert [event.name for event in collector.events(kind="item")] == ["goods"]

    def test_bad_event_in_a_batch(self, collector: Collector, http: urllib3.PoolManager) -> None:
        """One bad event has its reason, and its neighbours are ok."""
        assert _send(http, collector, _event(), _event(attributes=[1]), 3, _event()).status == 204
        events = collector.events()
        assert [event.verdict for event in events] == ["ok", "bad", "bad", "ok"]
        assert [event.issues[0].code for event in events[1:3]] == [
            "attributes_not_object",
            "not_an_object",
        ]
        assert events[2].message is None
        assert len(collector.events(verdict="bad")) == 2

    def test_bad_body(self, collector: Collector, http: urllib3.PoolManager) -> None:
        """A body that cannot be read is answered 204 and stored with the reason and its bytes."""
        answer = http.request("POST", collector.url + COLLECT, body=b"[{", headers={"X-A": "1"})
        [event], [request] = collector.events(), collector.requests()
        assert (answer.status, request.answered, request.body) == (204, 204, b"[{")
        assert (event.kind, event.verdict, event.request_id) == ("request", "bad", request.id)
        assert event.issues == (request.reason,)
        assert event.project == "p1"

    def test_image(self, collector: Collector, http: urllib3.PoolManager) -> None:
        """An image request gets its image and is stored as it came, also when it is bad."""
        url = f"{collector.url}/v3/projects/p1/collect?stm=1&compress=11&data=Nobw"
        answer = http.request("GET", url)
        assert (answer.status, answer.headers["content-type"]) == (200, "image/gif")
        assert answer.data.startswith(b"GIF89a")
        [event], [request] = collector.events(), collector.requests()
        assert [problem.code for problem in event.issues] == ["not_lz_string"]
        assert request.target.endswith("&data=Nobw")

    def test_unknown_path(self, collector: Collector, http: urllib3.PoolManager) -> None:
        """A wrong path is answered 404 with the right one, and seen in the list."""
        answer = http.request("POST", f"{collector.url}/v3/projects/p1/collect/item", json=[{}])
        [event] = collector.events()
        assert (answer.status, event.verdict, event.project) == (404, "bad", None)
        assert "Did you mean /projects/{project}/collect/item?" in answer.data.decode()

    @pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD"])
    def test_wrong_method(
        self, collector: Collector, http: urllib3.PoolManager, method: str
    ) -> None:
        """Another method on a collect path is stored and refused."""
        assert http.request(method, collector.url + COLLECT).status == 405
        assert collector.events()[0].issues[0].code == "wrong_method"

    def test_headers_in_order(self, collector: Collector) -> None:
        """A stored request keeps its request line, and its headers with their order and repeats."""
        with socket.create_connection(("127.0.0.1", collector.port)) as client:
            client.sendall(
                b"POST //v3//projects/p%31/collect?stm=1&stm=2 HTTP/1.1\r\n"
                b"X-B: 1\r\nHost: localhost\r\nX-A: \xe9\r\nX-B: 2\r\n"
                b"Content-Length: 2\r\nConnection: close\r\n\r\n[]"
            )
            answer = b"".join(iter(lambda: client.recv(4096), b""))
        [request] = collector.requests()
        assert answer.startswith(b"HTTP/1.1 204")
        assert request.target == "//v3//projects/p%31/collect?stm=1&stm=2"
        assert request.headers[:4] == (
            ("x-b", "1"),
            ("host", "localhost"),
            ("x-a", "\xe9"),
            ("x-b", "2"),
        )

    def test_captured_clients(self, collector: Collector, http: urllib3.PoolManager) -> None:
        """Every recorded POST of every client becomes at least one row, and its bytes are kept."""
        count = 0
        for path in sorted(CAPTURES.glob("*.json")):
            for request in json.loads(path.read_text("utf-8"))["requests"]:
                if request["target"] == "/":
                    continue
                count += 1
                body = base64.b64decode(request["body_base64"])
                skipped = ("host", "content-length", "connection")
                headers = {k: v for k, v in request["headers"] if k.lower() not in skipped}
                url = collector.url + request["target"]
                http.urlopen(request["method"], url, body=body, headers=headers)
                stored = collector.requests(limit=1)[0]
                assert (stored.target, stored.body) == (request["target"], body)
        rows = collector.events()
        assert count == 120
        assert {row.request_id for row in rows} == set(range(1, count + 1))


class TestCors:
    def test_any_page_may_read(self, collector: Collector, http: urllib3.PoolManager) -> None:
        """A page's origin comes back with credentials, so that the Web SDK sees its 204."""
        answer = _send(http, collector, _event(), Origin="https://shop.example")
        assert answer.headers["access-control-allow-origin"] == "https://shop.example"
        assert answer.headers["access-control-allow-credentials"] == "true"
        assert answer.headers["vary"] == "Origin"

    def test_without_origin(self, collector: Collector, http: urllib3.PoolManager) -> None:
        """A request that names no origin gets an answer readable by all."""
        assert _send(http, collector, _event()).headers["access-control-allow-origin"] == "*"

    def test_preflight(self, collector: Collector, http: urllib3.PoolManager) -> None:
        """A preflight allows what it asks for, and makes no event."""
        answer = http.request(
            "OPTIONS",
            collector.url + COLLECT,
            headers={
                "Origin": "https://shop.example",
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "x-compress-codec,content-type",
                "Access-Control-Request-Private-Network": "true",
            },
        )
        assert answer.status == 204
        assert answer.headers["access-control-allow-methods"] == "POST, GET, OPTIONS"
        assert answer.headers["access-control-allow-headers"] == "x-compress-codec,content-type"
        assert answer.headers["access-control-max-age"] == "600"
        assert answer.headers["access-control-allow-private-network"] == "true"
        assert (collector.events(), len(collector.requests())) == ([], 1)

    def test_api_is_not_readable(self, collector: Collector, http: urllib3.PoolManager) -> None:
        """The API's answers have no CORS header."""
        answer = http.request(
            "GET", f"{collector.url}/api/v1/events", headers={"Origin": "https://shop.example"}
        )
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]


class TestHistory:
    def test_repeat(self, collector: Collector, http: urllib3.PoolManager) -> None:
        """An event that comes again is kept, with a warning that says so."""
        for _ in range(2):
            _send(http, collector, _event())
        first, second = collector.events()
        assert first.verdict == "ok"
        assert [problem.code for problem in second.issues] == ["duplicate"]

    def test_clearing_forgets(self, collector: Collector, http: urllib3.PoolManager) -> None:
        """After clearing, no event is judged by what was there before."""
        _send(http, collector, _event(attributes={"qty": 3}))
        collector.clear()
        _send(http, collector, _event(attributes={"qty": 3}), _event(attributes={"qty": "3"}))
        assert [len(event.issues) for event in collector.events()] == [0, 1]

    def test_types_of_an_earlier_run(self, tmp_path: Path, http: urllib3.PoolManager) -> None:
        """A property's type is compared with that of an earlier run in the same file."""
        with Collector(db=tmp_path / "runs.sqlite") as collector:
            _send(http, collector, _event(attributes={"qty": 3}))
        with Collector(db=tmp_path / "runs.sqlite") as collector:
            _send(http, collector, _event(attributes={"qty": "3"}))
            [problem] = collector.events()[-1].issues
        assert (problem.code, problem.path) == ("type_differs", "attributes.qty")

    def test_stm(self, collector: Collector, http: urllib3.PoolManager) -> None:
        """A time of sending far from the present is a warning of every event of the request."""
        url = f"{collector.url}/v3/projects/p1/collect?stm=1700000000123"
        http.request("POST", url, json=[_event(), _event("buy")])
        for event in collector.events():
            assert [issue.code for issue in event.issues] == ["stm_far_off"]


class TestLimits:
    def test_body_limit(self, collector: Collector, http: urllib3.PoolManager) -> None:
        """A body over the limit is answered 204 like any bad one, and stored with its beginning."""
        body = b"[" + b" " * MAX_BODY_BYTES + b"]"
        assert http.request("POST", collector.url + COLLECT, body=body).status == 204
        [request] = collector.requests()
        assert len(request.body) == MAX_BODY_BYTES
        assert request.reason
        assert request.reason.code == "too_large"

    def test_body_at_the_limit(self, collector: Collector, http: urllib3.PoolManager) -> None:
        """A body of exactly the limit is read."""
        event = json.dumps([_event()]).encode()
        body = event + b" " * (MAX_BODY_BYTES - len(event))
        assert http.request("POST", collector.url + COLLECT, body=body).status == 204
        assert [event.verdict for event in collector.events()] == ["ok"]

    def test_chunked_body_limit(self, collector: Collector, http: urllib3.PoolManager) -> None:
        """A body without a declared length meets the same limit."""

        def chunks() -> Iterator[bytes]:
            for _ in range(MAX_BODY_BYTES // 500_000 + 1):
                yield bytes(500_000)

        assert http.request("POST", collector.url + COLLECT, body=chunks()).status == 204
        assert len(collector.requests()[0].body) == MAX_BODY_BYTES

    def test_chunked_body(self, collector: Collector, http: urllib3.PoolManager) -> None:
        """A small body in chunks is read like any other."""
        body = iter([b"[", json.dumps(_event()).encode(), b"]"])
        assert http.request("POST", collector.url + COLLECT, body=body).status == 204
        assert [event.name for event in collector.events()] == ["pay"]

    def test_decompression_bomb(self, collector: Collector, http: urllib3.PoolManager) -> None:
        """A small body that would become a gigabyte is bad, quickly."""
        bomb = b"\x80\x80\x80\x80\x04" + bytes(cramjam.snappy.compress_raw(bytes(30_000_000)))[4:]
        start = time.monotonic()
        answer = http.request(
            "POST", collector.url + COLLECT, body=bomb, headers={"X-Compress-Codec": "2"}
        )
        assert answer.status == 204
        assert collector.events()[0].issues[0].code == "too_large_decoded"
        assert time.monotonic() - start < 10

    def test_expect_continue(self, collector: Collector) -> None:
        """A client that asks before it sends its body is told to go on."""
        with socket.create_connection(("127.0.0.1", collector.port), timeout=60) as client:
            client.sendall(
                f"POST {COLLECT} HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\n"
                "Content-Length: 2\r\nConnection: close\r\n\r\n".encode()
            )
            assert client.recv(4096).startswith(b"HTTP/1.1 100")
            client.sendall(b"[]")
            assert b"HTTP/1.1 204" in b"".join(iter(lambda: client.recv(4096), b""))

    def test_broken_off(self, collector: Collector) -> None:
        """A request whose client goes away in the middle is stored as such."""
        with socket.create_connection(("127.0.0.1", collector.port)) as client:
            client.sendall(
                b"POST /v3/projects/p1/collect HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                b"Content-Length: 9\r\n\r\n[{"
            )
        [event] = collector.wait(1)
        [request] = collector.requests()
        assert event.issues[0].code == "broken_off"
        assert (request.body, request.answered) == (b"[{", 0)


class TestHost:
    @pytest.mark.parametrize(
        "host", ["localhost", "localhost:1", "127.0.0.1:80", "[::1]", "a.localhost"]
    )
    def test_loopback(self, collector: Collector, http: urllib3.PoolManager, host: str) -> None:
        """Any name of this machine's own is answered."""
        answer = http.request("GET", f"{collector.url}/healthy-check", headers={"Host": host})
        assert (answer.status, answer.data) == (200, b"OK")

    @pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost@x", ""])
    def test_foreign(self, collector: Collector, http: urllib3.PoolManager, host: str) -> None:
        """A name that only resolves to this machine is refused, so no page can read events."""
        url = f"{collector.url}/api/v1/events"
        assert http.request("GET", url, headers={"Host": host}).status == 403


class TestApi:
    def _get(self, http: urllib3.PoolManager, collector: Collector, path: str) -> Any:
        answer = http.request("GET", f"{collector.url}/api/v1/{path}")
        assert answer.status == 200, answer.data
        return answer.json()

    def test_events(self, collector: Collector, http: urllib3.PoolManager) -> None:
        """Events come newest first, as JSON with every value of a row, and can be filtered."""
        _send(http, collector, _event("a"), _event("b", "u2", attributes={"金额": 3}), _event("a"))
        events = self._get(http, collector, "events")["events"]
        [second] = self._get(http, collector, "events?name=b&user=u2&kind=event")["events"]
        assert [event["id"] for event in events] == [3, 2, 1]
        assert second == {
            "id": 2,
            "request_id": 1,
            "received_ms": second["received_ms"],
            "project": "p1",
            "kind": "event",
            "client": second["client"],
            "run": "p1",
            "type": "CUSTOM",
            "name": "b",
            "user_key": None,
            "user_id": "u2",
            "device_id": None,
            "timestamp": NOW_MS,
            "verdict": "ok",
            "problems": [],
            "message": _event("b", "u2", attributes={"金额": 3}),
        }
        assert len(self._get(http, collector, "events?limit=2")["events"]) == 2
        assert self._get(http, collector, "events?verdict=bad")["events"] == []

    def test_problems(self, collector: Collector, http: urllib3.PoolManager) -> None:
        """A problem has its code, sentence, path and level."""
        _send(http, collector, _event(userId=3))
        [event] = self._get(http, collector, "events")["events"]
        assert event["problems"] == [
            {
                "code": "user_id_not_text",
                "level": "warn",
                "path": "userId",
                "sentence": "userId is a number.",
                "fix": "Send it as a string, so that 007 and 7 remain different users.",
                "sentence_zh": "userId 是数字。",
                "fix_zh": "请以字符串发送，这样 007 和 7 才是两个用户。",
                "values": {},
            }
        ]

    def test_numbers_that_only_json_knows(
        self, collector: Collector, http: urllib3.PoolManager
    ) -> None:
        """A number too large for any float is shown as it came and readable in Python."""
        body = b'[{"eventType":"VISIT","timestamp":1,"userId":"u","attributes":{"a":1e999}}]'
        http.request("POST", collector.url + COLLECT, body=body)
        answer = http.request("GET", f"{collector.url}/api/v1/events")
        assert b'"attributes":{"a":1e999}' in answer.data
        assert collector.events()[0].attributes == {"a": "1e999"}

    def test_requests(self, collector: Collector, http: urllib3.PoolManager) -> None:
        """Requests come newest first, with body and steps, or the reason that there are none."""
        _send(http, collector, _event())
        http.request("POST", collector.url + COLLECT, body=b"x")
        bad, good = self._get(http, collector, "requests?limit=5")["requests"]
        assert [(step["name"], step["detail"]) for step in good["steps"]] == [("json", "1 message")]
        assert (good["method"], good["target"], good["reason"]) == ("POST", COLLECT, None)
        assert ["content-length", "1"] in bad["headers"]
        assert (bad["size"], bad["events"]) == (1, {"ok": 0, "warn": 0, "bad": 1})
        assert self._get(http, collector, "requests/2")["body_base64"] == "eA=="
        assert [step["ok"] for step in bad["steps"]] == [False]
        assert bad["reason"]["code"] == "not_json"

    @pytest.mark.parametrize(
        "path",
        [
            "events?limit=x",
            "events?limit=-1",
            "events?limit=99999999",
            "events?nmae=a",
            "wait?timeout=nan",
            "wait?timeout=1e9",
            "wait?count=1.5",
            "requests?name=a",
        ],
    )
    def test_wrong_parameter(
        self, collector: Collector, http: urllib3.PoolManager, path: str
    ) -> None:
        """A parameter that is unknown or out of range is refused with a sentence."""
        answer = http.request("GET", f"{collector.url}/api/v1/{path}")
        assert answer.status == 400
        assert answer.json()["error"]

    def test_unknown_api_path(self, collector: Collector, http: urllib3.PoolManager) -> None:
        """A wrong path under the API is no received request."""
        assert http.request("POST", f"{collector.url}/api/v1/evnets").status == 404
        assert collector.requests() == []

    def test_delete(self, collector: Collector, http: urllib3.PoolManager) -> None:
        """Deleting with the header empties the store and says how much there was."""
        _send(http, collector, _event(), _event())
        url = f"{collector.url}/api/v1/events"
        answer = http.request("DELETE", url, headers={"X-Gio-Collector": "1"})
        assert (answer.status, answer.json()) == (200, {"deleted": 2})
        assert (collector.events(), collector.requests()) == ([], [])

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"X-Gio-Collector": "0"},
            {"X-Gio-Collector": "1", "Origin": "https://shop.example"},
        ],
    )
    def test_delete_guard(
        self, collector: Collector, http: urllib3.PoolManager, headers: dict[str, str]
    ) -> None:
        """Without the header, or from a foreign page, nothing is deleted."""
        _send(http, collector, _event())
        url = f"{collector.url}/api/v1/events"
        assert http.request("DELETE", url, headers=headers).status == 403
        assert len(collector.events()) == 1

    def test_home(self, collector: Collector, http: urllib3.PoolManager) -> None:
        """The front page says what was received and where to send; looking is not stored."""
        _send(http, collector, _event())
        answer = http.request("GET", collector.url + "/")
        assert "1 requests, 1 events" in answer.data.decode()
        assert "/v3/projects/{project}/collect" in answer.data.decode()
        assert http.request("GET", f"{collector.url}/robots.txt").status == 404
        assert len(collector.requests()) == 1


class TestWait:
    def test_blocks_until_there(self, collector: Collector, http: urllib3.PoolManager) -> None:
        """A wait that began first returns when the last event it needs is stored."""
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(collector.wait, 3, 10, name="pay")
            _send(http, collector, _event(), _event("other"))
            _send(http, collector, _event())
            assert not waiting.done()
            _send(http, collector, _event(user="last"), _event(user="beyond"))
            events = waiting.result(5)
        assert [event.user_id for event in events] == ["u1", "u1", "last"]

    def test_over_http(self, collector: Collector, http: urllib3.PoolManager) -> None:
        """The same over HTTP answers 200 with the events, oldest first."""
        url = f"{collector.url}/api/v1/wait?count=2&timeout=10&user=u1"
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(http.request, "GET", url)
            _send(http, collector, _event("first"), _event(user="other"))
            assert not waiting.done()
            _send(http, collector, _event("second"))
            answer = waiting.result(5)
        assert answer.status == 200
        assert [event["name"] for event in answer.json()["events"]] == ["first", "second"]

    def test_many_waits(self, collector: Collector, http: urllib3.PoolManager) -> None:
        """Waits block nobody: events are collected and other waits answered meanwhile."""
        url = f"{collector.url}/api/v1/wait?timeout=10&name="
        with ThreadPoolExecutor(20) as pool:
            waits = [pool.submit(http.request, "GET", f"{url}e{n}") for n in range(20)]
            _send(http, collector, *(_event(f"e{n}") for n in range(20)))
            assert [wait.result(5).status for wait in waits] == [200] * 20

    def test_timeout_over_http(self, collector: Collector, http: urllib3.PoolManager) -> None:
        """When the time is over, 408 comes with those that did arrive."""
        _send(http, collector, _event("pay"), _event("other"))
        url = f"{collector.url}/api/v1/wait?count=2&timeout=0.1&name=pay"
        answer = http.request("GET", url)
        assert answer.status == 408
        assert [event["name"] for event in answer.json()["events"]] == ["pay"]

    def test_timeout(self, collector: Collector, http: urllib3.PoolManager) -> None:
        """In Python the error holds those that match, and its text names the newest ones."""
        _send(http, collector, _event("pay"), _event("pya"))
        with pytest.raises(WaitTimeoutError, match=r"1 of 2 .*pya, ok event pay") as error:
            collector.wait(2, 0.05, name="pay")
        assert [event.name for event in error.value.events] == ["pay"]
        assert isinstance(error.value, TimeoutError)

    def test_timeout_zero(self, collector: Collector, http: urllib3.PoolManager) -> None:
        """A time-out of zero only looks."""
        _send(http, collector, _event())
        assert len(collector.wait(1, 0)) == 1
        with pytest.raises(WaitTimeoutError):
            collector.wait(2, 0)

    def test_closing_ends_waits(self, http: urllib3.PoolManager) -> None:
        """Closing does not wait for those who wait."""
        with ThreadPoolExecutor(2) as pool:
            with Collector() as collector:
                url = f"{collector.url}/api/v1/wait?timeout=60"
                over_http = pool.submit(http.request, "GET", url)
                in_python = pool.submit(collector.wait, 1, 60)
                listening = collector._service.store._listeners
                _eventually(lambda: len(listening) == 2)
                start = time.monotonic()
            assert time.monotonic() - start < 30
            assert over_http.result(60).status == 408
            with pytest.raises(WaitTimeoutError):
                in_python.result(60)


class TestCollector:
    def test_follow(self, collector: Collector, http: urllib3.PoolManager) -> None:
        """Following gives what arrived, then what arrives, and ends when serving does."""
        _send(http, collector, *(_event(f"e{n}") for n in range(1200)))
        seen: list[str | None] = []
        follower = threading.Thread(
            target=lambda: seen.extend(event.name for event in collector.follow())
        )
        follower.start()
        _send(http, collector, _event("late"))
        collector.stop()
        follower.join(60)
        assert seen == [*(f"e{n}" for n in range(1200)), "late"]

    def test_clear(self, collector: Collector, http: urllib3.PoolManager) -> None:
        """Clearing forgets events, requests and totals."""
        _send(http, collector, _event(), 3)
        assert (collector.totals().events, collector.totals().bad) == (2, 1)
        collector.clear()
        assert (collector.totals().events, collector.totals().requests) == (0, 0)

    @pytest.mark.parametrize(
        "call",
        [
            lambda collector: collector.wait(-1),
            lambda collector: collector.wait(1, -1),
            lambda collector: collector.events(limit=-1),
            lambda collector: collector.requests(limit=-1),
        ],
    )
    def test_negative(self, collector: Collector, call: Callable[[Collector], object]) -> None:
        """A negative count, limit or time-out is refused."""
        with pytest.raises(GrowingParamException, match="negative"):
            call(collector)

    def test_limit_is_the_newest(self, collector: Collector, http: urllib3.PoolManager) -> None:
        """A limit keeps the newest, still oldest first."""
        _send(http, collector, _event("a"), _event("b"), _event("c"))
        assert [event.name for event in collector.events(limit=2)] == ["b", "c"]

    def test_temporary_store_is_removed(self) -> None:
        """Without a file, nothing is left when the collector closes."""
        with Collector() as collector:
            folder = Path(collector.info().db).parent
            assert folder.is_dir()
        assert not folder.exists()

    def test_closed(self) -> None:
        """A closed collector says so, and closing again does nothing."""
        collector = Collector()
        collector.close()
        collector.close()
        with pytest.raises(GrowingError, match="closed"):
            collector.events()

    def test_address_of_a_closed_one(self) -> None:
        """Where it was is known at any time: a signal may end it while the command prints that."""
        with Collector() as collector:
            before = collector.info().urls
        assert collector.info().urls == before

    def test_persistence(self, tmp_path: Path, http: urllib3.PoolManager) -> None:
        """A file keeps its events through a restart, also when its folder has a foreign name."""
        folder = tmp_path / "数据 %20"
        folder.mkdir()
        for name in ("a", "b"):
            with Collector(db=folder / "runs.sqlite") as collector:
                _send(http, collector, _event(name))
        with Collector(db=str(folder / "runs.sqlite")) as collector:
            assert [event.name for event in collector.events()] == ["a", "b"]

    def test_port_taken(self, collector: Collector) -> None:
        """A port that is taken is refused with what to do."""
        with pytest.raises(GrowingParamException, match=r"already in use.*choose another port"):
            Collector(collector.port)

    def test_port_out_of_range(self) -> None:
        """A number that is no port is refused."""
        with pytest.raises(GrowingParamException, match="from 0 to 65535"):
            Collector(70_000)

    def test_unusable_file_leaves_no_server(self, tmp_path: Path) -> None:
        """When the file cannot be used, the port is free again."""
        port = free_port()
        with pytest.raises(GrowingParamException, match=r"a\.db"):
            Collector(port, tmp_path / "missing" / "a.db")
        Collector(port).close()

    def test_port_is_free_after_closing(self, http: urllib3.PoolManager) -> None:
        """The same port can be used again at once, even after connections."""
        with Collector() as first:
            _send(http, first, _event())
        with Collector(first.port) as second:
            assert second.events() == []

    def test_starts_and_closes_quickly(self, http: urllib3.PoolManager) -> None:
        """Starting, one request and closing with an idle connection take under a second."""

        def took_s() -> float:
            start = time.monotonic()
            with Collector() as collector:
                _send(http, collector, _event())
            return time.monotonic() - start

        assert any(took_s() < 1 for _ in range(5)), "not even once on a machine that is busy"

    def test_half_a_request_does_not_hold_up_closing(self) -> None:
        """A client that never finishes its request delays closing by no more than the grace."""
        collector = Collector()
        with socket.create_connection(("127.0.0.1", collector.port)) as client:
            client.sendall(
                b"POST /v3/projects/p1/collect HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                b"Content-Length: 9\r\n\r\n["
            )
            start = time.monotonic()
            collector.close()
        assert time.monotonic() - start < 10

    def test_broken_http_is_quiet(self, collector: Collector) -> None:
        """What is not HTTP is refused without a word in anybody's log."""
        with socket.create_connection(("127.0.0.1", collector.port), timeout=60) as client:
            client.sendall(b"\x16\x03\x01 this is TLS\r\n\r\n")
            assert client.recv(4096).startswith(b"HTTP/1.1 400")

    def test_other_uvicorns_may_log(self, collector: Collector) -> None:
        """The log of a uvicorn in another thread is not touched."""
        heard: list[str] = []
        handler = logging.Handler()
        handler.emit = lambda record: heard.append(record.getMessage())  # type: ignore[method-assign]
        logger = logging.getLogger("uvicorn.error")
        logger.addHandler(handler)
        logger.propagate = False
        try:
            logger.warning("mine")
        finally:
            logger.propagate = True
            logger.removeHandler(handler)
        assert heard == ["mine"]

    def test_full_disk(self, caplog: pytest.LogCaptureFixture, http: urllib3.PoolManager) -> None:
        """What cannot be stored is answered 503 and logged, and the collector lives on."""
        with Collector() as collector:
            connection = collector._service.store._connection
            [[pages]] = connection.execute("PRAGMA page_count").fetchall()
            connection.execute(f"PRAGMA max_page_count = {pages}").fetchall()
            full = _send(http, collector, _event(attributes={"a": "x" * 100_000}))
            connection.execute("PRAGMA max_page_count = 1000000").fetchall()
            free = _send(http, collector, _event("later"))
            again = _send(http, collector, _event(attributes={"a": "x" * 100_000}))
            assert (full.status, free.status, again.status) == (503, 204, 204)
            assert [event.name for event in collector.events()] == ["later", "pay"]
            codes = [problem.code for event in collector.events() for problem in event.issues]
            assert codes == ["value_too_long"]
        assert ["not stored" in message for message in caplog.messages] == [True]

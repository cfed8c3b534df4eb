"""The REST API over a running collector."""

import base64
import csv
import io
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3

from chinese import assert_in_both_languages
from growingio_collector import Collector, Forwarding
from growingio_wire.clock import now_ms
from tree import CAPTURES

NOW_MS = time.time_ns() // 1_000_000
COLLECT = "/v3/projects/p1/collect"
GUARD = {"X-Gio-Collector": "1"}


@pytest.fixture
def collector() -> Iterator[Collector]:
    """Run a collector of its own."""
    with Collector() as running:
        yield running


class _Api:
    """Calls of one collector's API."""

    def __init__(self, collector: Collector) -> None:
        self.url = collector.url
        self._http = urllib3.PoolManager(retries=False, timeout=60)

    def send(self, *events: object, path: str = COLLECT, **more: Any) -> None:
        arguments = {"body": json.dumps(events).encode(), **more}
        assert self._http.request("POST", self.url + path, **arguments).status == 204

    def call(self, path: str, method: str = "GET", **more: Any) -> urllib3.BaseHTTPResponse:
        return self._http.request(method, f"{self.url}/api/v1/{path}", **more)

    def get(self, path: str) -> Any:
        answer = self.call(path)
        assert answer.status == 200, answer.data
        return answer.json()

    def names(self, query: str) -> list[str]:
        return [event["name"] for event in self.get(f"events?{query}")["events"]]

    def close(self) -> None:
        self._http.clear()


@pytest.fixture
def api(collector: Collector) -> Iterator[_Api]:
    """Call the API of the collector of the same test."""
    api = _Api(collector)
    yield api
    api.close()


def _event(name: str = "pay", user: str = "u1", **more: object) -> dict[str, object]:
    event = {"eventType": "CUSTOM", "eventName": name, "timestamp": NOW_MS, "userId": user}
    return {**event, "dataSourceId": "d1", **more}


class TestFilters:
    @pytest.mark.parametrize(
        ("query", "names"),
        [
            ("name=b", ["b"]),
            ("type=VISIT", ["c"]),
            ("project=p1", ["c", "b", "a"]),
            ("project=p2", []),
            ("user=u2", ["b"]),
            ("device=d1", ["c"]),
            ("status=warn", ["c"]),
            ("verdict=ok", ["b", "a"]),
            ("kind=item", []),
            ("since=0&until=1", []),
            ("until=9000000000000", ["c", "b", "a"]),
            ("attr.金额=3", ["b", "a"]),
            ("attr.金额=3&attr.单位=元", ["b"]),
            ("attr.金额=4", []),
            ("attr.a.b=true", ["c"]),
            ("q=ZWEI", ["b"]),
            ("q=元", ["b"]),
            ("q=U2", ["b"]),
            ("q=%25", []),
            ("code=user_id_not_text", ["c"]),
            ("request=1", ["c", "b", "a"]),
            ("request=2", []),
            ("before=3", ["b", "a"]),
            ("after=1", ["b", "c"]),
            ("after=1&limit=1", ["b"]),
            ("limit=0", []),
        ],
    )
    def test_filter(self, api: _Api, query: str, names: list[str]) -> None:
        """Each filter leaves exactly the events it describes, escaped in JSON or not."""
        api.send(
            _event("a", attributes={"金额": 3}),
            _event("b", "u2", attributes={"金额": "3", "单位": "元", "x": "zwei"}),
            _event("c", userId=7, deviceId="d1", eventType="VISIT", attributes={"a.b": True}),
        )
        assert api.names(query) == names

    def test_total(self, api: _Api) -> None:
        """The total counts what matches, whatever the limit."""
        api.send(_event("a"), _event("a"), _event("b"))
        assert api.get("events?name=a&limit=1")["total"] == 2

    def test_kinds(self, api: _Api) -> None:
        """Items and mappings have lists of their own."""
        api.send(_event())
        api.send({"id": "1", "key": "goods"}, path="/projects/p1/collect/item")
        api.send({"identifies": {"phone": "1"}}, path="/projects/p1/collect/user-mapping")
        assert [event["kind"] for event in api.get("items")["events"]] == ["item"]
        assert [event["kind"] for event in api.get("mappings?attr.phone=1")["events"]] == [
            "mapping"
        ]

    @pytest.mark.parametrize(
        "path",
        [
            "events?status=worse",
            "events?kind=thing",
            "events?since=-1",
            "items?kind=event",
            "events/1?x=1",
            "requests?status=ok",
            "export?format=xml",
            "stream?after=x",
            "summary?x=1",
            "ready?wait=x",
        ],
    )
    def test_wrong(self, api: _Api, path: str) -> None:
        """A parameter or value that is not known is refused with its name."""
        answer = api.call(path)
        assert answer.status == 400
        assert_in_both_languages(answer.json())

    def test_same_in_python(self, collector: Collector, api: _Api) -> None:
        """The object takes the same filters."""
        api.send(_event("a", attributes={"k": "v"}), _event("look"))
        assert [event.name for event in collector.events(attributes={"k": "v"})] == ["a"]
        assert [event.name for event in collector.wait(1, 0, q="LOOK")] == ["look"]


class TestOne:
    def test_event(self, api: _Api) -> None:
        """One event is found by its id, and the newest by a filter."""
        api.send(_event("a"), _event("b"), _event("a", "u9"))
        assert api.get("events/2")["name"] == "b"
        assert api.get("events/latest?name=a")["user_id"] == "u9"

    @pytest.mark.parametrize(
        "path", ["events/1", "events/99999999999999999999", "events/latest", "requests/1/raw"]
    )
    def test_missing(self, api: _Api, path: str) -> None:
        """What is not there is answered 404 with a sentence."""
        answer = api.call(path)
        assert answer.status == 404
        assert_in_both_languages(answer.json())


class TestRequests:
    def test_views(self, api: _Api) -> None:
        """A request is shown whole, as bytes and as steps."""
        api.send(_event())
        body = json.dumps([_event()]).encode()
        whole = api.get("requests/1")
        assert base64.b64decode(whole["body_base64"]) == body
        assert api.call("requests/1/raw").data == body
        assert api.get("requests/1/steps") == {"steps": whole["steps"]}

    def test_listing(self, api: _Api) -> None:
        """The list counts each request's events, and can leave out those without a bad one."""
        api.send(_event(), _event(userId=1))
        api.send(3, _event())
        [bad, good] = api.get("requests")["requests"]
        assert "body_base64" not in good
        assert (good["events"], good["forward"]) == ({"ok": 1, "warn": 1, "bad": 0}, None)
        assert [one["id"] for one in api.get("requests?status=bad")["requests"]] == [bad["id"]]
        assert [one["id"] for one in api.get("requests?before=2")["requests"]] == [1]
        assert [one["id"] for one in api.get("requests?after=0")["requests"]] == [1, 2]

    @pytest.mark.skipif(
        sys.platform == "win32", reason="not here: the command is for a POSIX shell"
    )
    @pytest.mark.parametrize(
        "body",
        [
            b'[{"eventType":"VISIT","userId":"$(touch x) \'`id`"}]',
            b"@/etc/passwd",
            b"\x00\xff'",
            b"",
        ],
    )
    def test_curl(self, api: _Api, body: bytes, tmp_path: Path) -> None:
        """The curl command sends the same bytes, target and content headers again."""
        headers = {"X-Crypt-Codec": "0", "Content-Type": "text/plain"}
        target = f"{api.url}/v3/projects/p1/collect?stm=1&a=[1-3]{{x,y}}'"
        urllib3.request("POST", target, body=body, headers=headers)
        command = api.call("requests/1/curl").data.decode()
        subprocess.run(["sh", "-c", command], check=True, cwd=tmp_path, timeout=60)
        first, second = api.get("requests/1"), api.get("requests/2")
        assert list(tmp_path.iterdir()) == []
        for key in ("method", "target", "body_base64"):
            assert first[key] == second[key]
        sent = dict(second["headers"])
        assert (sent["content-type"], sent["x-crypt-codec"]) == ("text/plain", "0")


class TestWait:
    def test_nearest(self, api: _Api) -> None:
        """A wait in vain names the events that came nearest, and what they lack."""
        api.send(_event("pay", "u1", attributes={"sku": "B"}), _event("look", "u3"))
        answer = api.call("wait?name=pay&user=u2&attr.sku=A&timeout=0.05")
        assert answer.status == 408
        first, second = answer.json()["nearest"]
        assert first["event"]["name"] == "pay"
        assert first["why"] == ["user is u1, not u2", "attr.sku is B, not A"]
        assert first["why_zh"] == ["user 是 u1，不是 u2", "attr.sku 是 B，不是 A"]
        assert "it has no attribute sku" in second["why"]


class TestDelete:
    def test_by_filter(self, api: _Api) -> None:
        """Only what matches is removed, and requests that are left without events."""
        api.send(_event("a"), _event("b"))
        api.send(_event("a", userId=3))
        answer = api.call("events?name=a", "DELETE", headers=GUARD)
        assert answer.json() == {"deleted": 2}
        assert api.names("") == ["b"]
        assert [one["id"] for one in api.get("requests")["requests"]] == [1]
        assert api.get("problems") == {"problems": []}


class _Stream:
    """A client of the stream that reads one event at a time."""

    def __init__(self, api: _Api, query: str = "", **headers: str) -> None:
        self._answer = urllib3.request(
            "GET",
            f"{api.url}/api/v1/stream{query}",
            headers=headers,
            preload_content=False,
            timeout=60,
            retries=False,
        )
        assert self._answer.headers["content-type"].startswith("text/event-stream")
        self._blocks = self._read()

    def _read(self) -> Iterator[dict[str, str]]:
        buffer = b""
        for chunk in iter(self._answer.read1, b""):
            buffer += chunk
            *blocks, buffer = buffer.split(b"\n\n")
            for block in blocks:
                lines = [line.split(": ", 1) for line in block.decode().split("\n") if ": " in line]
                if lines:
                    yield {line[0]: line[1] for line in lines}

    def next(self, event: str) -> dict[str, str]:
        """Return the next block of this kind."""
        return next(block for block in self._blocks if block["event"] == event)

    def __enter__(self) -> "_Stream":
        return self

    def __exit__(self, *_: object) -> None:
        self._answer.close()
        self._answer.release_conn()


class TestStream:
    def test_live(self, api: _Api) -> None:
        """An event reaches the stream well within 200 ms of its answer, with its id."""
        api.send(_event("before"))
        with _Stream(api) as stream:
            stream.next("summary")
            delays: list[float] = []
            for number in range(5):
                start = time.monotonic()
                api.send(_event(f"e{number}"))
                block = stream.next("event")
                delays.append(time.monotonic() - start)
                assert json.loads(block["data"])["name"] == f"e{number}"
                assert block["id"] == str(number + 2)
        assert min(delays) < 0.2

    def test_resume(self, api: _Api) -> None:
        """A browser that comes back gets what it missed, filtered, and then what is new."""
        api.send(*(_event(name) for name in "abab"))
        with _Stream(api, "?name=b", **{"Last-Event-ID": "2"}) as stream:
            assert stream.next("event")["id"] == "4"
            api.send(_event("a"), _event("b"))
            assert stream.next("event")["id"] == "6"

    def test_after(self, api: _Api) -> None:
        """The parameter resumes too, through more than is sent at once."""
        for _ in range(5):
            api.send(*(_event() for _ in range(100)))
        with _Stream(api, "?after=0") as stream:
            ids = [stream.next("event")["id"] for _ in range(500)]
        assert ids == [str(number) for number in range(1, 501)]

    def test_summary(self, api: _Api) -> None:
        """A summary follows a change."""
        with _Stream(api) as stream:
            assert json.loads(stream.next("summary")["data"])["stored"]["requests"] == 0
            api.send(_event())
            assert json.loads(stream.next("summary")["data"])["stored"]["ok"] == 1

    def test_summary_without_events(self, api: _Api) -> None:
        """A request without any event is a change, too."""
        with _Stream(api) as stream:
            stream.next("summary")
            api.send()
            assert json.loads(stream.next("summary")["data"])["stored"]["requests"] == 1

    @pytest.mark.parametrize(
        ("path", "content"),
        [
            ("plan", "events:\n  pay: {}\n"),
            ("faults", '{"status": 503, "path": "/elsewhere"}'),
            ("experiments/7", '{"strategyId": 2}'),
            ("muted", '{"codes": ["sdk_old"]}'),
        ],
    )
    def test_summary_after_a_setting(self, api: _Api, path: str, content: str) -> None:
        """A summary follows each change of a setting, so that pages read it again."""
        with _Stream(api) as stream:
            stream.next("summary")
            assert api.call(path, "PUT", body=content, headers=GUARD).status == 200
            stream.next("summary")
            if path != "muted":
                assert api.call(path, "DELETE", headers=GUARD).status == 200
                stream.next("summary")

    @pytest.mark.parametrize("sync", [False, True])
    def test_summary_after_forwarding(self, sync: bool) -> None:
        """What became of a forwarded request is a change, however late it is known."""
        forwarding = Forwarding(url=(target := Collector()).url, sync=sync)
        with target, Collector(forwarding=forwarding) as collector:
            api = _Api(collector)
            target.faults.fail_next(1, delay_ms=1500)
            with _Stream(api) as stream:
                stream.next("summary")
                api.send(_event())
                states: list[dict[str, int]] = []
                while states[-1:] != [{"done": 1}]:
                    stream.next("summary")
                    counts = api.get("forward")["counts"]
                    states.append({state: number for state, number in counts.items() if number})
        assert states[0] in ({"waiting": 1}, {"sending": 1}, {"done": 1})

    def test_cleared(self, collector: Collector, api: _Api) -> None:
        """An emptied store is told, and the stream goes on."""
        api.send(_event())
        with _Stream(api) as stream:
            stream.next("summary")
            collector.clear()
            stream.next("cleared")
            api.send(_event("new"))
            assert json.loads(stream.next("event")["data"])["name"] == "new"

    def test_other_store(self, api: _Api) -> None:
        """An id from a store that is gone is told as cleared, and what is new comes."""
        with _Stream(api, "?after=500") as stream:
            stream.next("cleared")
            api.send(_event())
            assert stream.next("event")["id"] == "1"

    def test_ends_with_the_collector(self) -> None:
        """Stopping the collector ends the streams at once."""
        with Collector() as collector:
            api = _Api(collector)
            with _Stream(api) as stream:
                stream.next("summary")
                start = time.monotonic()
                collector.stop()
                assert list(stream._blocks) == []
            assert time.monotonic() - start < 30
            api.close()


def _next_millisecond() -> None:
    before = now_ms()
    while now_ms() == before:
        pass


def _codes(event: dict[str, Any]) -> list[tuple[str, str]]:
    return [(problem["code"], problem["level"]) for problem in event["problems"]]


class TestTransfer:
    @pytest.mark.parametrize("format_", ["ndjson", "csv", "requests", "events"])
    def test_round_trip(self, api: _Api, format_: str) -> None:
        """What one collector exports, another imports to the same events, verdicts and problems."""
        api.send(_event("支付", attributes={"a": 1.5}), _event(userId=3), _event(attributes=[1]))
        _next_millisecond()  # CSV tells requests apart by their time
        api.send({"id": "1", "key": "goods"}, path="/run/r1/projects/p2/collect/item")
        _next_millisecond()
        api.send(_event("=1+1", "'@x"), headers={"Content-Type": "application/protobuf"})
        _next_millisecond()
        api.send(body=b'[{\n"eventType":\r\n"CUSTOM"}, {"a":[[[]]]}, 1]')
        _next_millisecond()
        api.send(body=b"[{", headers={"User-Agent": "other/1"})
        _next_millisecond()
        api.send(_event("again", timestamp=1), _event("again", attributes={"a": "x" * 200_000}))
        _next_millisecond()
        api.send(_event("again", timestamp=1))
        path = "events?limit=1000" if format_ == "events" else f"export?format={format_}"
        exported = api.call(path).data
        with Collector() as other:
            second = _Api(other)
            answer = second.call("import", "POST", body=exported, headers=GUARD)
            assert answer.json() == {"requests": 7, "events": 12}
            lists = (api.get("events")["events"], second.get("events")["events"])
            for one, two in zip(*lists, strict=True):
                for key in ("received_ms", "run", "kind", "name", "client", "verdict", "message"):
                    assert one[key] == two[key], key
                assert _codes(one) == _codes(two)
                if format_ != "csv":
                    assert one["problems"] == two["problems"]
            second.close()

    def test_one_line_each(self, api: _Api) -> None:
        """A message that came over several lines is one line of an export, otherwise as it came."""
        api.send(body=b'[{\n"eventType": "CUSTOM",\r\n"a": 1.0}]')
        [line] = api.call("export").data.splitlines()
        assert b'{ "eventType": "CUSTOM",  "a": 1.0}' in line

    @pytest.mark.parametrize(
        "content",
        [
            b"curl -d '[{}]' http://h/v3/projects/p/collect",
            b'{"target":"/v3/projects/p/collect","body_base64":"W3t9XQ=="}',
            b'[{"kind":"event","message":{}}]',
            b"[{}]",
            b'\xef\xbb\xbf{"kind":"event","message":{}}',
        ],
    )
    def test_any_format(self, api: _Api, content: bytes) -> None:
        """The format is recognised: a command, one request, a list of events, or a bare body."""
        answer = api.call("import", "POST", body=content, headers=GUARD)
        assert answer.json() == {"requests": 1, "events": 1}
        [event] = api.get("events")["events"]
        assert event["message"] == {}

    def test_captures(self, api: _Api) -> None:
        """A recording of a client is received as if the client had sent it."""
        content = (CAPTURES / "python-1.0.5-snappy_crypt.json").read_bytes()
        answer = api.call("import?format=requests", "POST", body=content, headers=GUARD)
        assert answer.json()["requests"] == len(json.loads(content)["requests"])
        assert api.get("events?status=ok")["total"] > 10

    def test_export_of_some(self, api: _Api) -> None:
        """Filters leave requests out that hold no matching event."""
        api.send(_event("a"))
        api.send(_event("b"), _event("c"))
        exported = json.loads(api.call("export?format=requests&name=c").data)
        assert [base64.b64decode(one["body_base64"])[:2] for one in exported["requests"]] == [b"[{"]
        assert len(exported["requests"]) == 1

    def test_csv(self, api: _Api) -> None:
        """The table opens in spreadsheets, and runs nothing there."""
        api.send(_event("=cmd|calc", "用户"))
        text = api.call("export?format=csv").data.decode("utf-8-sig")
        [row] = csv.DictReader(io.StringIO(text))
        assert (row["name"], row["user_id"], row["kind"]) == ("'=cmd|calc", "用户", "event")

    @pytest.mark.parametrize(
        ("body", "error"),
        [
            (b'{"kind":"event"}\n', "Line 1"),
            (b'\n{"kind":"x","message":{}}', "Line 2"),
            (b'{"requests":[{}]}', "recording"),
            (b"id,received,kind\n1,2,3", "Row 2"),
            (b"hello", "known format"),
            (b"", "known format"),
        ],
    )
    def test_wrong(self, api: _Api, body: bytes, error: str) -> None:
        """A body of another format is refused with the place."""
        answer = api.call("import", "POST", body=body, headers=GUARD)
        assert answer.status == 400
        assert error in answer.json()["error"]
        assert_in_both_languages(answer.json())

    def test_lines_before_a_wrong_one(self, api: _Api) -> None:
        """Lines before a wrong one are imported, as the error says."""
        line = json.dumps({"kind": "event", "message": _event("a")})
        body = f"{line}\n{line}\nx".encode()
        assert "Line 3" in api.call("import", "POST", body=body, headers=GUARD).json()["error"]
        assert api.names("") == ["a", "a"]

    @pytest.mark.parametrize("path", ["import", "../../micro/reset"])
    def test_guard(self, api: _Api, path: str) -> None:
        """Without the guard header nothing is changed."""
        url = f"{api.url}/micro/reset" if "micro" in path else f"{api.url}/api/v1/{path}"
        assert urllib3.request("POST", url, body=b"").status == 403


class TestViews:
    def test_summary(self, api: _Api) -> None:
        """The totals count what is stored and what was received since the store was emptied."""
        api.send(_event(), _event(userId=3))
        found = api.get("summary")
        assert found["stored"] == {"requests": 1, "ok": 1, "warn": 1, "bad": 0}
        assert found["received"]["requests"] == 1
        api.call("events", "DELETE", headers=GUARD)
        api.send(_event())
        assert api.get("summary")["received"]["requests"] == 1

    def test_problems(self, api: _Api) -> None:
        """Problems are grouped by code and path, the bad first, with who has them."""
        api.send(_event("a", userId=1), _event("b", userId=2), _event("c", attributes=[]))
        api.send(_event("d", userId=3), _event("e", attributes={"x": None, "y": None}))
        groups = api.get("problems")["problems"]
        assert [(one["code"], one["path"], one["level"], one["events"]) for one in groups] == [
            ("attributes_not_object", "attributes", "bad", 1),
            ("value_not_text", "attributes.y", "warn", 1),
            ("value_not_text", "attributes.x", "warn", 1),
            ("user_id_not_text", "userId", "warn", 3),
        ]
        assert (groups[3]["names"], groups[3]["last_event"]) == (["a", "b", "d"], 4)
        assert groups[1]["headline"] == "A value that is neither a string nor a number"
        texts = ("headline", "headline_zh", "sentence", "fix", "sentence_zh", "fix_zh", "last_ms")
        assert all(one[key] for one in groups for key in texts)

    def test_identities(self, api: _Api) -> None:
        """Devices, users and identities are one group once an event joins them."""
        api.send(_event(deviceId="d1"), _event(deviceId="d2", user="u2"), _event(deviceId="d1"))
        api.send(_event(deviceId="d2"))
        api.send({"identifies": {"phone": "1", "mail": "m"}}, path=COLLECT_MAPPING)
        first, second = api.get("identities")["groups"]
        assert (first["user_keys"], first["joined_by"]) == (["phone=1", "mail=m"], [5])
        assert (sorted(second["users"]), sorted(second["devices"])) == (["u1", "u2"], ["d1", "d2"])
        assert (second["events"], second["joined_by"]) == (4, [1, 2, 4])

    def test_info(self, collector: Collector, api: _Api) -> None:
        """The collector says where it is and what it keeps."""
        info = api.get("info")
        assert info["urls"] == [collector.url]
        assert info["temporary"] is True
        assert info["limits"]["max_body_bytes"] == 10_000_000
        assert api.get("ready?wait=1") == {"ready": True}

    def test_micro(self, api: _Api) -> None:
        """Addresses of Snowplow Micro answer over the same store."""

        def get(name: str) -> Any:
            return urllib3.request("GET", f"{api.url}/micro/{name}").json()

        api.send(_event(), _event(userId=3), 3)
        assert get("all") == {"total": 3, "good": 2, "bad": 1}
        assert (len(get("good")), len(get("bad"))) == (2, 1)
        answer = urllib3.request("POST", f"{api.url}/micro/reset", headers=GUARD)
        assert answer.json() == {"total": 0, "good": 0, "bad": 0}


COLLECT_MAPPING = "/projects/p1/collect/user-mapping"


class TestRuns:
    def test_prefix(self, collector: Collector, api: _Api) -> None:
        """A path prefix of the host keeps what one test sends apart from all else."""
        api.send(_event("mine"), path="/run/test%2F1" + COLLECT)
        api.send(_event("other"))
        [mine] = api.get("events?run=test%2F1")["events"]
        assert (mine["name"], mine["project"]) == ("mine", "p1")
        assert [event.name for event in collector.events(run="p1")] == ["other"]

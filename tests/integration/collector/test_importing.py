"""Importing files: any format is recognised, and comes in as it went out."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import urllib3

from growingio_collector import Collector, Event
from posted import event, item
from tree import CAPTURES

CURL = b"curl http://127.0.0.1/v3/projects/p1/collect --data-binary @/etc/hostname"
GUARD = {"X-Gio-Collector": "1"}


@pytest.fixture(scope="module")
def source() -> Iterator[Collector]:
    """Run a collector that has one of everything."""
    with Collector() as collector:
        url = f"{collector.url}/v3/projects/p1/collect"
        odd = {"n": 9007199254740993, "text": 'a "b",\n=1', "list": "a||b"}
        urllib3.request("POST", url, json=[event("good"), event("odd", attributes=odd)])
        urllib3.request("POST", url, json=[event("bad", attributes=[1])])
        urllib3.request("POST", f"{collector.url}/run/r1/v3/projects/p1/collect", json=[event("x")])
        urllib3.request(
            "POST", f"{collector.url}/projects/p1/collect/item", json=[item("1", a="=2")]
        )
        yield collector


def _facts(events: list[Event]) -> list[tuple[object, ...]]:
    return [
        (one.kind, one.project, one.run, one.verdict, bytes(one.raw), one.received_ms)
        for one in events
    ]


def _import(collector: Collector, content: bytes, query: str = "") -> dict[str, int]:
    url = f"{collector.url}/api/v1/import{query}"
    answer = urllib3.request("POST", url, body=content, headers=GUARD)
    assert answer.status == 200, answer.data
    found: dict[str, int] = answer.json()
    return found


@pytest.mark.parametrize("form", ["ndjson", "csv", "requests"])
def test_exports(source: Collector, form: str) -> None:
    """An export of any format comes in with the same messages, times and verdicts."""
    exported = urllib3.request("GET", f"{source.url}/api/v1/export?format={form}").data
    with Collector() as collector:
        assert _import(collector, exported)["events"] == 5
        assert _facts(collector.events()) == _facts(source.events())


def test_bodies(source: Collector) -> None:
    """A body alone is taken for events."""
    with Collector() as collector:
        assert _import(collector, json.dumps([event("a"), event("b")]).encode())["events"] == 2
        assert [one.project for one in collector.events()] == ["imported", "imported"]


def test_recording(source: Collector) -> None:
    """A recording of a client comes in."""
    recording = next(iter(sorted(CAPTURES.glob("*.json")))).read_bytes()
    with Collector() as collector:
        count = len(json.loads(recording)["requests"])
        assert _import(collector, recording)["requests"] == count


def test_long_cells() -> None:
    """A cell may be as long as a message."""
    with Collector() as first, Collector() as second:
        url = f"{first.url}/v3/projects/p1/collect"
        urllib3.request("POST", url, json=[event("long", attributes={"a": "x" * 300_000})])
        exported = urllib3.request("GET", f"{first.url}/api/v1/export?format=csv").data
        _import(second, exported)
        assert _facts(second.events()) == _facts(first.events())


def test_unusable() -> None:
    """What is nothing of all this is refused with the reason."""
    with Collector() as collector:
        for content in (b"no", b'{"requests": 3}', b"id,received,\n1,2,3\n", CURL):
            url = f"{collector.url}/api/v1/import"
            answer = urllib3.request("POST", url, body=content, headers=GUARD)
            assert answer.status == 400, content
            assert answer.json()["error"]


def test_shared_request() -> None:
    """One failing request, saved as a file, comes in elsewhere with the same verdict."""
    with Collector() as first, Collector() as second:
        urllib3.request("POST", f"{first.url}/v3/projects/p1/colect?stm=1", json=[event("lost")])
        [lost] = first.events()
        shared = urllib3.request("GET", f"{first.url}/api/v1/requests/{lost.request_id}/file")
        assert (
            f'"growingio-request-{lost.request_id}.json"' in (shared.headers["Content-Disposition"])
        )
        assert _import(second, shared.data) == {"requests": 1, "events": 1}
        [found] = second.events()
        assert found.issues == lost.issues
        assert second.requests()[0].body == first.requests()[0].body


class TestMuted:
    def test_from_now_on(self) -> None:
        """A muted code is left out of what is stored, with its verdicts, and of what comes."""
        with Collector() as collector:
            collect = f"{collector.url}/v3/projects/p1/collect"
            muted = f"{collector.url}/api/v1/muted"
            problems = f"{collector.url}/api/v1/problems"
            urllib3.request("POST", collect, json=[event("a", userId=3)])
            [group] = urllib3.request("GET", problems).json()["problems"]
            codes = {"codes": [group["code"]]}
            answer = urllib3.request("PUT", muted, json=codes, headers=GUARD)
            assert answer.json() == codes
            assert urllib3.request("GET", problems).json() == {"problems": []}
            urllib3.request("POST", collect, json=[event("b", userId=3)])
            assert [one.verdict for one in collector.events()] == ["ok", "ok"]
            names = urllib3.request("GET", f"{collector.url}/api/v1/summary").json()["names"]
            assert [(one["ok"], one["warn"]) for one in names] == [(1, 0), (1, 0)]
            urllib3.request("PUT", muted, json={"codes": []}, headers=GUARD)
            assert len(urllib3.request("GET", problems).json()["problems"]) == 1
            assert [one.verdict for one in collector.events()] == ["warn", "ok"]

    def test_unknown(self) -> None:
        """A code that there is not is refused."""
        with Collector() as collector:
            url = f"{collector.url}/api/v1/muted"
            answer = urllib3.request("PUT", url, json={"codes": ["no_such"]}, headers=GUARD)
            assert answer.status == 400
            assert "no_such" in answer.json()["error"]

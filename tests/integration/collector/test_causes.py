"""Why nothing came: the API's cursors, and what a wait in vain says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import urllib3

from growingio_collector import Collector, WaitTimeoutError
from posted import event


@pytest.fixture
def collector() -> Iterator[Collector]:
    """Run a collector of its own."""
    with Collector() as running:
        yield running


def _post(collector: Collector, *events: object, path: str = "/v3/projects/p1/collect") -> None:
    urllib3.request("POST", collector.url + path, body=json.dumps(events).encode())


def _waited(collector: Collector, query: str = "") -> Any:
    answer = urllib3.request("GET", f"{collector.url}/api/v1/wait?timeout=0{query}")
    return answer.json()


def _causes(collector: Collector, query: str = "") -> list[str]:
    causes = _waited(collector, query)["causes"]
    assert all(cause["found_zh"] and cause["next"] and cause["next_zh"] for cause in causes)
    return [cause["found"] for cause in causes]


class TestCauses:
    def test_no_request(self, collector: Collector) -> None:
        """Nothing has connected: the next step is the address, and a command that proves it."""
        [cause] = _waited(collector)["causes"]
        assert cause["found"] == "No request has reached the collector."
        assert f"curl {collector.url}/healthy-check must print OK" in cause["next"]

    def test_wrong_path(self, collector: Collector) -> None:
        """Requests went to a path that collects nothing."""
        _post(collector, event("pay"), path="/v3/projcts/p1/collect")
        [found] = _causes(collector, "&name=pay")
        assert found == "Requests to other paths: 1; the newest was POST /v3/projcts/p1/collect."

    def test_unreadable(self, collector: Collector) -> None:
        """A body could not be read: the next step shows how it was decoded."""
        urllib3.request("POST", f"{collector.url}/v3/projects/p1/collect", body=b"{")
        [cause] = _waited(collector, "&name=pay")["causes"]
        assert cause["found"].startswith(
            "Requests that could not be read: 1; reason for the newest: "
        )
        assert f"curl {collector.url}/api/v1/requests/1/steps" in cause["next"]

    def test_other_project(self, collector: Collector) -> None:
        """The events are another project's."""
        _post(collector, event("pay"), path="/v3/projects/p2/collect")
        assert _causes(collector, "&project=p1") == [
            "Nothing arrived for the project p1; events arrived for p2."
        ]

    def test_earlier(self, collector: Collector) -> None:
        """What is waited for came before the cursor."""
        _post(collector, event("pay"))
        assert _causes(collector, "&name=pay&after=1") == [
            "Events that match, but are excluded by since or after: 1; the newest has the id 1."
        ]

    def test_others(self, collector: Collector) -> None:
        """Other events came."""
        _post(collector, event("view"), event("view"), event("cart"))
        assert _causes(collector, "&name=pay") == [
            "Events that do not match: 3 (2 × view, 1 × cart)."
        ]

    def test_fewer(self, collector: Collector) -> None:
        """Some match, but not enough."""
        _post(collector, event("pay"))
        assert _causes(collector, "&name=pay&count=2") == ["Events that match: 1; no more arrived."]

    def test_object(self, collector: Collector) -> None:
        """The object's error has the same."""
        with pytest.raises(WaitTimeoutError, match="No request has reached") as caught:
            collector.wait(1, timeout=0)
        assert len(caught.value.causes) == 1


class TestCursors:
    def test_last(self, collector: Collector) -> None:
        """Each answer says where the next one begins, also when nothing is there."""
        assert _waited(collector)["last"] == 0
        _post(collector, event("a"), event("b"))
        last = _waited(collector, "&name=a")["last"]
        assert last == 2
        assert _waited(collector, f"&name=a&after={last}")["events"] == []
        _post(collector, event("a"))
        found = _waited(collector, f"&name=a&after={last}")
        assert [one["id"] for one in found["events"]] == [3]

    @pytest.mark.parametrize("query", ["after=2", "since=5m&after=2"])
    def test_export(self, collector: Collector, query: str) -> None:
        """Export and lists take the same cursors."""
        _post(collector, event("a"), event("b"), event("c"))
        exported = urllib3.request("GET", f"{collector.url}/api/v1/export?{query}").data
        assert [json.loads(line)["name"] for line in exported.splitlines()] == ["c"]
        listed = urllib3.request("GET", f"{collector.url}/api/v1/events?{query}").json()
        assert [one["name"] for one in listed["events"]] == ["c"]
        assert listed["last"] == 3

    def test_ago(self, collector: Collector) -> None:
        """A time may be given as so long ago."""
        _post(collector, event("a"))
        assert len(_waited(collector, "&since=1h")["events"]) == 1
        assert len(_waited(collector, "&until=1h")["events"]) == 0

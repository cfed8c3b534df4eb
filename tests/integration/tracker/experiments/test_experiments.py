"""Experiments asked of the local collector, over real sockets."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import urllib3

from delivering.processes import run_well
from delivering.servers import BlackHole
from delivering.waiting import in_threads
from growingio_collector import Collector
from growingio_tracker import (
    AsyncBufferedConsumer,
    Experiment,
    ExperimentOptions,
    GrowingParamException,
    GrowingTracker,
)

RED = {"experimentId": 1, "strategyId": 2, "layerName": "home", "variables": {"color": "red"}}
GUARD = {"X-Gio-Collector": "1"}


def tracker(url: str, **options: Any) -> GrowingTracker:
    consumer = AsyncBufferedConsumer("p", "d", url, flush_after=0)
    return GrowingTracker.consumer(consumer, experiments=ExperimentOptions(url, **options))


def test_hit_arrives() -> None:
    """A visitor gets what was set, and the collector gets one good $exp_hit for two calls."""
    with Collector() as collector:
        collector.experiments.set("9", RED)
        with tracker(collector.url) as asking:
            found = asking.experiment(9, "v")
            asking.experiment(9, "v")
        assert (found.variables, found.layer_name) == ({"color": "red"}, "home")
        [hit] = collector.wait(1)
        assert (hit.name, hit.verdict) == ("$exp_hit", "ok")
        assert hit.attributes["$exp_strategy_id"] == "2"


def test_unknown_layer() -> None:
    """A layer that was not set is one without an experiment, and no failure."""
    with Collector() as collector, tracker(collector.url) as asking:
        assert asking.experiment("1", "v") == Experiment("1")
        assert asking.stats().experiments_failed == 0


def test_set_failure() -> None:
    """A code other than 0 that was set is a failure."""
    with Collector() as collector, tracker(collector.url) as asking:
        collector.experiments.set("1", {"code": 3, "errorMsg": "stopped"})
        assert not asking.experiment("1", "v").hit
        assert asking.stats().experiments_failed == 1


def test_async() -> None:
    """aexperiment asks in another thread, with the same result."""

    async def ask(url: str) -> list[Experiment]:
        async with tracker(url) as asking:
            visitors = (asking.aexperiment("9", f"v{number}") for number in range(5))
            return await asyncio.gather(*visitors)

    with Collector() as collector:
        collector.experiments.set("9", RED)
        assert {found.strategy_id for found in asyncio.run(ask(collector.url))} == {2}
        assert len(collector.wait(5)) == 5


def test_silent_server() -> None:
    """A server that never answers costs one time-out, and the next call nothing."""
    with BlackHole() as hole, tracker(hole.url, timeout_s=0.1) as asking:
        assert asking.experiment("1", "v") == asking.experiment("1", "w") == Experiment("1")
        assert len(hole.received) == 1
        hole.release.set()


def test_threads() -> None:
    """Many threads that ask for one visitor at once report one hit."""
    with Collector() as collector:
        collector.experiments.set("9", RED)
        with tracker(collector.url) as asking:
            in_threads([lambda: asking.experiment("9", "v")] * 8)
        collector.wait(1)
        assert len(collector.events(name="$exp_hit")) == 1


def test_import_stays_small() -> None:
    """Importing loads no HTTP client, and nothing that few programs need."""
    run_well(
        """
        import logging, msgspec, sys
        before = set(sys.modules)
        import growingio_tracker
        assert growingio_tracker.ExperimentOptions().cache_s == 300
        slow = {"urllib3", "difflib", "random", "json", "encodings.idna"}
        assert slow.isdisjoint(sys.modules.keys() - before)
        """
    )


def test_api() -> None:
    """The API sets, lists and removes experiments, only for callers that no foreign page can be."""
    with Collector() as collector:
        address = f"{collector.url}/api/v1/experiments"
        assert urllib3.request("PUT", f"{address}/9", json=RED).status == 403
        put = urllib3.request("PUT", f"{address}/9", json=RED, headers=GUARD)
        assert put.json()["variables"] == {"color": "red"}
        assert list(urllib3.request("GET", address).json()["experiments"]) == ["9"]
        assert urllib3.request("DELETE", f"{address}/9").status == 403
        assert urllib3.request("DELETE", f"{address}/9", headers=GUARD).status == 200
        assert urllib3.request("DELETE", f"{address}/9", headers=GUARD).status == 404


@pytest.mark.parametrize("body", [b"[]", b"{", b"\xff", b'{"experimentID": 1}', b'{"code": "x"}'])
def test_api_refuses(body: bytes) -> None:
    """What is no experiment is answered 400, with what may be given."""
    with Collector() as collector:
        address = f"{collector.url}/api/v1/experiments/9"
        answer = urllib3.request("PUT", address, body=body, headers=GUARD)
        assert answer.status == 400
        assert "error" in answer.json()


def test_wrong_name() -> None:
    """A misspelt name is refused, with the names that there are."""
    with Collector() as collector, pytest.raises(GrowingParamException, match="experimentId"):
        collector.experiments.set("9", {"experimentID": 1})


def test_pages_may_ask() -> None:
    """A page of any origin may ask, and a form without a field is told which is missing."""
    with Collector() as collector:
        url = f"{collector.url}/diversion/specified-layer-variables"
        page = {"Origin": "https://shop.example"}
        assert urllib3.request("OPTIONS", url, headers=page).status == 204
        asked = urllib3.request("POST", url, body=b"layerId=9", headers=page)
        assert asked.headers["Access-Control-Allow-Origin"] == "https://shop.example"
        assert asked.json()["errorMsg"] == "missing: accountId, datasourceId, distinctId"
        assert collector.requests() == []

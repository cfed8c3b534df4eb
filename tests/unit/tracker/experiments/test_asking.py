"""Asking for experiments, without a network."""

from __future__ import annotations

import json
import logging
from typing import Any
from urllib.parse import parse_qsl

import pytest

from growingio_tracker import (
    DefaultConsumer,
    Experiment,
    ExperimentOptions,
    GrowingParamException,
    GrowingTracker,
    Problem,
    TransportError,
)
from growingio_tracker.experiments import read_answer
from growingio_tracker.testing import Answer, FakeClock, MemoryTransport
from growingio_wire.errors import GrowingIOException
from growingio_wire.http import Response

DOWN = TransportError("no answer")
HIT = {
    "code": 0,
    "experimentId": 7,
    "strategyId": 12,
    "layerName": "首页",
    "experimentName": "颜色",
    "strategyName": "红",
    "variables": {"color": "red", "size": 3, "on": True, "list": [1]},
}


def answer(**changed: Any) -> Response:
    return Response(200, body=json.dumps({**HIT, **changed}).encode())


class Asking:
    """A tracker with scripted servers, and what they got."""

    def __init__(self, *answers: Answer, collect: list[Answer] | None = None, **options: Any):
        self.server = MemoryTransport(answers)
        self.collect = MemoryTransport(collect or [])
        self.clock = FakeClock()
        self.problems: list[Problem] = []
        on_invalid = options.pop("on_invalid", "raise")
        consumer = DefaultConsumer(
            "p&1",
            "ds1",
            "http://collect.example",
            retry_limit=0,
            transport=self.collect,
            on_error=self.problems.append,
        )
        asking = ExperimentOptions(transport=self.server, clock=self.clock, **options)
        self.tracker = GrowingTracker.consumer(consumer, on_invalid=on_invalid, experiments=asking)

    @property
    def hits(self) -> list[dict[str, Any]]:
        return [json.loads(request.body)[0] for request in self.collect.requests]


def test_request() -> None:
    """The form, its type, the address and the time-out are those of the Java SDK."""
    asking = Asking(answer(), answer(), host="http://ab.example/x/")
    asking.tracker.experiment(5, "访客")
    asking.tracker.experiment("5", "second", new_device=True)
    first, second = asking.server.requests
    assert first.url == "http://ab.example/x/diversion/specified-layer-variables"
    assert first.headers == {"content-type": "application/x-www-form-urlencoded"}
    assert first.timeout_s == 5
    form = [("accountId", "p&1"), ("datasourceId", "ds1"), ("distinctId", "访客"), ("layerId", "5")]
    assert parse_qsl(first.body.decode(), strict_parsing=True) == form
    assert dict(parse_qsl(second.body.decode()))["newDevice"] == "true"


def test_default_host() -> None:
    """Without a host the public server is asked."""
    asking = Asking(answer())
    asking.tracker.experiment("5", "v")
    assert asking.server.requests[0].url.startswith("https://ab.growingio.com/diversion/")


def test_answer() -> None:
    """Ids, names and variables are the answer's, and variables are always text."""
    found = Asking(answer()).tracker.experiment("5", "v")
    variables = {"color": "red", "size": "3", "on": "true", "list": "[1]"}
    assert found == Experiment("5", 7, 12, "首页", "颜色", "红", variables)
    assert found.hit


def test_hit_is_reported() -> None:
    """An answer with an experiment is tracked as $exp_hit of the visitor, all of it as text."""
    asking = Asking(answer())
    asking.tracker.experiment("5", "v")
    [hit] = asking.hits
    assert (hit["eventType"], hit["eventName"], hit["deviceId"]) == ("CUSTOM", "$exp_hit", "v")
    assert hit["attributes"] == {
        "$exp_id": "7",
        "$exp_strategy_id": "12",
        "$exp_layer_id": "5",
        "$exp_layer_name": "首页",
        "$exp_name": "颜色",
        "$exp_strategy_name": "红",
    }


def test_no_hit() -> None:
    """An answer without an experiment is reported by nothing, and counts as no failure."""
    asking = Asking(answer(experimentId=0, strategyId=0, variables=None))
    assert asking.tracker.experiment("5", "v").variables == {}
    assert (asking.hits, asking.tracker.stats().experiments_failed) == ([], 0)


def test_cache() -> None:
    """Within cache_s a visitor's answer is given again, neither asked for nor reported."""
    asking = Asking(answer(), answer(strategyId=13), cache_s=60)
    first = asking.tracker.experiment("5", "v")
    asking.clock.advance(59.9)
    assert asking.tracker.experiment("5", "v", new_device=True) is first
    assert (len(asking.server.requests), len(asking.hits)) == (1, 1)
    asking.clock.advance(0.2)
    assert asking.tracker.experiment("5", "v").strategy_id == 13
    assert len(asking.hits) == 2


def test_cache_is_per_visitor_and_layer() -> None:
    """Another visitor, and another layer, are asked for."""
    asking = Asking(answer(), answer(), answer())
    for layer_id, visitor in [("5", "v"), ("5", "w"), ("6", "v")] * 2:
        asking.tracker.experiment(layer_id, visitor)
    assert len(asking.server.requests) == 3


def test_cache_is_bounded() -> None:
    """Beyond cache_size the answer that was not asked for longest is forgotten."""
    asking = Asking(*[answer()] * 4, cache_size=2)
    for visitor in ("a", "b", "a", "c", "a"):
        asking.tracker.experiment("5", visitor)
    assert len(asking.server.requests) == 3
    asking.tracker.experiment("5", "b")
    assert len(asking.server.requests) == 4


@pytest.mark.parametrize("options", [{"cache_s": 0}, {"cache_size": 0}])
def test_no_cache(options: dict[str, Any]) -> None:
    """cache_s=0 asks every time, and so does cache_size=0."""
    asking = Asking(answer(), answer(), **options)
    asking.tracker.experiment("5", "v")
    asking.tracker.experiment("5", "v")
    assert len(asking.server.requests) == 2


FAILURES: list[Answer] = [
    DOWN,
    503,
    404,
    Response(200, body=b"<html>login</html>"),
    Response(200, body=b"[]"),
    Response(200, body=b"{}"),
    Response(200, body=b"\xff"),
    Response(200, body=b'{"code": 0, "variables": 3}'),
    answer(code=2, errorMsg="no such layer"),
]


@pytest.mark.parametrize("failure", FAILURES, ids=repr)
def test_failure(failure: Answer) -> None:
    """A failure gives an empty experiment, counts, tells on_error, and reports no hit."""
    asking = Asking(failure)
    assert asking.tracker.experiment("5", "v") == Experiment("5")
    assert asking.tracker.stats().experiments_failed == 1
    assert [problem.reason for problem in asking.problems] == ["experiment_failed"]
    assert asking.hits == []


def test_failures_are_logged_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    """A hundred failures are one line in the log."""
    asking = Asking(DOWN)
    with caplog.at_level(logging.WARNING):
        for _ in range(100):
            asking.tracker.experiment("5", "v")
    assert len(caplog.messages) == 1
    assert asking.tracker.stats().experiments_failed == 100


def test_last_answer_is_kept() -> None:
    """While no newer answer comes, a visitor keeps the old one, and no hit is tracked."""
    asking = Asking(answer(), DOWN, cache_s=1)
    first = asking.tracker.experiment("5", "v")
    asking.clock.advance(2)
    assert asking.tracker.experiment("5", "v") is first
    assert len(asking.hits) == 1


def test_refused_layer_is_forgotten() -> None:
    """What the server says no more of is not given again from memory."""
    asking = Asking(answer(), answer(code=2), DOWN, cache_s=1)
    for expected in (True, False, False):
        assert asking.tracker.experiment("5", "v").hit is expected
        asking.clock.advance(2)


def test_failed_server_is_left_alone() -> None:
    """After a failure nothing is asked for five seconds, and then again."""
    asking = Asking(503, answer(), answer())
    asking.tracker.experiment("5", "v")
    asking.clock.advance(4.9)
    assert not asking.tracker.experiment("5", "w").hit
    assert len(asking.server.requests) == 1
    asking.clock.advance(0.2)
    assert asking.tracker.experiment("5", "w").hit
    assert asking.tracker.experiment("5", "v").hit


def test_unreported_hit() -> None:
    """A hit that cannot be sent costs the visitor nothing, and is counted."""
    asking = Asking(answer(), collect=[503])
    assert asking.tracker.experiment("5", "v").hit
    stats = asking.tracker.stats()
    assert (stats.experiments_failed, stats.dropped) == (1, {"undelivered": 1})


@pytest.mark.parametrize("wrong", [("", "v"), ("5", ""), (None, "v"), ("5", 1.5)])
def test_wrong_arguments(wrong: tuple[Any, Any]) -> None:
    """A missing id raises, and with on_invalid="drop" is a failure like any other."""
    with pytest.raises(GrowingParamException, match=r"layer_id|distinct_id"):
        Asking().tracker.experiment(*wrong)
    asking = Asking(on_invalid="drop")
    assert asking.tracker.experiment(*wrong) == Experiment("")
    assert (asking.tracker.stats().experiments_failed, asking.server.requests) == (1, [])


@pytest.mark.parametrize(
    "wrong",
    [
        {"host": "ab.example"},
        {"timeout_s": 0},
        {"cache_s": -1},
        {"cache_size": -1},
        {"cache_size": 1.5},
        {"verify_cert": "/nowhere/ca.pem"},
    ],
)
def test_wrong_options(wrong: dict[str, Any]) -> None:
    """An option that cannot be used is refused at once, and named."""
    [name] = wrong
    with pytest.raises(GrowingParamException, match=name):
        ExperimentOptions(**wrong)


def test_disabled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where GROWINGIO_DISABLED is on, nobody is asked."""
    monkeypatch.setenv("GROWINGIO_DISABLED", "1")
    asking = Asking(answer())
    assert asking.tracker.experiment("5", "v") == Experiment("5")
    assert asking.server.requests == []


def test_unusable_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that cannot be used is a failure, not an error of the call."""
    monkeypatch.setenv("HTTPS_PROXY", "ftp://proxy.example")
    tracker = GrowingTracker("p", "d", "http://collect.example")
    assert not tracker.experiment("5", "v").hit
    assert tracker.stats().experiments_failed == 1


def test_configured() -> None:
    """A tracker made from variables asks the host that they name."""
    environ = {
        "GROWINGIO_PRODUCT_ID": "p",
        "GROWINGIO_DATA_SOURCE_ID": "d",
        "GROWINGIO_SERVER_HOST": "http://collect.example",
        "GROWINGIO_EXPERIMENT_HOST": "ab.example",
    }
    with pytest.raises(GrowingParamException, match="experiment_host"):
        GrowingTracker.from_env(environ)
    environ["GROWINGIO_EXPERIMENT_HOST"] = "http://ab.example"
    GrowingTracker.from_env({**environ, "GROWINGIO_EXPERIMENT_CACHE_SIZE": "5"}).close()


@pytest.mark.parametrize(
    ("body", "en", "zh"),
    [
        (b"<html>", "cannot be read (DecodeError)", "无法读取实验服务的响应（DecodeError）"),
        (b'{"code": 7, "errorMsg": "no"}', "answered code 7: no", "实验服务返回错误码 7：no"),
    ],
)
def test_unusable_answer(body: bytes, en: str, zh: str) -> None:
    """What cannot be used says so in both languages."""
    with pytest.raises(GrowingIOException) as caught:
        read_answer("l", body)
    assert en in str(caught.value)
    assert caught.value.said.zh.startswith(zh)

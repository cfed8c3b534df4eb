"""Requests that take long to read, and those of other clients meanwhile."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import urllib3

from growingio_collector import Collector, Keep
from growingio_collector.decode import Decoded, decode_request
from growingio_collector.receiving.receiver import TURN_S

TARGET = "/v3/projects/p1/collect?stm=1"


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"[" + b" " * 100_000 + b"{}]", {}),
        (bytes(5000), {"X-Compress-Codec": "3"}),
    ],
)
def test_others_go_first(
    body: bytes, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a large body, or one that may become large, is read, others are stored and answered.

    Meanwhile threads take short turns, so that others get the interpreter soon.
    """
    usual_s = sys.getswitchinterval()
    reading, go_on = threading.Event(), threading.Event()

    def decode_slowly(*arguments: Any) -> Decoded:
        if arguments[-1] == body:
            reading.set()
            assert go_on.wait(60)
        return decode_request(*arguments)

    place = "growingio_collector.receiving.examining.decode_request"
    monkeypatch.setattr(place, decode_slowly)
    with Collector() as collector, ThreadPoolExecutor(1) as pool:
        url = collector.url + TARGET
        large = pool.submit(urllib3.request, "POST", url, body=body, headers=headers)
        assert reading.wait(60)
        assert urllib3.request("POST", url, body=b"[{}]").status == 204
        assert [len(request.body) for request in collector.requests()] == [4]
        assert sys.getswitchinterval() == pytest.approx(TURN_S)
        go_on.set()
        assert large.result().status == 204
        assert [request.body for request in collector.requests()] == [b"[{}]", body]
    assert sys.getswitchinterval() == usual_s


def test_removal_gives_way() -> None:
    """What is too much after a large request goes in portions, between the requests of others."""
    with Collector(keep=Keep(max_events=100)) as collector:
        url = collector.url + TARGET
        large = b"[" + b"{}," * 4999 + b"{}]"
        assert urllib3.request("POST", url, body=large, timeout=30).status == 204
        counts: list[int] = []
        while not counts or counts[-1] > 105:
            assert urllib3.request("POST", url, body=b"[{}]").status == 204
            counts.append(len(collector.events()))
        assert len(counts) <= 6

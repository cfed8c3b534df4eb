"""Broken requests through a real server."""

import base64
import json
import random
from collections.abc import Iterator

import pytest
import urllib3

from collector_fuzzing import run
from drawing import examples
from growingio_collector import Collector
from tree import CAPTURES

SEED, VARIANTS = 20240917, examples(20)


def _mutated(body: bytes, chance: random.Random) -> bytes:
    data = bytearray(body)
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(data) + 1)
        length = chance.choice([0, 1, 1, 2, 8])
        match chance.randrange(4):
            case 0:
                data[place : place + 1] = chance.randbytes(1)
            case 1:
                del data[place:]
            case 2:
                data[place:place] = chance.randbytes(length)
            case _:
                data[place:place] = data[place : place + length * 10]
    return bytes(data)


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as running:
        yield running


@pytest.fixture
def http() -> Iterator[urllib3.PoolManager]:
    with urllib3.PoolManager(retries=False, timeout=60) as pool:
        yield pool


def test_mutated_captures(
    collector: Collector, http: urllib3.PoolManager, caplog: pytest.LogCaptureFixture
) -> None:
    """Every broken variant of every recorded body is answered 204, is a row, and logs nothing."""
    chance = random.Random(SEED)
    sent: list[bytes] = []
    for path in sorted(CAPTURES.glob("*.json")):
        for request in json.loads(path.read_text("utf-8"))["requests"]:
            if request["method"] != "POST":
                continue
            body = base64.b64decode(request["body_base64"])
            skipped = ("host", "content-length", "connection")
            headers = {k: v for k, v in request["headers"] if k.lower() not in skipped}
            for _ in range(VARIANTS):
                sent.append(_mutated(body, chance))
                url = collector.url + request["target"]
                answer = http.request("POST", url, body=sent[-1], headers=headers)
                assert answer.status == 204
    assert [request.body for request in collector.requests()] == sent
    rows = collector.events()
    assert {row.request_id for row in rows} == set(range(1, len(sent) + 1))
    for row in rows:
        assert row.verdict == "ok" or row.issues
        assert row.message is not None or row.verdict == "bad"
    assert caplog.messages == []


def test_short_run() -> None:
    """Broken requests and damaged rows end nothing; ``make collector-fuzz`` tries for an hour."""
    assert run(SEED, 0) > 0

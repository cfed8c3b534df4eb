"""The comparison of losses: it finds every event, and cannot be fooled."""

from __future__ import annotations

import asyncio
import base64
import gzip
import http.client
import os
import signal
import urllib.error
import urllib.request
from urllib.parse import urlencode

import pytest

if not hasattr(os, "fork"):
    pytest.skip("not here: os.fork and SIGALRM", allow_module_level=True)

from benchmarks.losses import page
from benchmarks.losses.experiment import Outcome, run
from benchmarks.losses.scenarios import SCENARIOS, Kill, Scenario
from benchmarks.losses.server import Answer, FaultServer, accept, answer, drop, refuse
from benchmarks.losses.subjects import SUBJECTS, Subject
from benchmarks.losses.tokens import find_tokens, make_token

DURABLE, OURS = SUBJECTS[:2]
UNRELIABLE = Subject("Unreliable", "pytest", "tests.support.unreliable_client")
PLAIN = Scenario("plain", "no fault", events=40, per_second=1000)

TOKENS = {make_token("0123abcd", number) for number in (0, 7)}
CONTENT = f'[{{"e": "{min(TOKENS)}"}}, {{"e": "{max(TOKENS)}"}}]'.encode()


@pytest.mark.parametrize(
    "content",
    [
        CONTENT,
        gzip.compress(CONTENT),
        urlencode({"data": CONTENT, "verbose": 1}).encode(),
        urlencode({"data": base64.b64encode(CONTENT)}).encode(),
        b'{"ue_px": "%s"}' % base64.urlsafe_b64encode(CONTENT).rstrip(b"="),
    ],
    ids=["plain", "gzip", "form", "form-base64", "json-base64"],
)
def test_tokens(content: bytes) -> None:
    """Every token is found in each encoding that an SDK uses."""
    assert find_tokens(content) == TOKENS


@pytest.mark.parametrize(
    ("behaviour", "kept", "cut", "delivered"),
    [
        (accept, 2, 0, True),
        (answer(503), 0, 0, False),
        (drop, 0, 2, False),
        (refuse, 0, 0, False),
    ],
    ids=["accept", "503", "drop", "refuse"],
)
def test_server(behaviour: Answer, kept: int, cut: int, delivered: bool) -> None:
    """Only an accepted request keeps its events; when one was cut, that is counted apart."""

    async def post_to_server() -> tuple[int, int, bool]:
        async with FaultServer() as server:
            await server.behave(behaviour)
            answered = await asyncio.to_thread(post, server.url)
            return server.kept.total(), server.cut.total(), answered

    assert asyncio.run(post_to_server()) == (kept, cut, delivered)


def post(url: str) -> bool:
    try:
        urllib.request.urlopen(url, CONTENT, timeout=60).close()
    except urllib.error.HTTPError as error:
        error.close()
        return False
    except (OSError, http.client.HTTPException):
        return False
    return True


def test_server_returns() -> None:
    """After a refusal the server is back at the same address."""

    async def refuse_and_return() -> bool:
        async with FaultServer() as server:
            await server.behave(refuse)
            await server.behave(accept)
            return await asyncio.to_thread(post, server.url)

    assert asyncio.run(refuse_and_return())


@pytest.mark.parametrize("ours", [DURABLE, OURS], ids=["durable", "async"])
@pytest.mark.parametrize("way", ["end", "leave", "fork"])
def test_no_fault(ours: Subject, way: str) -> None:
    """Without a fault this SDK loses nothing, repeats nothing and says nothing, however it ends."""
    outcome = asyncio.run(run(ours, PLAIN._replace(way=way)))
    assert (outcome.accepted, outcome.arrived, outcome.said) == (40, 40, [])
    assert (outcome.lost, outcome.duplicated, outcome.cut_off) == (0, 0, False)


KILLED = PLAIN._replace(per_second=100, kill=Kill(signal.SIGKILL, after=20), then=10)


def test_kill() -> None:
    """What a killed process held in memory is lost, and what its successor tracks arrives."""
    outcome = asyncio.run(run(OURS, KILLED))
    assert outcome.arrived == 10
    assert outcome.lost == outcome.accepted - 10 >= 20


def test_kill_durable() -> None:
    """What a killed process held on disk is delivered by its successor."""
    outcome = asyncio.run(run(DURABLE, KILLED))
    assert outcome.accepted >= 30
    assert outcome.lost == 0


def test_unreliable_client() -> None:
    """An SDK that forgets an event and repeats another is reported as that."""
    outcome = asyncio.run(run(UNRELIABLE, PLAIN))
    assert (outcome.accepted, outcome.lost, outcome.duplicated) == (40, 1, 1)
    assert outcome.said == ["one event is forgotten"]


def test_table() -> None:
    """A cell has what was lost of what, and whether the SDK said so."""
    lossy = Outcome(1000, 0, 998, 2, 0, [], False, 1.0)
    assert page.lost(lossy) == "**2** of 1,000, unreported"
    assert page.lost(lossy._replace(said=["!"], cut_off=True)) == "**2** of 1,000, reported, killed"
    assert page.lost(lossy._replace(lost=0, said=["!"])) == "0"


def test_page_is_complete() -> None:
    """The published tables have a row for each scenario."""
    text = page.PAGE.path.read_text(encoding="utf-8")
    assert {text.count(f"| {scenario.says} |") for scenario in SCENARIOS} == {2}

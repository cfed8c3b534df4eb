"""H5: GROWINGIO_DISABLED=1 makes every consumer accept and discard."""

from __future__ import annotations

import threading
from functools import partial
from typing import Any

import pytest

from delivering.rig import HOST, track
from growingio_tracker import (
    AsyncBufferedConsumer,
    BufferedConsumer,
    Consumer,
    DebugConsumer,
    DefaultConsumer,
    KafkaConsumer,
)
from growingio_tracker.testing import MemoryTransport

CONSUMERS: list[Any] = [
    DefaultConsumer,
    BufferedConsumer,
    AsyncBufferedConsumer,
    DebugConsumer,
    partial(KafkaConsumer, bootstrap_servers="127.0.0.1:9", topic="t"),
]


@pytest.mark.parametrize("value", ["1", "true", "YES", " on "])
@pytest.mark.parametrize("kind", CONSUMERS)
def test_h5_discards(kind: Any, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Events are accepted and counted as disabled; no request is made and no thread started."""
    monkeypatch.setenv("GROWINGIO_DISABLED", value)
    transport, threads = MemoryTransport(), threading.active_count()
    consumer = kind("p", "d", HOST, transport=transport)
    track(consumer, "a", "b")
    assert consumer.flush()
    assert consumer.close()
    assert (transport.requests, threading.active_count()) == ([], threads)
    assert consumer.stats().accepted == 2
    assert consumer.stats().dropped == {"disabled": 2}


@pytest.mark.parametrize("value", ["", "0", "false", "no"])
def test_h5_other_values(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it, or with it switched off, events are sent."""
    monkeypatch.setenv("GROWINGIO_DISABLED", value)
    transport = MemoryTransport()
    track(DefaultConsumer("p", "d", HOST, transport=transport), "a")
    assert len(transport.requests) == 1


def test_h5_consumers_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """send_data, with which consumers of one's own post, posts nothing and returns True."""
    monkeypatch.setenv("GROWINGIO_DISABLED", "1")
    transport = MemoryTransport()
    consumer = Consumer("p", "d", HOST, transport=transport)
    assert consumer.send_data(consumer.endpoints["collect"], b"[]")
    assert not transport.requests

"""Copies and pickles of trackers and consumers (promise F6), and what they say of themselves."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import growingio_tracker as gio
from growingio_tracker.delivery.binary import SnappyParser
from growingio_tracker.testing import FakeClock, MemoryTransport

IDS = ("a1b2c3d4e5f60718", "8f9e0d1c2b3a4958", "http://collect.example/prefix/")
HOUR_S = 3600.0


def note(_: gio.Problem) -> None:
    """Take a problem."""


def unchanged(message: Any) -> Any:
    return message


class Marked(gio.BufferedConsumer):
    """A consumer of somebody's own."""

    def __init__(self, *args: Any, mark: list[int]) -> None:
        super().__init__(*args)
        self.mark = mark


CONSUMERS: dict[str, Callable[[Path], gio.Consumer]] = {
    "base": lambda _: gio.Consumer(*IDS),
    "default": lambda _: gio.DefaultConsumer(*IDS, SnappyParser(True), 1, 2.5, 0.5, False),
    "debug": lambda _: gio.DebugConsumer(*IDS),
    "buffered": lambda _: gio.BufferedConsumer(*IDS, max_size=7, queue=gio.QueueLimits(9)),
    "async": lambda _: gio.AsyncBufferedConsumer(*IDS, flush_after=HOUR_S, workers=2),
    "durable": lambda path: gio.DurableConsumer(*IDS, spool=path, flush_after=HOUR_S),
    "kafka": lambda _: gio.KafkaConsumer(*IDS, bootstrap_servers="127.0.0.1:9", topic="t"),
    "own": lambda _: Marked(*IDS, mark=[1]),
}
COPIES: dict[str, Callable[[Any], Any]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda one: pickle.loads(pickle.dumps(one)),
    "old pickle": lambda one: pickle.loads(pickle.dumps(one, 2)),
}


@pytest.fixture(params=CONSUMERS)
def consumer(request: pytest.FixtureRequest, tmp_path: Path) -> gio.Consumer:
    return CONSUMERS[request.param](tmp_path)


@pytest.fixture(params=COPIES)
def copied(request: pytest.FixtureRequest) -> Callable[[Any], Any]:
    return COPIES[request.param]


def without_parser(consumer: gio.Consumer) -> dict[str, object]:
    options = consumer._options
    fields = {name: getattr(options, name) for name in options.__struct_fields__}
    del fields["data_parser"], fields["clock"]  # which have no equality
    return fields


def test_f6_configuration_travels(
    consumer: gio.Consumer, copied: Callable[[Any], Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """F6: a copy is of the same class, goes to the same server and has the same options."""
    other = copied(consumer)
    assert type(other) is type(consumer)
    assert other is not consumer
    assert other.destination == consumer.destination
    assert other.endpoints == consumer.endpoints
    assert without_parser(other) == without_parser(consumer)
    assert type(other._data_parse) is type(consumer._data_parse)
    assert getattr(other, "mark", None) == getattr(consumer, "mark", None)
    capsys.readouterr()


def test_f6_empty_queue(copied: Callable[[Any], Any]) -> None:
    """F6: a copy begins with an empty queue and counts its own events; the original keeps its."""
    consumer = gio.AsyncBufferedConsumer(*IDS, flush_after=HOUR_S)
    tracker = gio.GrowingTracker.consumer(consumer)
    tracker.track_custom_event("first", anonymous_id="v")
    other = copied(consumer)
    assert (other.stats().pending, consumer.stats().pending) == (0, 1)
    gio.GrowingTracker.consumer(other).track_custom_event("second", anonymous_id="v")
    assert (other.stats().pending, consumer.stats().pending) == (1, 1)
    consumer.close(0)
    other.close(0)


@pytest.mark.parametrize("way", ["deepcopy", "pickle"])
def test_f6_tracker(way: str) -> None:
    """F6: a copied tracker tracks through its own copy of the consumer, with the same options."""
    consumer = gio.BufferedConsumer(*IDS, on_error=note)
    tracker = gio.GrowingTracker.consumer(
        consumer, on_invalid="drop", redact=("phone",), before_send=unchanged
    ).bind(anonymous_id="v", attributes={"from": "a"})
    other = COPIES[way](tracker)
    other.track_custom_event("e", attributes={"phone": "138"})
    other.track_custom_event("")
    assert (other.stats().pending, other.stats().dropped) == (1, {"invalid": 1})
    assert consumer.stats().accepted == 0
    assert other.strategy is not consumer
    assert other.current_subject() == tracker.current_subject()


def test_f6_transport_of_tests_is_shared() -> None:
    """F6: a deep copy shares what an option holds, so that tests see what the copy sends."""
    transport = MemoryTransport()
    clock = FakeClock()
    consumer = gio.DefaultConsumer(*IDS, transport=transport, clock=clock)
    tracker = copy.deepcopy(gio.GrowingTracker.consumer(consumer))
    tracker.track_custom_event("e", anonymous_id="v")
    assert len(transport.requests) == 1


@pytest.mark.parametrize(
    ("option", "make"),
    [
        ("on_error", lambda: gio.DefaultConsumer(*IDS, on_error=lambda _: None)),
        ("transport", lambda: gio.DefaultConsumer(*IDS, transport=MemoryTransport())),
        (
            "before_send",
            lambda: gio.GrowingTracker(*IDS, before_send=lambda message: message),
        ),
        (
            "transport",
            lambda: gio.GrowingTracker(
                *IDS, experiments=gio.ExperimentOptions(transport=MemoryTransport())
            ),
        ),
    ],
)
def test_f6_what_cannot_be_pickled(option: str, make: Callable[[], object]) -> None:
    """F6: what cannot be pickled says so by the name of its option."""
    with pytest.raises(pickle.PicklingError, match=rf"{option} cannot be pickled"):
        pickle.dumps(make())


def test_repr(consumer: gio.Consumer, capsys: pytest.CaptureFixture[str]) -> None:
    """A consumer and a tracker say what they are and where they send, with their ids masked."""
    capsys.readouterr()
    ids = "product_id='a1b2…', data_source_id='8f9e…'"
    shown = f"{type(consumer).__name__}({ids}, server_host='http://collect.example/prefix')"
    assert repr(consumer) == shown
    assert repr(gio.GrowingTracker.consumer(consumer)) == f"GrowingTracker({ids}, consumer={shown})"

"""Options of constructors: unknown ones, those that follow from others, and 1.0.5's ways."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import growingio_tracker as gio
from growingio_tracker.consumers.options import AsyncOptions
from growingio_tracker.testing import MemoryTransport

STRATEGIES = ["Consumer", "DefaultConsumer", "BufferedConsumer", "AsyncBufferedConsumer"]


@pytest.mark.parametrize("strategy", [*STRATEGIES, "DebugConsumer"])
def test_unknown_option(strategy: str) -> None:
    """An option that does not exist is a TypeError that names it."""
    with pytest.raises(TypeError, match="no_such_option"):
        getattr(gio, strategy)("p", "d", "http://h.example", no_such_option=1)


@pytest.mark.parametrize(
    ("make", "name", "meant"),
    [
        ("BufferedConsumer", "max_sise", "max_size"),
        ("BufferedConsumer", "onError", "on_error"),
        ("DefaultConsumer", "close_timeout", "close_timeout_s"),
        ("GrowingTracker", "max_event_byte", "max_event_bytes"),
    ],
)
def test_misspelled_option(make: str, name: str, meant: str) -> None:
    """The error about an option that does not exist names the one that was probably meant."""
    with pytest.raises(TypeError, match=rf"unknown option {name}; did you mean {meant}\?"):
        getattr(gio, make)("p", "d", "http://h.example", **{name: 1})


@pytest.mark.parametrize(
    ("make", "name", "meant"),
    [
        ("AsyncBufferedConsumer", "max_events", "queue=QueueLimits(max_events=…)"),
        ("AsyncBufferedConsumer", "overflow", "queue=QueueLimits(overflow=…)"),
        ("AsyncBufferedConsumer", "max_event", "queue=QueueLimits(max_events=…)"),
        ("AsyncBufferedConsumer", "queue_block_s", "queue=QueueLimits(block_s=…)"),
        ("AsyncBufferedConsumer", "spool", "DurableConsumer(spool=…)"),
        ("AsyncBufferedConsumer", "redact", "GrowingTracker(redact=…)"),
        ("DefaultConsumer", "max_size", "BufferedConsumer(max_size=…)"),
        ("GrowingTracker", "on_error", "consumer=DefaultConsumer(on_error=…)"),
        ("GrowingTracker", "workers", "consumer=AsyncBufferedConsumer(workers=…)"),
        ("GrowingTracker", "cache_s", "experiments=ExperimentOptions(cache_s=…)"),
        ("GrowingTracker", "experiment_host", "experiments=ExperimentOptions(host=…)"),
        (
            "GrowingTracker",
            "max_events",
            "consumer=BufferedConsumer(queue=QueueLimits(max_events=…))",
        ),
    ],
)
def test_option_of_another_value(make: str, name: str, meant: str) -> None:
    """The error about an option that belongs elsewhere tells where, and how to write it."""
    with pytest.raises(TypeError) as raised:
        getattr(gio, make)("p", "d", "http://h.example", **{name: 1})
    assert str(raised.value) == f"unknown option {name}; did you mean {meant}?"


@pytest.mark.parametrize("name", ["sasl_username", "security.protocol"])
def test_option_of_librdkafka(name: str) -> None:
    """KafkaConsumer tells where librdkafka's options belong."""
    options: dict[str, Any] = {"bootstrap_servers": "127.0.0.1:9", "topic": "t", name: "x"}
    with pytest.raises(TypeError, match=r"did you mean kafka_options={'.*\..*': …}\?"):
        gio.KafkaConsumer("p", "d", "http://h.example", **options)


def sizes(**options: Any) -> tuple[int, int]:
    """Return how large batches of an asynchronous consumer are, in events and in bytes."""
    consumer = gio.AsyncBufferedConsumer("p", "d", "http://h.example", **options)
    held = consumer._options
    assert isinstance(held, AsyncOptions)
    return held.max_size, held.max_batch_bytes


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, (500, 5 * 2**20)),
        ({"queue": gio.QueueLimits(10)}, (10, 5 * 2**20)),
        ({"queue": gio.QueueLimits(max_bytes=1000)}, (500, 1000)),
        ({"workers": 3}, (500, 5 * 2**20)),
        ({"workers": 3, "queue": gio.QueueLimits(10)}, (3, 5 * 2**20)),
        ({"workers": 64, "queue": gio.QueueLimits(10, 10)}, (1, 1)),
        ({"max_size": 10, "workers": 3, "queue": gio.QueueLimits(10)}, (10, 5 * 2**20)),
    ],
)
def test_c3_sizes_that_follow(options: dict[str, Any], expected: tuple[int, int]) -> None:
    """C3: sizes of a batch that nobody gave fit into the queue, for each worker."""
    assert sizes(**options) == expected


@pytest.mark.parametrize(("option", "value"), [("max_size", 500), ("max_batch_bytes", 1001)])
def test_c3_sizes_that_do_not_fit(option: str, value: int) -> None:
    """C3: a size that is given and that the queue cannot hold is refused by its name."""
    queue = gio.QueueLimits(max_events=499, max_bytes=1000)
    with pytest.raises(gio.GrowingParamException, match=f"^{option} must be at most") as raised:
        sizes(queue=queue, **{option: value})
    assert (raised.value.argument, raised.value.code) == (option, "out_of_range")


def test_c3_full_queue_is_sent() -> None:
    """C3: with workers and a small queue, what fills the queue also fills a batch."""
    transport = MemoryTransport()
    consumer = gio.AsyncBufferedConsumer(
        *("p", "d", "http://h.example"),
        flush_after=3600,
        workers=3,
        queue=gio.QueueLimits(10, overflow="block", block_s=10),
        transport=transport,
    )
    with gio.GrowingTracker.consumer(consumer) as tracker:
        for number in range(30):
            tracker.track_custom_event("e", login_user_id=f"u{number}")
        assert transport.requests
    assert consumer.stats().delivered == 30


def test_durable_has_no_workers(tmp_path: Path) -> None:
    """DurableConsumer has one thread, and says so by the name of the option."""
    with pytest.raises(TypeError, match="workers"):
        gio.DurableConsumer("p", "d", "http://h.example", spool=tmp_path, workers=3)  # type: ignore[call-arg]


class Mixin:
    """Sends as 1.0.5 let a consumer send."""

    def __init__(self, *args: object) -> None:
        super().__init__(*args)
        self.seen: list[object] = []

    def send(self, message: object) -> None:
        """Keep the message."""
        self.seen.append(message)


class Mixed(Mixin, gio.DefaultConsumer):
    """A strategy whose send comes from a mixin."""


def test_a1_send_of_a_mixin() -> None:
    """A1: a strategy gets messages through the send that a mixin overrides."""
    mixed = Mixed("p", "d", "http://h.example")
    gio.GrowingTracker.consumer(mixed).track_custom_event("e", anonymous_id="a")
    assert len(mixed.seen) == 1


class Bare(gio.Consumer):
    """A consumer that leaves its base class unmade, which 1.0.5 tolerated."""

    def __init__(self) -> None:
        self._product_id, self._data_source_id = "p", "d"
        self._server_host = "http://h.example"
        self.seen: list[object] = []

    def send(self, message: object) -> None:
        """Keep the message."""
        self.seen.append(message)


def test_a1_without_base_constructor() -> None:
    """A1: a consumer that does not call its base class's constructor gets every message."""
    bare = Bare()
    tracker = gio.GrowingTracker.consumer(bare)
    tracker.track_custom_event("e", anonymous_id="a", attributes={"k": float("nan")})
    assert len(bare.seen) == tracker.stats().attributes_left_out == 1

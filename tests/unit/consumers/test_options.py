"""What constructors do with options that do not exist."""

from __future__ import annotations

import pytest

import growingio_tracker as gio

STRATEGIES = ["Consumer", "DefaultConsumer", "BufferedConsumer", "AsyncBufferedConsumer"]


@pytest.mark.parametrize("strategy", [*STRATEGIES, "DebugConsumer"])
def test_unknown_option(strategy: str) -> None:
    """An option that does not exist is a TypeError that names it."""
    with pytest.raises(TypeError, match="no_such_option"):
        getattr(gio, strategy)("p", "d", "http://h.example", no_such_option=1)


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

"""Whole calls: from what they were given to a receipt."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import msgspec
import pytest

from cores import COMPILED, Opened, opened, plain_events
from growingio_tracker.core import NOT_PLAIN

EVENT = ("paid", None, "u", None, {"n": 1})


class Calls:
    """Calls whose way leads to an open entrance, and what is accepted besides."""

    def __init__(self, core: Any) -> None:
        self.there: Opened = opened(core, max_events=100, max_bytes=10_000)
        self.accepted: list[tuple[object, bytes]] = []
        self.bound: object = None
        self.way = core.ShortWay()
        self.way.lead_to(self.there.entrance)
        self.calls = core.PlainCalls(
            plain_events(core, 500), self.way, self.accept, "kind", lambda: self.bound
        )

    def accept(self, kind: object, record: bytes) -> str:
        self.accepted.append((kind, record))
        return "accepted"


@pytest.fixture
def some(core: Any) -> Calls:
    return Calls(core)


def test_short_way(core: Any, some: Calls) -> None:
    """A plain event goes into the ring, and nobody else is asked."""
    receipt = some.calls.track(*EVENT)
    assert type(receipt) is core.ReceiptBase
    assert some.accepted == []
    [record] = some.there.ring.take()[1]
    assert msgspec.json.decode(record)["attributes"] == {"n": 1}


def test_long_way(some: Calls) -> None:
    """Where the entrance is shut, or there is none, the record is accepted."""
    some.there.entrance.shut()
    assert some.calls.track(*EVENT) == "accepted"
    some.there.entrance.open()
    some.way.lead_to(None)
    assert some.calls.take(*EVENT) == "accepted"
    [(kind, record), (_, other)] = some.accepted
    assert kind == "kind"
    assert len(record) == len(other)
    assert len(some.there.ring) == 0


def test_other_entrance(core: Any, some: Calls) -> None:
    """Another entrance may take the place of the first."""
    other = opened(core)
    some.way.lead_to(other.entrance)
    some.calls.track(*EVENT)
    assert (len(some.there.ring), len(other.ring)) == (0, 1)


def test_bound(some: Calls) -> None:
    """While something is bound track() leaves the call alone, and take() does not ask."""
    some.bound = object()
    assert some.calls.track(*EVENT) is NOT_PLAIN
    assert some.calls.take(*EVENT) is not NOT_PLAIN
    assert len(some.there.ring) == 1


@pytest.mark.parametrize(
    "event", [("", None, "u", None, None), ("e", None, None, None, None), ("e" * 500, *EVENT[1:])]
)
def test_not_plain(some: Calls, event: Any) -> None:
    """What is not plain is left alone by both."""
    assert some.calls.track(*event) is NOT_PLAIN
    assert some.calls.take(*event) is NOT_PLAIN
    assert len(some.there.ring) == 0
    assert some.accepted == []


def test_errors(core: Any, some: Calls) -> None:
    """What accepting raises comes through, and so does what the bindings raise."""

    def broken(*_: object) -> object:
        raise ZeroDivisionError

    events = plain_events(core)
    for way, accept, bindings in (
        (core.ShortWay(), broken, lambda: None),
        (some.way, print, broken),
    ):
        with pytest.raises(ZeroDivisionError):
            core.PlainCalls(events, way, accept, "kind", bindings).track(*EVENT)
    for count in (4, 6):
        for call in (some.calls.track, some.calls.take):
            with pytest.raises(TypeError):
                call(*["e"] * count)


def test_garbage(core: Any) -> None:
    """Calls that are part of a cycle are collected."""
    some = Calls(core)
    gone = weakref.ref(some)
    del some
    gc.collect()
    assert gone() is None


@pytest.mark.skipif(COMPILED is None, reason="not here: the core is pure")
def test_wrong_types() -> None:
    """What it cannot work with is refused when it is made."""
    events, way = plain_events(COMPILED), COMPILED.ShortWay()
    for wrong in ((way, events), (events, None), (events,), (None, way)):
        with pytest.raises(TypeError):
            COMPILED.PlainCalls(*wrong, print, "kind", print)
    with pytest.raises(TypeError):
        way.lead_to("elsewhere")

"""Planned events: which calls the core tracks by itself, and which it leaves to Python."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from cores import opened, plain_events
from growingio_tracker.core.inputs import UsualValues

VALUES = (
    UsualValues("amount", True, "number", None, True, 0.0, 100.0),
    UsualValues("channel", False, "string", frozenset({"web", "app"})),
    UsualValues("paid", False, "boolean", None),
    UsualValues("pieces", False, "integer", frozenset({1, 2})),
    UsualValues("weight", False, "number", None),
)
SOME = (5, None, None, None, None)


class Planned:
    """The calls of an event, and where they lead."""

    def __init__(self, core: Any, values: tuple[UsualValues, ...] = VALUES) -> None:
        self.there = opened(core, max_events=10_000, max_bytes=1_000_000)
        self.bound: object = None
        way = core.ShortWay()
        way.lead_to(self.there.entrance)
        calls = core.PlainCalls(
            plain_events(core, 500), way, lambda *_: None, "kind", lambda: self.bound
        )
        self.tracker = SimpleNamespace(own_binding=None, plain_calls=calls)
        keys = frozenset({"phone", "$notuser"})
        self.event = core.PlannedEvent("pay", values, keys, self.slow)

    def slow(self, *given: Any) -> tuple[Any, ...]:
        return given

    def track(self, *values: Any, **who: Any) -> bool:
        """Track, and return whether the core did it."""
        told = {"time": None, "visitor": None, "key": None, "user": "u", **who}
        given = (self.tracker, *told.values(), *values)
        answer = self.event.track(*given)
        if isinstance(answer, tuple):
            assert answer == given
            return False
        return True

    def attributes(self) -> Any:
        """Return the attributes of what was tracked last."""
        return msgspec.json.decode(self.there.ring.take()[1][-1]).get("attributes")


@pytest.fixture
def planned(core: Any) -> Planned:
    return Planned(core)


def test_attributes(core: Any, planned: Planned) -> None:
    """What is usual has the names, and the order, of the plan; what is not sent is left out."""
    assert planned.track(1.5, "web", True, 2, -3)
    sent = {"amount": 1.5, "channel": "web", "paid": True, "pieces": 2, "weight": -3}
    assert planned.attributes() == sent
    assert planned.track(0, None, None, None, 10**15)
    assert planned.attributes() == {"amount": 0, "weight": 10**15}
    optional = Planned(core, VALUES[1:])
    assert optional.track(None, None, None, None)
    assert optional.attributes() is None


@pytest.mark.parametrize(
    "values",
    [
        (None, *SOME[1:]),
        (-1, *SOME[1:]),
        (100.5, *SOME[1:]),
        (10**400, *SOME[1:]),
        (float("nan"), *SOME[1:]),
        (True, *SOME[1:]),
        ("5", *SOME[1:]),
        (5, "tv", None, None, None),
        (5, b"web", None, None, None),
        (5, ["web"], None, None, None),
        (5, None, 1, None, None),
        (5, None, None, 3, None),
        (5, None, None, True, None),
        (5, None, None, None, float("inf")),
        (5, None, None, None, float("nan")),
    ],
)
def test_unusual_value(planned: Planned, values: tuple[Any, ...]) -> None:
    """A value that may not be as planned is left to Python, whatever was tracked before."""
    assert planned.track(*SOME)
    assert planned.track(5.0, "app", False, 1, 1.0)
    assert not planned.track(*values)
    assert len(planned.there.ring) == 2


@pytest.mark.parametrize(
    ("who", "is_usual"),
    [
        ({"user": None, "visitor": "v"}, True),
        ({"visitor": "v"}, True),
        ({"key": "phone"}, True),
        ({"key": "phone", "user": None, "visitor": "v"}, False),
        ({"key": "mail"}, False),
        ({"key": ""}, False),
        ({"key": ["phone"]}, False),
        ({"user": ""}, False),
        ({"user": 5}, False),
        ({"user": None}, False),
        ({"visitor": ""}, False),
        ({"user": None, "visitor": 5}, False),
        ({"time": 1}, False),
    ],
)
def test_who(planned: Planned, who: dict[str, Any], is_usual: bool) -> None:
    """Who it is must be plain, and of a kind that is allowed; the time must be now."""
    assert planned.track(*SOME, **who) == is_usual


def test_bound(planned: Planned) -> None:
    """Where something is bound, and to other trackers, Python has to."""
    planned.bound = object()
    assert not planned.track(*SOME)
    planned.bound = None
    planned.tracker.own_binding = object()
    assert not planned.track(*SOME)
    planned.tracker = SimpleNamespace()
    assert not planned.track(*SOME)
    planned.tracker = SimpleNamespace(own_binding=None, plain_calls=None)
    assert not planned.track(*SOME)


def test_combinations(core: Any) -> None:
    """Any number of combinations of types can come."""
    optional = Planned(core, tuple(UsualValues(f"a{n}", False, "number", None) for n in range(8)))
    for bits in range(256):
        values = [0.5 if bits & 1 << n else None for n in range(8)]
        assert optional.track(*values)
        told = {f"a{n}": 0.5 for n in range(8) if bits & 1 << n}
        assert optional.attributes() == (told or None)


def test_names(core: Any) -> None:
    """Names may hold anything, and long records are left to Python."""
    odd = Planned(core, (UsualValues('a"\\\n', False, "string", None),))
    if odd.track("x"):
        assert odd.attributes() == {'a"\\\n': "x"}
    assert not odd.track("x" * 500)
    assert not odd.track("\ud800")


def test_count(planned: Planned) -> None:
    """So many values as were planned."""
    with pytest.raises(TypeError):
        planned.track(5, None)

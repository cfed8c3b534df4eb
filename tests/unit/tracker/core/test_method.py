"""The method in C that trackers have: it must be taken for the one in Python."""

from __future__ import annotations

import inspect
import sys
from typing import Any
from unittest import mock

import msgspec
import pytest

from cores import COMPILED
from growingio_tracker import (
    AsyncBufferedConsumer,
    GrowingParamException,
    GrowingTracker,
)
from growingio_tracker.testing import MemoryTransport, record_everything

pytestmark = pytest.mark.skipif(COMPILED is None, reason="not here: the core is pure")

IN_PYTHON: Any = getattr(GrowingTracker, "_track_custom_event", None)
TIME = 1_700_000_000_000


def new_tracker(kind: type[GrowingTracker] = GrowingTracker) -> GrowingTracker:
    consumer = AsyncBufferedConsumer("p", "d", "http://x.example", transport=MemoryTransport())
    return kind("p", "d", "http://x.example", consumer)


def test_looks() -> None:
    """Name, parameters, defaults and documentation are those of the method in Python."""
    method = GrowingTracker.track_custom_event
    assert method.__name__ == IN_PYTHON.__name__
    assert method.__doc__ == IN_PYTHON.__doc__
    parameters, expected = (inspect.signature(one).parameters for one in (method, IN_PYTHON))
    assert list(parameters) == list(expected)
    assert all(
        parameters[name].default == one.default and parameters[name].kind in (one.kind, 0)
        for name, one in expected.items()
    )


CALLS: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    (("e", None, "a"), {}),
    (("e", None, "a", "key", "u", {"n": 1}), {}),
    (("e",), {"login_user_id": "u", "attributes": {"n": 1}}),
    ((), {"attributes": None, "anonymous_id": "a", "event_name": "e"}),
    (("e",), {"anonymous_id": "a", "item": None, "preset": None, "event_time": None}),
    (("e", TIME, "a"), {}),
    (("e",), {"anonymous_id": "a", "event_time": TIME, "preset": {"app_version": "1"}}),
    (("e",), {"anonymous_id": 5, "attributes": {"list": [1, 2]}}),
]


@pytest.mark.parametrize(("arguments", "named"), CALLS)
def test_arguments(arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
    """However arguments are given, the event is the same as by the method in Python."""
    with record_everything() as recorded:
        tracker = new_tracker()
        tracker.track_custom_event(*arguments, **named)
        IN_PYTHON(tracker, *arguments, **named)
    first, second = [msgspec.json.decode(event.record) for event in recorded.events]
    assert abs(first.pop("timestamp") - second.pop("timestamp")) < 60_000
    assert first == second


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((), {}),
        ((), {"login_user_id": "u"}),
        (("e", None, "a", "k", "u", None, None), {}),
        (("e",), {"event_name": "e"}),
        (("e", None, "a"), {"anonymous_id": "b"}),
        (("e",), {"anonymous": "a"}),
    ],
)
def test_wrong_arguments(arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
    """What Python would not call is a TypeError that says why."""
    tracker = new_tracker()
    with pytest.raises(TypeError) as expected:
        IN_PYTHON(tracker, *arguments, **named)
    with pytest.raises(TypeError) as raised:
        tracker.track_custom_event(*arguments, **named)
    assert str(raised.value) == str(expected.value)


def test_refusals() -> None:
    """What cannot be sent is refused in the words of the tracker."""
    tracker = new_tracker()
    with pytest.raises(GrowingParamException, match="event_name"):
        tracker.track_custom_event("", anonymous_id="a")
    with pytest.raises((AttributeError, TypeError)):
        object.__new__(GrowingTracker).track_custom_event("e", anonymous_id="a")
    with pytest.raises(TypeError):
        GrowingTracker.track_custom_event("no tracker", "e")  # type: ignore[arg-type]


def test_subclass() -> None:
    """A subclass may override it, and call it."""

    class Own(GrowingTracker):
        def track_custom_event(self, *arguments: Any, **named: Any) -> Any:
            return super().track_custom_event(*arguments, **{**named, "attributes": {"own": 1}})

    with record_everything() as recorded:
        new_tracker(Own).track_custom_event("e", anonymous_id="a")
    assert recorded.events[0].attributes == {"own": 1}


def test_patched_class() -> None:
    """A test that patches the class meets every tracker, and takes nothing along."""
    tracker = new_tracker()
    with mock.patch.object(GrowingTracker, "track_custom_event") as patched:
        tracker.track_custom_event("e")
    patched.assert_called_once_with("e")
    with record_everything() as recorded:
        tracker.track_custom_event("e", anonymous_id="a")
    assert len(recorded.events) == 1
    assert mock.create_autospec(GrowingTracker).track_custom_event


def test_bound_tracker() -> None:
    """What is bound, to a tracker or in a block, is never gone past."""
    with record_everything() as recorded:
        tracker = new_tracker()
        tracker.bind(anonymous_id="bound").track_custom_event("e")
        with tracker.context(anonymous_id="here"):
            tracker.track_custom_event("e")
    assert [event.anonymous_id for event in recorded.events] == ["bound", "here"]


def test_nothing_leaks() -> None:
    """Neither way keeps a reference to what it was given, and no wrong call does."""
    with new_tracker() as tracker:
        name, user, odd = "name of an event", "some user", object()

        def call() -> None:
            tracker.track_custom_event(name, login_user_id=user)
            tracker.track_custom_event(name, TIME, login_user_id=user, attributes={"odd": odd})
            with pytest.raises(TypeError):
                tracker.track_custom_event(name, nobody=user)  # type: ignore[call-arg]

        for _ in range(10):
            call()
        before = [sys.getrefcount(one) for one in (tracker, name, user, odd)]
        for _ in range(1000):
            call()
        assert [sys.getrefcount(one) for one in (tracker, name, user, odd)] == before


def test_only_classes() -> None:
    """Nothing but a class with such a method is sped up."""
    for wrong in (5, "x", int):
        with pytest.raises((TypeError, AttributeError)):
            COMPILED.speed_up(wrong)

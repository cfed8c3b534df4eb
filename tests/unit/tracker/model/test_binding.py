"""Whom events are about, bound to a tracker or to what is inside a block."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from growingio_tracker import CustomEventMessage, GrowingParamException, GrowingTracker
from growingio_tracker.consumers import Consumer
from growingio_tracker.model import Message
from growingio_tracker.model.record import to_record


class _Recorder(Consumer):
    """Keeps the messages that trackers hand over."""

    def __init__(self) -> None:
        super().__init__("p", "d", "http://x.example")
        self.messages: list[Message] = []

    def send(self, message: Message) -> None:
        self.messages.append(message)

    @property
    def last(self) -> dict[str, Any]:
        """What the last message says of its subject."""
        import json

        found = json.loads(to_record(self.messages[-1], 1)[0])
        names = ("userKey", "userId", "deviceId", "attributes")
        return {name: found[name] for name in names if name in found}


@pytest.fixture
def consumer() -> _Recorder:
    return _Recorder()


@pytest.fixture
def tracker(consumer: _Recorder) -> GrowingTracker:
    return GrowingTracker.consumer(consumer)


def test_bound(tracker: GrowingTracker, consumer: _Recorder) -> None:
    """A bound tracker's calls need not say whom they are about; the tracker itself is unchanged."""
    bound = tracker.bind(anonymous_id="device", login_user_id="u1", attributes={"app": "shop"})
    bound.track_custom_event("a")
    assert consumer.last == {
        "userId": "u1",
        "deviceId": "device",
        "attributes": {"app": "shop"},
    }
    tracker.track_custom_event("a", anonymous_id="other")
    assert consumer.last == {"deviceId": "other"}


def test_who_wins(tracker: GrowingTracker, consumer: _Recorder) -> None:
    """Arguments win over the inner context, that over the outer one, that over what is bound."""
    bound = tracker.bind(anonymous_id="bound", attributes={"a": "bound", "b": "bound"})
    with bound.context(anonymous_id="outer", login_user_id="outer", attributes={"b": "outer"}):
        with bound.context(login_user_id="inner", attributes={"c": "inner"}):
            bound.track_custom_event("a", attributes={"c": "call"})
            assert consumer.last == {
                "userId": "inner",
                "deviceId": "outer",
                "attributes": {"a": "bound", "b": "outer", "c": "call"},
            }
        bound.track_custom_event("a", login_user_id="call")
        assert consumer.last["userId"] == "call"
    bound.track_custom_event("a")
    assert consumer.last == {"deviceId": "bound", "attributes": {"a": "bound", "b": "bound"}}


def test_user_key_and_id_belong_together(tracker: GrowingTracker, consumer: _Recorder) -> None:
    """A call with a user id of its own does not get the key of the bound one."""
    bound = tracker.bind(login_user_key="phone", login_user_id="138")
    bound.track_custom_event("a", login_user_id="u1")
    assert consumer.last == {"userId": "u1"}
    bound.track_custom_event("a", login_user_key="$notuser")
    assert consumer.last == {"userKey": "$notuser"}
    with bound.context(login_user_id="u2"):
        bound.track_custom_event("a")
    assert consumer.last == {"userId": "u2"}


def test_user_attributes(tracker: GrowingTracker, consumer: _Recorder) -> None:
    """Bound attributes belong to events: track_user takes the user, and not them."""
    with tracker.context(login_user_id="u1", attributes={"page": "cart"}):
        tracker.track_user(attributes={"level": 3})
    assert consumer.last == {"userId": "u1", "attributes": {"level": 3}}


def test_built_messages(tracker: GrowingTracker, consumer: _Recorder) -> None:
    """A message of a builder is completed like a call, and not changed itself."""
    message = CustomEventMessage.EventBuilder().set_event_name("a").build()
    with tracker.context(login_user_id="u1", attributes={"page": "cart"}):
        tracker.track(message)
    assert consumer.last == {"userId": "u1", "attributes": {"page": "cart"}}
    assert message.login_user_id is None


def test_context_of_the_family(tracker: GrowingTracker, consumer: _Recorder) -> None:
    """A context holds for the tracker and what was bound from it, and for no other tracker."""
    other_consumer = _Recorder()
    other = GrowingTracker.consumer(other_consumer)
    bound = tracker.bind(attributes={"app": "shop"})
    with tracker.context(login_user_id="u1"):
        bound.track_custom_event("a")
        assert consumer.last == {"userId": "u1", "attributes": {"app": "shop"}}
        other.track_custom_event("a", anonymous_id="device")
        assert other_consumer.last == {"deviceId": "device"}


def test_a_block_that_raises(tracker: GrowingTracker, consumer: _Recorder) -> None:
    """A context ends with its block, also when that raises."""
    with pytest.raises(KeyError), tracker.context(login_user_id="u1"):
        raise KeyError
    with pytest.raises(GrowingParamException, match="login_user_id"):
        tracker.track_custom_event("a")


def test_threads(tracker: GrowingTracker, consumer: _Recorder) -> None:
    """Another thread sees nothing of a context, unless it runs in a copy of it."""
    errors: list[Exception] = []

    def track() -> None:
        try:
            tracker.track_custom_event("a")
        except GrowingParamException as error:
            errors.append(error)

    with tracker.context(login_user_id="u1"):
        for target in (track, lambda: contextvars.copy_context().run(track)):
            thread = threading.Thread(target=target)
            thread.start()
            thread.join()
        context = contextvars.copy_context()
        thread = threading.Thread(target=context.run, args=(track,))
        thread.start()
        thread.join()
    assert len(errors) == 2
    assert consumer.last == {"userId": "u1"}


def test_tasks(tracker: GrowingTracker, consumer: _Recorder) -> None:
    """Tasks that run in turns keep their contexts apart, and take that of whoever started them."""

    async def visit(user: str) -> None:
        with tracker.context(login_user_id=user):
            for _ in range(3):
                await asyncio.sleep(0)
                tracker.track_custom_event(user)
                await asyncio.gather(child(user))

    async def child(user: str) -> None:
        tracker.track_custom_event(user)

    async def visit_all() -> None:
        await asyncio.gather(*(visit(f"u{number}") for number in range(5)))

    asyncio.run(visit_all())
    assert len(consumer.messages) == 30
    for message in consumer.messages:
        assert isinstance(message, CustomEventMessage)
        assert message.login_user_id == message.event_name


def test_generator_ended_elsewhere(tracker: GrowingTracker) -> None:
    """A generator that is closed in another context than it began in raises nothing."""

    def request() -> Iterator[None]:
        with tracker.context(login_user_id="u1"):
            yield

    generator = request()
    contextvars.copy_context().run(next, generator)
    contextvars.copy_context().run(generator.close)  # type: ignore[attr-defined]


def test_bound_attributes_are_copied(tracker: GrowingTracker, consumer: _Recorder) -> None:
    """What is done to the mapping after binding changes nothing."""
    attributes = {"a": 1}
    bound = tracker.bind(login_user_id="u1", attributes=attributes)
    attributes["a"] = 2
    bound.track_custom_event("a")
    assert consumer.last["attributes"] == {"a": 1}


@pytest.mark.parametrize("name", ["anonymous_id", "login_user_key", "login_user_id", "attributes"])
def test_bad_arguments(tracker: GrowingTracker, name: str) -> None:
    """What cannot be bound is refused at once, by the name of the argument."""
    with pytest.raises(GrowingParamException, match=name):
        tracker.bind(**{name: 1.5})  # type: ignore[arg-type]
    with pytest.raises(GrowingParamException, match=name):
        tracker.context(**{name: object()})  # type: ignore[arg-type]


def test_invalid_with_context_may_be_dropped(consumer: _Recorder) -> None:
    """Attributes that are no mapping are refused as without a context."""
    tracker = GrowingTracker.consumer(consumer, on_invalid="drop")
    with tracker.context(login_user_id="u1", attributes={"a": 1}):
        tracker.track_custom_event("a", attributes=3)  # type: ignore[arg-type]
    assert tracker.stats().dropped == {"invalid": 1}


def test_user_found_late(tracker: GrowingTracker, consumer: _Recorder) -> None:
    """A function is asked by each event that has no user of its own, and by no other."""
    found: list[str | None] = ["u1", None, ""]
    bound = tracker.bind(
        anonymous_id="v", login_user_key="phone", login_user_id=lambda: found.pop(0)
    )
    bound.track_custom_event("a", login_user_id="own")
    assert consumer.last == {"userId": "own", "deviceId": "v"}
    bound.track_custom_event("a")
    assert consumer.last == {"userKey": "phone", "userId": "u1", "deviceId": "v"}
    for _ in range(2):
        bound.track_user()
        assert consumer.last == {"deviceId": "v"}
    with bound.context(login_user_id="inner"):
        bound.track_custom_event("a")
        assert consumer.last == {"userId": "inner", "deviceId": "v"}


def test_user_found_late_is_checked(consumer: _Recorder) -> None:
    """What a function finds is taken or refused like an argument; what it raises comes through."""
    tracker = GrowingTracker.consumer(consumer, on_invalid="drop")
    with tracker.context(login_user_id=lambda: 7):  # type: ignore[arg-type, return-value]
        tracker.track_custom_event("a")
    assert consumer.last == {"userId": "7"}
    with tracker.context(login_user_id=object):  # type: ignore[arg-type]
        tracker.track_custom_event("a")
    assert tracker.stats().dropped == {"invalid": 1}

    def failing() -> str:
        raise KeyError

    with tracker.context(login_user_id=failing), pytest.raises(KeyError):
        tracker.track_custom_event("a")

"""Generated calls with any values: the core decides as Python does."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from drawing import examples
from growingio_tracker import GrowingParamException, GrowingTracker
from growingio_tracker.testing import RecordingConsumer
from growingio_wire.json_text import read_object
from planned import loaded, plan_of, recording_tracker

EVENTS = loaded(
    plan_of("""
events:
  pay:
    attributes:
      name: string
      kind: {type: string, enum: [a, b, "3"]}
      count: {type: integer, min: -3, max: 1000000000000000000000}
      level: {type: integer, enum: [1, 2, "03"]}
      grade: {type: integer, enum: [1, 2]}
      price: {type: number, required: true, max: 10}
      done: boolean
      tags: list
users: {keys: [phone]}
""")
)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.integers(),
    st.sampled_from([10**400, -(10**30), 2**63]),
    st.floats(),
    st.sampled_from(["", "a", "b", "3", "1", "true", "中", "\ud800", "x" * 3000]),
    st.lists(st.sampled_from(["a", "b"]), max_size=2),
)
CALLS = st.fixed_dictionaries(
    {"price": st.one_of(st.floats(0, 10), VALUES)},
    optional=dict.fromkeys(("name", "kind", "count", "level", "grade", "done", "tags"), VALUES),
)
KEYS = st.sampled_from([None, None, "phone", "$notuser", "mail", ""])


def _sent(tracker: GrowingTracker, sent: RecordingConsumer, call: dict[str, Any]) -> object:
    sent.clear()
    try:
        EVENTS.pay(tracker, login_user_id="u", anonymous_id="v", **call)
    except GrowingParamException as error:
        return str(error)
    [event] = sent.events
    record = read_object(event.record)
    assert record is not None
    return {name: value for name, value in record.items() if name != "timestamp"}


@settings(max_examples=examples(500), deadline=None)
@given(CALLS, KEYS)
def test_same(call: dict[str, Any], key: str | None) -> None:
    """A call is recorded, or refused, as one that takes the long way because something is bound."""
    tracker, sent = recording_tracker()
    call = {**call, "login_user_key": key}
    here = _sent(tracker, sent, call)
    with tracker.context(anonymous_id="w"):
        assert _sent(tracker, sent, call) == here

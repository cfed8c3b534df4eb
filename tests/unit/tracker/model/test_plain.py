"""The short way of plain events, beside the way over a message that all others take."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from growingio_tracker.core import NOT_PLAIN
from growingio_tracker.exceptions import GrowingParamException
from growingio_tracker.model.events import CustomEventMessage
from growingio_tracker.model.record import plain_events, to_record

NOW_MS = 1_700_000_000_000
encode = plain_events("p", "d", 1 << 20).encode

texts = st.one_of(st.none(), st.just(""), st.text(max_size=3), st.just("\ud800"), st.just(7))
values = st.one_of(
    st.text(max_size=3), st.integers(), st.floats(), st.booleans(), st.none(), st.just([1, 2])
)
attributes_or_none = st.one_of(st.none(), st.dictionaries(texts, values, max_size=3))


def long_way(*fields: Any) -> tuple[bytes, bool] | None:
    """Return the record, and whether something was left out; ``None`` when it is refused."""
    name, key, user_id, anonymous_id, attributes = fields
    message = CustomEventMessage(None, name, key, user_id, anonymous_id, attributes, None, "p", "d")
    try:
        record, left_out = to_record(message, NOW_MS)
    except GrowingParamException:
        return None
    return record, bool(left_out)


@given(texts, texts, texts, texts, attributes_or_none)
def test_the_short_way_is_the_same(
    name: Any, key: Any, user_id: Any, anonymous_id: Any, attributes: Any
) -> None:
    """Where the short way gives a record, it is the long way's, and nothing was left out."""
    record = encode(name, key, user_id, anonymous_id, attributes, NOW_MS)
    if record is not NOT_PLAIN:
        assert long_way(name, key, user_id, anonymous_id, attributes) == (record, False)


def test_plain_events_take_it() -> None:
    """What most programs send is plain."""
    for ids in [(None, "u", None), (None, None, "a"), ("phone", "u", "a")]:
        assert encode("paid", *ids, {"n": 1, "on": True, "x": 1.5}) is not NOT_PLAIN
    assert encode("paid", "phone", None, "a", None) is NOT_PLAIN

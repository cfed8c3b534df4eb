"""The quick way of judging against the slow one."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from drawing import examples
from growingio_collector.rules.checked import CheckedMessage, DecodedMessage
from growingio_collector.rules.checking import check_all
from growingio_collector.rules.history import History, Shape, ShapeKey
from growingio_wire.table import Kind
from judging import GOOD, NOW_MS, arrival, codes

WORDS = st.sampled_from(
    [
        *("", "a", "支付", "a||b", "x" * 1001, '{"a":1}', "[微笑]"),
        *("True", "undefined", " \t", "[a, b]", "{a=b}", "<nil>"),
    ]
)
NUMBERS = st.sampled_from([0, 1, -1.5, 2**53, 2**53 + 1, 2**70])
SCALARS: st.SearchStrategy[Any] = WORDS | NUMBERS | st.none() | st.booleans()
VALUES: st.SearchStrategy[Any] = SCALARS | st.lists(SCALARS, max_size=2)
KEYS = st.sampled_from(["qty", "颜色", "", "k" * 101])
TIMES = st.sampled_from([NOW_MS, NOW_MS - 1, NOW_MS + 10**6, NOW_MS - 10**9, NOW_MS // 1000, 1])
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "eventType": st.sampled_from(["CUSTOM", "PAGE", "", 1]),
    "eventName": WORDS,
    "timestamp": TIMES,
    "userId": WORDS | st.integers(),
    "dataSourceId": WORDS,
    "deviceId": WORDS,
    "userKey": st.sampled_from(["$notuser", "email"]),
    "projectKey": st.sampled_from(["p1", "p2"]),
    "platform": st.sampled_from(["python", "web", "x"]),
    "sdkVersion": st.sampled_from(["1.0.5", "4.3.1", "9.9.9"]),
    "eventSequenceId": st.integers(0, 2),
    "attributes": st.dictionaries(KEYS, VALUES, max_size=3) | st.just([]),
}
CHANGES = st.fixed_dictionaries({}, optional=FIELDS)


class _NeverQuick(History):
    """A history that learns no form, so that every event goes the slow way."""

    def learn(self, key: ShapeKey, shape: Shape) -> None:
        """Learn nothing."""


def _judged(events: list[dict[str, Any]], history: History) -> list[CheckedMessage]:
    findings = []
    for second, event in enumerate(events):
        messages = [DecodedMessage(json.dumps(event, ensure_ascii=False).encode())]
        findings += check_all(Kind.EVENT, messages, arrival(second / 10), history)
    return findings


@given(st.lists(CHANGES, max_size=6))
@settings(max_examples=examples(300), deadline=None)
def test_quick_is_slow(changes: list[dict[str, Any]]) -> None:
    """The quick way gives exactly the rows that the slow way gives."""
    events = [{**GOOD, **change} for change in changes for _ in range(2)]
    quick, slow = _judged(events, History()), _judged(events, _NeverQuick())
    assert list(map(codes, quick)) == list(map(codes, slow))
    assert quick == slow

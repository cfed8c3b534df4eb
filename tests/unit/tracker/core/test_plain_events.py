"""Records of plain events, and what is not plain."""

from __future__ import annotations

import math
import sys
import threading
import time
from collections import OrderedDict
from enum import Enum
from typing import Any

import msgspec
import pytest

from cores import CONSTANTS, NAMES, NOW_MS, TAG, plain_events
from growingio_tracker.core import NOT_PLAIN, plain


class Text(str):
    __slots__ = ()


class Colour(Enum):
    RED = 1


def encode(core: Any, attributes: Any = None, **given: Any) -> Any:
    values = {"event_name": "e", "key": None, "user": "u", "device": None, **given}
    return plain_events(core).encode(*values.values(), attributes, NOW_MS)


def test_record(core: Any) -> None:
    """What a call gave stands in the order of a message, and the constants behind it."""
    given = {"key": "email", "user": "ü", "device": "d"}
    record = encode(core, {"a": 1, "b": "x"}, **given)
    assert (
        record
        == (
            '{"eventType":"CUSTOM","timestamp":1700000000000,"eventName":"e","userKey":"email",'
            '"userId":"ü","deviceId":"d","attributes":{"a":1,"b":"x"},"projectKey":"p",'
            '"dataSourceId":"d\\"s","platform":"python"}'
        ).encode()
    )


@pytest.mark.parametrize("attributes", [None, {}])
def test_left_out(core: Any, attributes: Any) -> None:
    """What is None is not sent, and neither are no attributes."""
    record = msgspec.json.decode(encode(core, attributes, user=None, device="d"))
    assert list(record) == [
        *("eventType", "timestamp", "eventName", "deviceId"),
        *("projectKey", "dataSourceId", "platform"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "", "a", "1234567", "12345678", "123456789", 'quo"te', "back\\slash", "\x00\x1f\x7f",
        "\b\t\n\f\r", "é漢\u2028😀", "x" * 5000, '"' * 5000, "12345678\n12345678", "/</script>",
    ],
)  # fmt: skip
def test_escaping(core: Any, text: str) -> None:
    """Text is escaped as msgspec does it."""
    assert b'"attributes":' + msgspec.json.encode({"k": text}) in encode(core, {"k": text})


@pytest.mark.parametrize(
    "number",
    [
        *(0, 1, -1, 2**63 - 1, -(2**63), 2**63, 2**64, -(2**63) - 1, 10**100),
        *(0.0, -0.0, 1.0, -1.5, 19.99, 0.1 + 0.2, 1e15, 1e16, 1e21, 1e22, 1e100, 5e-324),
        *(7e-05, 1e-05, 1e-06, 0.001, 0.0009999, 2.0**-44, 123456.789, 999999999.999999),
        *(1e9, 999999999.5, 4503599627370496.5, sys.float_info.max, sys.float_info.min),
        *(True, False),
    ],
)
def test_numbers(core: Any, number: float) -> None:
    """A number's text is msgspec's, also where Python prints it otherwise."""
    assert b'"attributes":' + msgspec.json.encode({"k": number}) in encode(core, {"k": number})


@pytest.mark.parametrize(
    "given",
    [
        {"event_name": ""}, {"event_name": None}, {"event_name": 1}, {"event_name": Text("e")},
        {"event_name": "\ud800"}, {"user": None}, {"user": ""}, {"user": 5}, {"user": Text("u")},
        {"user": None, "key": "k", "device": "d"}, {"user": None, "device": ""},
        {"key": ""}, {"key": 1}, {"device": ""}, {"device": b"d"}, {"user": "\udfff"},
    ],
)  # fmt: skip
def test_unusual_call(core: Any, given: dict[str, Any]) -> None:
    """Whatever may be wrong with a call, or has to be converted, is not plain."""
    assert encode(core, **given) is NOT_PLAIN


@pytest.mark.parametrize(
    "attributes",
    [
        [], "ab", OrderedDict(a=1), {1: 2}, {"": 1}, {"a": None},
        {"a": Text("b")}, {"a": [1]}, {"a": {}}, {"a": math.nan}, {"a": math.inf},
        {"a": -math.inf}, {"a": Colour.RED}, {"a": "\ud800"}, {"\ud800": 1}, {"a": b"b"},
        {"a": 10**5000}, {"a": 1, "b": object()},
    ],

)  # fmt: skip
def test_unusual_attributes(core: Any, attributes: Any) -> None:
    """Attributes that cannot be sent just as they stand are not plain."""
    assert encode(core, attributes) is NOT_PLAIN


def test_keys_of_other_classes(core: Any) -> None:
    """A key that only equals a str is encoded like it, or is not plain."""
    for key in ("never seen before", "seen before"):
        record = encode(core, {"seen before": 1})
        found = encode(core, {Text(key): 1})
        assert found is NOT_PLAIN or found == record
    assert encode(core, {Text(""): 1}) is NOT_PLAIN


def test_many_keys() -> None:
    """A program that makes up keys does not fill the memory, and its events are plain."""
    for number in range(10_000):
        assert plain.is_plain({f"made up {number}": 1})
    assert plain.is_plain({"long" * 1000: 1})
    assert len(plain._names) <= plain._MOST_NAMES
    assert max(map(len, plain._names)) <= plain._LONGEST_NAME
    assert not plain.is_plain({"made up 9999": 1, 5: 1})
    assert not plain.is_plain({"": 1})


def test_too_large(core: Any) -> None:
    """B6: A record over the limit is not plain, one that reaches it is."""
    size = len(encode(core, {"k": "v"}))
    for limit, is_plain in ((size, True), (size - 1, False)):
        record = plain_events(core, limit).encode("e", None, "u", None, {"k": "v"}, NOW_MS)
        assert (record is not NOT_PLAIN) == is_plain


def test_now(core: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a time it is the clock's, also one that a test has put into its place."""
    monkeypatch.setattr(time, "time_ns", lambda: NOW_MS * 1_000_000 + 999_999)
    assert plain_events(core).encode("e", None, "u", None, None) == encode(core)


def test_clock_that_raises(core: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the clock raises comes through."""

    def broken() -> int:
        raise OSError("no clock")

    monkeypatch.setattr(time, "time_ns", broken)
    with pytest.raises(OSError, match="no clock"):
        plain_events(core).encode("e", None, "u", None, None)


def test_wrong_arguments(core: Any) -> None:
    """Too few and too many arguments are a TypeError."""
    for count in (4, 7):
        with pytest.raises(TypeError):
            plain_events(core).encode(*["e"] * count)


@pytest.mark.parametrize(
    "arguments", [(), (TAG, NAMES, CONSTANTS), (TAG, NAMES, CONSTANTS, "x"), (TAG, (), (), 1)]
)
def test_wrong_construction(core: Any, arguments: Any) -> None:
    """Nothing is made of what cannot be used."""
    if core.__name__.endswith("pure") and len(arguments) == 4 and arguments[1] is NAMES:
        pytest.skip("not here: the pure core does not ask for the type of a number")
    with pytest.raises((TypeError, ValueError)):
        core.PlainEvents(*arguments)


def test_changing_attributes(core: Any) -> None:
    """B3: While another thread changes the dict, a record holds what was there at one time."""
    attributes: dict[str, Any] = {"a": 1}
    stop = threading.Event()

    def change() -> None:
        while not stop.is_set():
            for key in range(50):
                attributes[str(key)] = "x" * key
            for key in range(50):
                del attributes[str(key)]

    thread = threading.Thread(target=change)
    thread.start()
    try:
        events = plain_events(core)
        for _ in range(3000):
            record = events.encode("e", None, "u", None, attributes)
            if record is not NOT_PLAIN:
                found = msgspec.json.decode(record)["attributes"]
                assert found.pop("a") == 1
                assert all(value == "x" * int(key) for key, value in found.items())
    finally:
        stop.set()
        thread.join()

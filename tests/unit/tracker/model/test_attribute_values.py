"""What attributes may hold, and how it is sent (promises B2, B3)."""

from __future__ import annotations

import enum
import json
import math
import numbers
import threading
from collections import ChainMap, OrderedDict, UserDict, defaultdict, namedtuple
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType, SimpleNamespace
from typing import Any
from unittest.mock import MagicMock
from uuid import UUID

import pytest

from growingio_tracker import (
    DefaultConsumer,
    GrowingParamException,
    GrowingTracker,
    Problem,
    ResourceItem,
)
from growingio_tracker.delivery.receipt import UNKNOWN, Receipt, receipt_of
from growingio_tracker.testing import MemoryTransport
from growingio_tracker_protobuf import ProtobufParser
from growingio_wire.table import Kind

Sent = Callable[[], list[dict[str, Any]]]

ID = UUID("12345678-1234-5678-1234-567812345678")
LONE = "\udcff"
Point = namedtuple("Point", "x y")


class Plan(enum.Enum):
    FREE = "free"
    TWO = 2
    PAIR = (1, "b")
    MAP = {"a": 1}  # noqa: RUF012
    NONE = None
    OBJECT = object()
    LOOP = "loop"


Plan.LOOP._value_ = Plan.LOOP  # type: ignore[assignment]


class Level(enum.IntEnum):
    HIGH = 3


class Colour(str, enum.Enum):
    RED = "red"


class Word(str):
    """A str whose own methods lie."""

    __slots__ = ()

    def __str__(self) -> str:
        return "lie"

    def encode(self, *_: Any, **__: Any) -> bytes:
        raise RuntimeError


class Whole(int):
    """An int whose own methods lie."""

    def __int__(self) -> int:
        raise RuntimeError

    def __str__(self) -> str:
        return "lie"


class Real(float):
    """A float whose own methods lie."""

    def __float__(self) -> float:
        return math.nan

    def __str__(self) -> str:
        return "lie"


class Price(Decimal):
    """A Decimal whose own methods lie."""

    def __str__(self) -> str:
        return "lie"


class Moment(datetime):
    """As pandas' NaT: a datetime that is not itself."""

    def __eq__(self, other: object) -> bool:
        return False

    def __ne__(self, other: object) -> bool:
        return True

    __hash__ = datetime.__hash__


class FirstValues(dict[str, Any]):
    """As a web framework's MultiDict: holds lists, and gives out their first elements."""

    def items(self) -> Any:
        return [(key, values[0]) for key, values in super().items()]


class Scalar:
    """As an element of an array library: a number by its methods, not by its type."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __index__(self) -> int:
        return self.value

    def __float__(self) -> float:
        return float(self.value)

    def __eq__(self, other: object) -> Any:
        raise ValueError("the truth value of an array is ambiguous")

    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> bool:
        raise ValueError("the truth value of an array is ambiguous")


class Int64:
    """As numpy's: no int, but registered as one."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __int__(self) -> int:
        return self.value


class Float32:
    """As numpy's: no float, but registered as a real number."""

    def __init__(self, value: float) -> None:
        self.value = value

    def __float__(self) -> float:
        return self.value


numbers.Integral.register(Int64)
numbers.Real.register(Float32)


class ArrayScalar:
    """As numpy's bool, datetime64 and timedelta64: known by their interface alone."""

    ndim = 0

    def __init__(self, value: object, kind: str) -> None:
        self.value = value
        self.dtype = SimpleNamespace(kind=kind)

    def item(self) -> object:
        return 10**18 if self.dtype.kind == "M" else self.value  # nanoseconds are no datetime

    def astype(self, dtype: str) -> ArrayScalar:
        assert dtype == "datetime64[us]"
        return ArrayScalar(self.value, "O")


class LateText:
    """As a text of gettext_lazy(): no str, but with all its methods."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text

    def casefold(self) -> str:
        return self.text.casefold()


class Late:
    """As Django's SimpleLazyObject: made when it is needed, and then another type's."""

    def __init__(self, make: Callable[[], object]) -> None:
        self.__dict__["make"] = make

    def __getattr__(self, name: str) -> Any:
        return getattr(self.make(), name)

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return type(self.make())

    def __str__(self) -> str:
        return str(self.make())

    def __bool__(self) -> bool:
        return bool(self.make())


class NanosecondTime(datetime):
    """As pandas' Timestamp: a datetime whose text is longer, and which calculates otherwise."""

    def isoformat(self, *_: Any, **__: Any) -> str:
        return f"{super().isoformat()}.000000000"

    def __sub__(self, other: object) -> Any:
        raise TypeError

    def astimezone(self, tz: object = None) -> Any:
        raise TypeError


class Failing:
    """Whatever it is asked, it raises."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError(name)


class FailingList(list[Any]):
    def __iter__(self) -> Iterator[Any]:
        raise RuntimeError


class FailingMap(UserDict[str, Any]):
    def __iter__(self) -> Iterator[Any]:
        raise KeyError


class LyingMap(UserDict[str, Any]):
    def items(self) -> Any:
        return [1, 2]


LOOPED_LIST: list[Any] = []
LOOPED_LIST.append(LOOPED_LIST)
LOOPED_MAP: dict[str, Any] = {}
LOOPED_MAP["self"] = LOOPED_MAP
DEEP: list[Any] = []
for _ in range(100_000):
    DEEP = [DEEP]

# (value, in JSON, in protobuf): the rows of the table at the top of values.py
SENT: list[tuple[Any, Any, str]] = [
    ("text", "text", "text"),
    ("", "", ""),
    ("张三 😀\x00\u2028", "张三 😀\x00\u2028", "张三 😀\x00\u2028"),
    (Word("word"), "word", "word"),
    (3, 3, "3"),
    (-(2**63), -(2**63), str(-(2**63))),
    (2**64, 2**64, str(2**64)),
    (2**70, 2**70, str(2**70)),
    (10**4000, 10**4000, str(10**4000)),
    (Whole(4), 4, "4"),
    (1.5, 1.5, "1.5"),
    (15.0, 15.0, "15.0"),
    (1e22, 1e22, "1e+22"),
    (-0.0, -0.0, "-0.0"),
    (5e-324, 5e-324, "5e-324"),
    (Real(2.5), 2.5, "2.5"),
    (True, True, "true"),
    (False, False, "false"),
    (Fraction(1, 2), 0.5, "0.5"),
    (Int64(3), 3, "3"),
    (Float32(1.5), 1.5, "1.5"),
    (ArrayScalar(True, "b"), True, "true"),
    (ArrayScalar(datetime(2024, 1, 2), "M"), "2024-01-02T00:00:00", "2024-01-02T00:00:00"),
    (LateText("已支付"), "已支付", "已支付"),
    (Late(lambda: "late"), "late", "late"),
    (Late(lambda: 42), 42, "42"),
    (Late(lambda: True), True, "true"),
    (Late(lambda: ID), str(ID), str(ID)),
    (Late(lambda: date(2024, 2, 29)), "2024-02-29", "2024-02-29"),
    (NanosecondTime(2024, 1, 2), "2024-01-02T00:00:00.000000000", "2024-01-02T00:00:00.000000000"),
    (Decimal("1.10"), "1.10", "1.10"),
    (Price("1.10"), "1.10", "1.10"),
    (ID, str(ID), str(ID)),
    (date(2024, 2, 29), "2024-02-29", "2024-02-29"),
    (datetime(1, 1, 1), "0001-01-01T00:00:00", "0001-01-01T00:00:00"),
    (
        datetime(9999, 12, 31, 23, 59, 59, 999_999, timezone(timedelta(hours=8))),
        "9999-12-31T23:59:59.999999+08:00",
        "9999-12-31T23:59:59.999999+08:00",
    ),
    (Plan.FREE, "free", "free"),
    (Plan.TWO, 2, "2"),
    (Plan.PAIR, "1||b", "1||b"),
    (Plan.MAP, '{"a":1}', '{"a":1}'),
    (Level.HIGH, 3, "3"),
    (Colour.RED, "red", "red"),
    ([1, 2.5, "x", "", None], "1||2.5||x", "1||2.5||x"),
    ([], "", ""),
    ([None, ""], "", ""),
    (["本科", "硕士"], "本科||硕士", "本科||硕士"),
    (
        [True, Decimal("1.0"), ID, date(2024, 1, 1), Plan.TWO, 2**70],
        f"true||1.0||{ID}||2024-01-01||2||{2**70}",
        f"true||1.0||{ID}||2024-01-01||2||{2**70}",
    ),
    ((1, "b"), "1||b", "1||b"),
    (Point(1, 2), "1||2", "1||2"),
    ([Int64(1), Float32(0.5), LateText("x")], "1||0.5||x", "1||0.5||x"),
    ({"b", "a", "c"}, "a||b||c", "a||b||c"),
    (frozenset({2, 1}), "1||2", "1||2"),
    ({"b": 1, "a": "红", "n": None}, '{"b":1,"a":"红"}', '{"b":1,"a":"红"}'),
    ({}, "{}", "{}"),
    (
        {"at": date(2024, 1, 1), "p": Decimal("1.0")},
        '{"at":"2024-01-01","p":"1.0"}',
        '{"at":"2024-01-01","p":"1.0"}',
    ),
    (MappingProxyType({"a": True}), '{"a":true}', '{"a":true}'),
    (OrderedDict(b=1, a=2), '{"b":1,"a":2}', '{"b":1,"a":2}'),
]

# (value, the path behind attributes., the type)
LEFT_OUT: list[tuple[Any, str, str]] = [
    (math.nan, "k", "float"),
    (math.inf, "k", "float"),
    (-math.inf, "k", "float"),
    (Real(math.inf), "k", "Real"),
    (Decimal("NaN"), "k", "Decimal"),
    (Decimal("sNaN"), "k", "Decimal"),
    (Decimal("-Infinity"), "k", "Decimal"),
    (10**5000, "k", "int"),
    (f"secret{LONE}", "k", "str"),
    (Word(LONE), "k", "Word"),
    (b"secret", "k", "bytes"),
    (bytearray(b"secret"), "k", "bytearray"),
    (memoryview(b"secret"), "k", "memoryview"),
    (1j, "k", "complex"),
    (time(1, 2), "k", "time"),
    (timedelta(1), "k", "timedelta"),
    (Moment(2024, 1, 1), "k", "Moment"),
    (object(), "k", "object"),
    (object, "k", "type"),
    (len, "k", "builtin_function_or_method"),
    (Scalar(1), "k", "Scalar"),
    (Float32(math.nan), "k", "float"),
    (ArrayScalar(timedelta(1), "m"), "k", "ArrayScalar"),
    (MagicMock(), "k", "MagicMock"),
    (MagicMock(spec=str), "k", "MagicMock"),
    (MagicMock(spec=datetime), "k", "MagicMock"),
    (Late(lambda: b"secret"), "k", "Late"),
    (Late(lambda: 1 / 0), "k", "Late"),
    (Failing(), "k", "Failing"),
    (range(3), "k", "range"),
    (Plan.OBJECT, "k", "object"),
    (Plan.LOOP, "k", "Plan"),
    ([1, math.nan], "k[1]", "float"),
    ([1, [2]], "k[1]", "list"),
    ([{"a": 1}], "k[0]", "dict"),
    ([None, "", LONE], "k[2]", "str"),
    (LOOPED_LIST, "k[0]", "list"),
    (DEEP, "k[0]", "list"),
    (FailingList([1]), "k", "FailingList"),
    ({1.5, math.nan}, "k[", "float"),
    ({"in": math.nan}, "k.in", "float"),
    ({"in": {"deep": 1}}, "k.in", "dict"),
    ({"in": [1]}, "k.in", "list"),
    ({"in": b"secret"}, "k.in", "bytes"),
    ({5: 1}, "k", "int"),
    ({LONE: 1}, "k", "str"),
    (LOOPED_MAP, "k.self", "dict"),
    (FailingMap(a=1), "k", "FailingMap"),
    (LyingMap(a=1), "k", "LyingMap"),
]


def types(rows: list[tuple[Any, Any, str]]) -> list[str]:
    return [type(row[0]).__name__ for row in rows]


def generator() -> Iterator[int]:
    yield 1


@pytest.mark.parametrize(("value", "in_json", "in_protobuf"), SENT, ids=types(SENT))
def test_b2_sent(
    tracker: GrowingTracker, sent: Sent, value: Any, in_json: Any, in_protobuf: str
) -> None:
    """B2: each kind of value has its one documented form, wherever attributes are taken."""
    tracker.track_custom_event("e", None, "v", attributes={"k": value})
    tracker.track_user(anonymous_id="v", attributes={"k": value, "with": None})
    tracker.submit_item("product", "1", {"k": value})
    tracker.track_custom_event("e", None, "v", item=ResourceItem("p", "1", {"k": value}))
    event, user, item, about = sent()
    forms = [
        event["attributes"],
        user["attributes"],
        item["attributes"],
        about["resourceItem"]["attributes"],
    ]
    assert forms == [{"k": in_json}] * 4
    assert {type(form["k"]) for form in forms} == {type(in_json)}


@pytest.mark.parametrize(("value", "in_json", "in_protobuf"), SENT, ids=types(SENT))
def test_b2_same_text_in_protobuf(
    official: Any, value: Any, in_json: Any, in_protobuf: str
) -> None:
    """B2: protobuf holds the text of the same value."""
    transport = MemoryTransport()
    consumer = DefaultConsumer("p", "d", "http://h", ProtobufParser(), transport=transport)
    GrowingTracker.consumer(consumer).track_custom_event("e", None, "v", attributes={"k": value})
    [event] = official.decode("event", transport.requests[0].body)
    assert event["attributes"] == {"k": in_protobuf}


def test_b2_none_is_left_out(tracker: GrowingTracker, sent: Sent, problems: list[Problem]) -> None:
    """B2: None leaves its attribute out without a report, and no null is ever sent."""
    tracker.track_custom_event("e", None, "v", attributes={"a": None, "b": 1, "c": Plan.NONE})
    tracker.track_custom_event("e", None, "v", attributes={"a": None})
    first, second = sent()
    assert first["attributes"] == {"b": 1}
    assert "attributes" not in second
    assert problems == []


@pytest.mark.parametrize(("value", "path", "type_name"), LEFT_OUT, ids=types(LEFT_OUT))
def test_b2_left_out(
    tracker: GrowingTracker,
    sent: Sent,
    problems: list[Problem],
    value: Any,
    path: str,
    type_name: str,
) -> None:
    """B2: an unsendable value costs its attribute only, reported by path and type, not value."""
    tracker.track_custom_event("e", None, "v", attributes={"a": 1, "k": value, "z": "z"})
    assert sent()[0]["attributes"] == {"a": 1, "z": "z"}
    [problem] = problems
    assert (problem.reason, problem.events) == ("attribute_left_out", 0)
    assert problem.detail.startswith(f"attributes.{path}")
    assert f"({type_name}):" in problem.detail
    assert "secret" not in problem.detail
    assert tracker.stats().attributes_left_out == 1
    assert tracker.stats().delivered == 1


@pytest.mark.parametrize(
    ("path", "call"),
    [
        ("attributes", lambda tracker, k: tracker.track_user("", "u", attributes=k)),
        ("item_attrs", lambda tracker, k: tracker.submit_item("product", "1", k)),
        (
            "item.attributes",
            lambda tracker, k: tracker.track_custom_event(
                "e", None, "v", item=ResourceItem("product", "1", k)
            ),
        ),
    ],
)
@pytest.mark.parametrize("value", [LONE, 10**5000, math.nan, generator()], ids=range(4))
def test_b2_left_out_everywhere(
    tracker: GrowingTracker,
    problems: list[Problem],
    path: str,
    call: Callable[[GrowingTracker, Any], object],
    value: Any,
) -> None:
    """B2: what only encoding notices is left out of users and items too, under the same path."""
    call(tracker, {"a": 1, "k": value})
    [problem] = problems
    assert problem.detail.startswith(f"{path}.k (")


def test_b2_left_out_of_both(tracker: GrowingTracker, sent: Sent, problems: list[Problem]) -> None:
    """B2: an event and its item lose one attribute each, and both losses are reported."""
    tracker.track_custom_event(
        "e",
        None,
        "v",
        attributes={"a": LONE, "n": math.nan},
        item=ResourceItem("product", "1", {"b": LONE, "c": 1}),
    )
    [event] = sent()
    assert "attributes" not in event
    assert event["resourceItem"]["attributes"] == {"c": 1}
    assert sorted(problem.detail.partition(" ")[0] for problem in problems) == [
        "attributes.a",
        "attributes.n",
        "item.attributes.b",
    ]


def test_b2_key_with_surrogates(
    tracker: GrowingTracker, sent: Sent, problems: list[Problem]
) -> None:
    """B2: a key that is not valid text costs its attribute, and is reported in escaped form."""
    tracker.track_custom_event("e", None, "v", attributes={LONE: 1, "b": 2})
    assert sent()[0]["attributes"] == {"b": 2}
    assert problems[0].detail.startswith(r"attributes.\udcff (str)")


@pytest.mark.parametrize(("value", "path", "type_name"), LEFT_OUT, ids=types(LEFT_OUT))
def test_b2_strict(
    consumer: DefaultConsumer, sent: Sent, value: Any, path: str, type_name: str
) -> None:
    """B2: with strict=True the same value is a GrowingParamException with path and type."""
    tracker = GrowingTracker.consumer(consumer, strict=True)
    with pytest.raises(GrowingParamException) as raised:
        tracker.track_custom_event("e", None, "v", attributes={"k": value})
    assert f"attributes.{path}" in str(raised.value)
    assert f"({type_name})" in str(raised.value)
    assert "secret" not in str(raised.value)
    assert sent() == []


def test_b2_strict_and_drop(consumer: DefaultConsumer, sent: Sent, problems: list[Problem]) -> None:
    """B2: with strict=True and on_invalid="drop" the event is dropped and counted as invalid."""
    tracker = GrowingTracker.consumer(consumer, strict=True, on_invalid="drop")
    tracker.track_custom_event("e", None, "v", attributes={"k": math.nan})
    assert tracker.stats().dropped == {"invalid": 1}
    assert [problem.reason for problem in problems] == ["invalid"]
    assert sent() == []


@pytest.mark.parametrize(
    "attributes",
    [
        MappingProxyType({"a": 1}),
        OrderedDict(a=1),
        defaultdict(int, a=1),
        ChainMap({"a": 1}, {"a": 2}),
        UserDict(a=1),
        FirstValues(a=[1, 2]),
        {Word("a"): 1},
    ],
)
def test_b2_any_mapping(tracker: GrowingTracker, sent: Sent, attributes: Any) -> None:
    """B2: attributes may be any mapping, read by its items()."""
    tracker.track_custom_event("e", None, "v", attributes=attributes)
    assert sent()[0]["attributes"] == {"a": 1}


@pytest.mark.parametrize("attributes", [FailingMap(a=1), LyingMap(a=1)])
def test_b2_unreadable_mapping(tracker: GrowingTracker, sent: Sent, attributes: Any) -> None:
    """B1: a mapping whose own methods fail is a GrowingParamException that names the argument."""
    with pytest.raises(GrowingParamException, match=r"^attributes"):
        tracker.track_custom_event("e", None, "v", attributes=attributes)
    assert sent() == []


def test_b3_values_are_copied(consumer: DefaultConsumer, transport: MemoryTransport) -> None:
    """B3: after the call, changes to the caller's objects change nothing that is sent."""
    taken: list[bytes] = []

    def take(kind: Kind, record: bytes) -> Receipt:
        taken.append(record)
        return receipt_of(UNKNOWN)

    consumer.accept = take  # type: ignore[method-assign]
    tracker = GrowingTracker.consumer(consumer)
    tags, item = ["a"], ResourceItem("p", "1", {"c": "red"})
    attributes: dict[str, Any] = {"n": 1, "tags": tags}
    tracker.track_custom_event("e", None, "v", attributes=attributes, item=item)
    tags.append("b")
    attributes["n"] = 2
    item.key = "q"
    item.attributes["c"] = "blue"  # type: ignore[index]
    sent = json.loads(taken[0])
    assert sent["attributes"] == {"n": 1, "tags": "a"}
    assert sent["resourceItem"] == {"key": "p", "id": "1", "attributes": {"c": "red"}}


def test_b3_the_callers_objects_stay(tracker: GrowingTracker) -> None:
    """B3: a call changes none of the caller's objects."""
    attributes: dict[str, Any] = {"n": None, "tags": ["a", None], "map": {"x": None}, "bad": 1j}
    item = ResourceItem("p", "1", dict(attributes))
    tracker.track_custom_event("e", None, "v", attributes=attributes, item=item)
    unchanged = {"n": None, "tags": ["a", None], "map": {"x": None}, "bad": 1j}
    assert attributes == unchanged
    assert item.attributes == unchanged


def test_b3_changed_by_another_thread(tracker: GrowingTracker, problems: list[Problem]) -> None:
    """B3: a dict that another thread changes during the calls raises nothing."""
    attributes: dict[str, Any] = {str(number): number for number in range(200)}
    done = threading.Event()

    def change() -> None:
        number = 0
        while not done.is_set():
            number += 1
            attributes[f"x{number % 50}"] = object() if number % 3 else number
            attributes.pop(f"x{(number + 25) % 50}", None)

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for _ in range(300):
            tracker.track_custom_event("e", None, "v", attributes=attributes)
            tracker.track_custom_event("e", None, "v", attributes={"map": attributes})
    finally:
        done.set()
        thread.join()
    assert tracker.stats().delivered == 600


@pytest.mark.parametrize("filler", ["x", "张"])
def test_b6_too_long(consumer: DefaultConsumer, sent: Sent, filler: str) -> None:
    """B6: a record over the limit is refused with its size and without its content."""
    tracker = GrowingTracker.consumer(consumer, max_event_bytes=1000)
    with pytest.raises(GrowingParamException, match=r"\d{4,} bytes") as raised:
        tracker.track_custom_event("e", None, "v", attributes={"k": filler * 1000})
    assert filler * 3 not in str(raised.value)
    assert sent() == []


def test_b6_exactly_at_the_limit(consumer: DefaultConsumer, transport: MemoryTransport) -> None:
    """B6: a record as long as the limit is sent, and one byte more is refused."""

    def track(limit: int) -> None:
        tracker = GrowingTracker.consumer(consumer, max_event_bytes=limit)
        tracker.track_custom_event("e", 1_700_000_000_123, "v", attributes={"k": "x" * 100})

    track(10_000)
    size = len(transport.requests[0].body) - len("[]")
    track(size)
    with pytest.raises(GrowingParamException, match=f"{size} bytes"):
        track(size - 1)


def test_b6_default_limit(tracker: GrowingTracker) -> None:
    """B6: the limit is 1 MiB unless another is given."""
    tracker.track_custom_event("e", None, "v", attributes={"k": "x" * (1024 * 1024 - 500)})
    with pytest.raises(GrowingParamException, match="1048576"):
        tracker.track_custom_event("e", None, "v", attributes={"k": "x" * 1024 * 1024})

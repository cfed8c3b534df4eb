"""What a call refuses (promise B1), and the form that names and ids take."""

from __future__ import annotations

import enum
import uuid
from collections.abc import Callable
from types import MappingProxyType
from typing import Any, cast

import pytest

from growingio_tracker import (
    CustomEventMessage,
    DefaultConsumer,
    GrowingParamException,
    GrowingTracker,
    ItemMessage,
    Problem,
    ResourceItem,
    UserMappingMessage,
)
from growingio_tracker.model import Message

Sent = Callable[[], list[dict[str, Any]]]
Call = Callable[[GrowingTracker], object]

ID = uuid.UUID("12345678-1234-5678-1234-567812345678")
LONE = "\ud800"


class Word(str):
    """A str whose own methods lie."""

    __slots__ = ()

    def __str__(self) -> str:
        return "lie"

    def encode(self, *_: Any, **__: Any) -> bytes:
        return b"lie"


class Number(int):
    """An int whose own methods lie."""

    def __str__(self) -> str:
        return "lie"

    def __int__(self) -> int:
        raise RuntimeError


class Plan(enum.Enum):
    FREE = "free"
    NONE = None
    EMPTY = ""
    LOOP = "loop"


Plan.LOOP._value_ = Plan.LOOP  # type: ignore[assignment]


class Proxy:
    """Says that it is a str, as lazy proxies do."""

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return str


class LazyId:
    """As Django's SimpleLazyObject: found when it is needed, and then another type's."""

    def __init__(self, value: object) -> None:
        self.value = value

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return type(self.value)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.value, name)

    def __str__(self) -> str:
        return str(self.value)


class Unbound:
    """A proxy outside of what it stands for."""

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        raise RuntimeError("outside of a request")


def event(**arguments: Any) -> Call:
    return lambda tracker: tracker.track_custom_event(
        **{"event_name": "e", "anonymous_id": "v", **arguments}
    )


def user(**arguments: Any) -> Call:
    return lambda tracker: tracker.track_user(**arguments)


def item(*arguments: Any) -> Call:
    return lambda tracker: tracker.submit_item(*arguments)


def mapping(identities: Any, **arguments: Any) -> Call:
    return lambda tracker: tracker.track_user_mapping(identities, **arguments)


def track(message: Any) -> Call:
    return lambda tracker: tracker.track(message)


REFUSED: list[tuple[str, Call]] = [
    ("event_name", event(event_name="")),
    ("event_name", event(event_name=None)),
    ("event_name", event(event_name=5)),
    ("event_name", event(event_name=b"e")),
    ("event_name", event(event_name=LONE)),
    ("event_name", event(event_name=Unbound())),
    ("anonymous_id and login_user_id", event(anonymous_id=None)),
    ("anonymous_id and login_user_id", event(anonymous_id="")),
    ("anonymous_id and login_user_id", event(anonymous_id=Word(""))),
    ("anonymous_id and login_user_id", event(anonymous_id=Plan.NONE)),
    ("anonymous_id and login_user_id", user()),
    ("anonymous_id and login_user_id", user(login_user_id="")),
    ("login_user_id", event(login_user_key="email")),
    ("login_user_id", user(login_user_key="email", anonymous_id="v")),
    ("login_user_id", event(login_user_key="$NOTUSER", anonymous_id=None)),
    ("anonymous_id", event(anonymous_id=True)),
    ("anonymous_id", event(anonymous_id=1.5)),
    ("anonymous_id", event(anonymous_id=b"v")),
    ("anonymous_id", event(anonymous_id=["v"])),
    ("anonymous_id", event(anonymous_id=f"v{LONE}")),
    ("anonymous_id", event(anonymous_id=10**5000)),
    ("anonymous_id", event(anonymous_id=Proxy())),
    ("anonymous_id", event(anonymous_id=Unbound())),
    ("anonymous_id", event(anonymous_id=Plan.LOOP)),
    ("login_user_id", user(login_user_id=f"u{LONE}")),
    ("login_user_id", user(login_user_id=object())),
    ("login_user_key", user(login_user_id="u", login_user_key=7.0)),
    ("attributes", event(attributes=Unbound())),
    ("item_key", item("", "1")),
    ("item_key", item(None, "1")),
    ("item_key", item(LONE, "1")),
    ("item_id", item("product", "")),
    ("item_id", item("product", None)),
    ("item_id", item("product", ["1"])),
    ("item.key", event(item=ResourceItem("", "1"))),
    ("item.id", event(item=ResourceItem("product", None))),  # type: ignore[arg-type]
    ("item.id", event(item=ResourceItem("product", LONE))),
    ("item", event(item={"key": "product", "id": "1"})),
    ("item", event(item="product")),
    ("item.attributes", event(item=ResourceItem("product", "1", ["a"]))),  # type: ignore[arg-type]
    ("preset", event(preset={"colour": "red"})),
    ("preset", event(preset={5: "red"})),
    ("preset", event(preset=["domain"])),
    ("preset", event(preset=0)),
    ("domain", event(preset={"domain": 1.5})),
    ("domain", event(preset={"domain": LONE})),
    ("device_type", event(preset={"device_type": "TABLET"})),
    ("identities", mapping({})),
    ("identities", mapping(None)),
    ("identities", mapping("phone")),
    ("identities", mapping([("phone", "1")])),
    ("identities' key", mapping({"": "1"})),
    ("identities' key", mapping({5: "1"})),
    ("identities' key", mapping({LONE: "1"})),
    ("identities['phone']", mapping({"phone": ""})),
    ("identities['phone']", mapping({"phone": None})),
    ("identities['phone']", mapping({"phone": True})),
    ("event_time", mapping({"phone": "1"}, event_time=1_700_000_000)),
    ("message", track(None)),
    ("message", track("event")),
    ("message", track({"event_name": "e"})),
    ("message", track(CustomEventMessage)),
    ("message", track(CustomEventMessage.EventBuilder())),
    ("message", track(Message())),
    ("send_time", track(CustomEventMessage(None, "e", None, "u", None, None, "now"))),  # type: ignore[arg-type]
    ("send_time", track(CustomEventMessage(None, "e", None, "u", None, None, 1_700_000_000))),
]

NOT_ATTRIBUTES: list[Any] = [
    [],
    ["a"],
    (),
    "",
    "a",
    0,
    5,
    False,
    b"a",
    {"a"},
    [("a", 1)],
    object(),
    {"": 1},
    {Word(""): 1},
    {5: 1},
    {None: 1},
    {True: 1},
    {b"a": 1},
    {("a",): 1},
    {"a": 1, 5: 1},
    MappingProxyType({5: 1}),
]


@pytest.mark.parametrize(("argument", "call"), REFUSED)
def test_b1_refused(tracker: GrowingTracker, sent: Sent, argument: str, call: Call) -> None:
    """B1: the call raises GrowingParamException, which names the argument, and sends nothing."""
    with pytest.raises(GrowingParamException) as raised:
        call(tracker)
    assert argument in str(raised.value)
    assert sent() == []
    assert tracker.stats().accepted == 0


@pytest.mark.parametrize(("argument", "call"), REFUSED)
def test_b1_on_invalid_drop(
    consumer: DefaultConsumer, problems: list[Problem], sent: Sent, argument: str, call: Call
) -> None:
    """B1: with on_invalid="drop" the same call returns, and is counted and reported once."""
    tracker = GrowingTracker.consumer(consumer, on_invalid="drop")
    call(tracker)
    [problem] = problems
    assert (problem.reason, problem.events) == ("invalid", 1)
    assert argument in problem.detail
    assert tracker.stats().dropped == {"invalid": 1}
    assert sent() == []


@pytest.mark.parametrize("attributes", NOT_ATTRIBUTES, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize(
    ("argument", "call"),
    [
        ("attributes", lambda tracker, value: event(attributes=value)(tracker)),
        ("attributes", lambda tracker, value: user(login_user_id="u", attributes=value)(tracker)),
        ("item_attrs", lambda tracker, value: item("product", "1", value)(tracker)),
        (
            "item.attributes",
            lambda tracker, value: event(item=ResourceItem("product", "1", value))(tracker),
        ),
    ],
)
def test_b1_attributes(
    tracker: GrowingTracker,
    sent: Sent,
    argument: str,
    call: Callable[[GrowingTracker, Any], object],
    attributes: Any,
) -> None:
    """B1: attributes that are no mapping, or have a key that is no non-empty str, are refused."""
    with pytest.raises(GrowingParamException, match=f"^{argument}"):
        call(tracker, attributes)
    assert sent() == []


def test_b1_message_holds_no_value(tracker: GrowingTracker) -> None:
    """B1: a refusal never repeats a value that may be personal."""
    for call in (
        event(preset={"device_type": "secret"}),
        event(attributes={"secret": 1, 5: "secret"}),
        event(attributes="secret"),
        mapping({"phone": f"secret{LONE}"}),
        event(anonymous_id=f"secret{LONE}"),
    ):
        with pytest.raises(GrowingParamException) as raised:
            call(tracker)
        assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("given", "form"),
    [
        (42, "42"),
        (-7, "-7"),
        (2**127, str(2**127)),
        (ID, str(ID)),
        (Plan.FREE, "free"),
        (Word("word"), "word"),
        (Number(8), "8"),
        ("张三😀", "张三😀"),
        (" ", " "),
        pytest.param(LazyId("user-1"), "user-1", id="a lazy str"),
        pytest.param(LazyId(42), "42", id="a lazy int"),
        pytest.param(LazyId(ID), str(ID), id="a lazy UUID"),
    ],
)
def test_ids_have_one_form(tracker: GrowingTracker, sent: Sent, given: Any, form: str) -> None:
    """An id or key that is an int, UUID, Enum or kind of str is sent as its one text."""
    tracker.track_custom_event("e", None, given, given, given)
    tracker.track_user(given, given)
    tracker.submit_item(given, given)
    tracker.track_user_mapping({"k": given})
    tracker.track_custom_event("e", None, "v", item=ResourceItem(given, given))
    first, second, third, fourth, fifth = sent()
    assert (first["deviceId"], first["userKey"], first["userId"]) == (form, form, form)
    assert (second["userKey"], second["userId"]) == (form, form)
    assert (third["key"], third["id"]) == (form, form)
    assert fourth["identifies"] == {"k": form}
    assert fifth["resourceItem"] == {"key": form, "id": form}


def test_b2_lazy_name_and_absent_id(tracker: GrowingTracker, sent: Sent) -> None:
    """B2: a name may be a lazy text; a lazy id that turns out to be None is none."""
    name: Any = LazyId("order")
    tracker.track_custom_event(name, anonymous_id="v", login_user_id=cast("str", LazyId(None)))
    [message] = sent()
    assert message["eventName"] == "order"
    assert "userId" not in message


def test_b1_notuser_needs_no_id(tracker: GrowingTracker, sent: Sent) -> None:
    """B1: with login_user_key="$notuser" both ids may be absent."""
    tracker.track_custom_event("e", login_user_key="$notuser")
    tracker.track_custom_event("e", login_user_key=Word("$notuser"))
    assert [{"userKey", "deviceId", "userId"} & set(message) for message in sent()] == [
        {"userKey"}
    ] * 2


def test_empty_ids_are_absent(tracker: GrowingTracker, sent: Sent) -> None:
    """An empty id beside a given one leaves its key out."""
    tracker.track_custom_event("e", None, "", "", "u", {}, preset={"domain": ""})
    assert sent()[0].keys() == {
        "eventType",
        "timestamp",
        "eventName",
        "userId",
        "projectKey",
        "dataSourceId",
        "sdkVersion",
        "platform",
    }


def test_mapping_message(tracker: GrowingTracker, sent: Sent) -> None:
    """A user mapping made by hand is sent as the call's is."""
    tracker.track(UserMappingMessage({"phone": "1"}, 1_700_000_000_123))
    tracker.track_user_mapping({"phone": "1"}, 1_700_000_000_123)
    assert sent()[0] == sent()[1]


def test_item_key_and_id_can_be_assigned() -> None:
    """A1: an item message's key and id are read and written under 1.0.5's names."""
    message = ItemMessage("product", "1")
    message.key, message.id = "goods", "2"
    assert (message.key, message.id, message.item_key, message.item_id) == (
        "goods",
        "2",
        "goods",
        "2",
    )


@pytest.mark.parametrize(
    ("argument", "make"),
    [
        ("product_id", lambda: GrowingTracker("", "ds1", "http://h")),
        ("product_id", lambda: GrowingTracker(5, "ds1", "http://h")),  # type: ignore[arg-type]
        ("data_source_id", lambda: GrowingTracker("p", None, "http://h")),  # type: ignore[arg-type]
        ("server_host", lambda: GrowingTracker("p", "ds1", "")),
        ("consumer", lambda: GrowingTracker("p", "ds1", "http://h", 5)),  # type: ignore[arg-type]
        ("consumer", lambda: GrowingTracker.consumer("http://h")),  # type: ignore[arg-type]
        ("on_invalid", lambda: GrowingTracker("p", "d", "http://h", on_invalid="ignore")),  # type: ignore[arg-type]
        ("on_invalid", lambda: GrowingTracker("p", "d", "http://h", on_invalid=[])),  # type: ignore[arg-type]
        ("max_event_bytes", lambda: GrowingTracker("p", "d", "http://h", max_event_bytes=0)),
        ("max_event_bytes", lambda: GrowingTracker("p", "d", "http://h", max_event_bytes=True)),
        ("before_send", lambda: GrowingTracker("p", "d", "http://h", before_send=5)),  # type: ignore[arg-type]
        ("redact", lambda: GrowingTracker("p", "d", "http://h", redact="phone")),
        ("redact", lambda: GrowingTracker("p", "d", "http://h", redact=5)),  # type: ignore[arg-type]
        ("redact", lambda: GrowingTracker("p", "d", "http://h", redact=[5])),  # type: ignore[list-item]
    ],
)
def test_b1_constructor(argument: str, make: Callable[[], object]) -> None:
    """B1: an unusable argument of the tracker is a GrowingParamException that names it."""
    with pytest.raises(GrowingParamException, match=argument):
        make()
